import type { Component } from './announced.js';

/** Components by a part of their key; their ids come later. */
export type Components = Readonly<Record<string, Component>>;

/** What a component has besides its platform, its name and where its state comes from. */
export type More = Readonly<Record<string, unknown>>;

export const DIAGNOSTIC: More = { entity_category: 'diagnostic' };
export const CONFIG: More = { entity_category: 'config' };

/** For what not everybody wants to see. */
export const OFF: More = { enabled_by_default: false };

/** What a button sends: a command without arguments. */
export const PRESS = '{"v":1}';

/** A share of something, in percent. */
export const PERCENT: More = { unit_of_measurement: '%', state_class: 'measurement' };

/** A number of things. */
export function count(unit: string, state_class = 'measurement'): More {
  return { unit_of_measurement: unit, state_class, suggested_display_precision: 0 };
}

/**
 * A template that takes one value out of a JSON payload, as `queue.pending`; null becomes "unknown". A key that is
 * also a method of Python's dictionaries, as "update" is, has to be written in brackets: `alerts['update']`.
 */
export function jsonValue(path: string): string {
  return `{{ value_json.${path} }}`;
}

/** ON for true, OFF for false; null becomes "unknown". */
export function onOff(path: string): string {
  const value = `value_json.${path}`;
  return `{{ 'ON' if ${value} else 'OFF' if ${value} is false else None }}`;
}

/** Bytes as GiB, as Immich shows them: Home Assistant would print every single byte. */
export function gibibytes(path: string): string {
  const value = `value_json.${path}`;
  return `{{ (${value} / 1073741824) | round(2) if ${value} is number else None }}`;
}

/** A size that `gibibytes` makes. */
export const GIBIBYTES: More = {
  device_class: 'data_size',
  unit_of_measurement: 'GiB',
  suggested_display_precision: 1,
};

/** What an entity tells besides its state: each attribute from a place in the payload on a topic. */
export function attributes(json_attributes_topic: string, places: Readonly<Record<string, string>>): More {
  const pairs = Object.entries(places).map(([name, path]) => `'${name}': value_json.${path}`);
  return { json_attributes_topic, json_attributes_template: `{{ {${pairs.join(', ')}} | tojson }}` };
}

/** Components whose states all come from one topic. */
export function fromTopic(state_topic: string) {
  const make =
    (platform: string) =>
    (name: string, value_template: string, more: More = {}) =>
      ({ platform, name, state_topic, value_template, ...more }) satisfies Component;
  return { sensor: make('sensor'), binarySensor: make('binary_sensor') };
}

/**
 * Something that happens rather than lasts. It stays available while the bridge is away, because its return would
 * look like an event.
 */
export function event(
  name: string,
  state_topic: string,
  event_types: readonly string[],
  icon: string,
): Component {
  return { platform: 'event', name, state_topic, event_types, icon, availability: [] };
}

/** What starts an automation when a message on `topic` says `payload` through its template. */
export function trigger(
  type: string,
  subtype: string,
  topic: string,
  value_template: string,
  payload: string,
): Component {
  return {
    platform: 'device_automation',
    automation_type: 'trigger',
    type,
    subtype,
    topic,
    value_template,
    payload,
  };
}

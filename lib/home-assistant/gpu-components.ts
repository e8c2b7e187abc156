import { ALERT_EVENT_TYPES } from '../alert.js';
import { GPU_ALERTS, type GpuAlert } from '../gpu/gpu-reading.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import type { Component } from './announced.js';
import {
  type Components,
  DIAGNOSTIC,
  event,
  fromTopic,
  GIBIBYTES,
  gibibytes,
  jsonValue,
  OFF,
  onOff,
  PERCENT,
} from './component.js';

const ALERT_NAMES: Record<GpuAlert, string> = {
  temperature: 'too hot',
  memory: 'memory nearly full',
  throttling: 'throttled',
  encoder: 'encoder busy',
  lost: 'lost',
};

/** Readings are not retained: without new ones for so long nobody knows how the GPU is. Seconds. */
const EXPIRES = { expire_after: 180 };

/** Not plain `name`: many versions of Home Assistant keep that word for themselves. */
const ATTRIBUTES = "{{ {'gpu_name': value_json.name, 'driver': value_json.driver} | tojson }}";

/** What Home Assistant shows of one GPU; people know it by its number. */
export function gpuComponents(
  topics: BridgeTopics,
  { id, number }: { readonly id: string; readonly number: number },
): Components {
  const topic = topics.gpuState(id);
  const { sensor, binarySensor } = fromTopic(topic);
  const called = (what: string) => `GPU ${number} ${what}`;
  const share = { ...PERCENT, suggested_display_precision: 0, ...EXPIRES };
  const alert = (kind: GpuAlert): Component =>
    binarySensor(called(ALERT_NAMES[kind]), onOff(`alerts.${kind}`), {
      device_class: 'problem',
      ...EXPIRES,
      ...DIAGNOSTIC,
    });
  return {
    temperature: sensor(called('temperature'), jsonValue('temperature_c'), {
      device_class: 'temperature',
      unit_of_measurement: '°C',
      state_class: 'measurement',
      suggested_display_precision: 0,
      ...EXPIRES,
    }),
    load: sensor(called('load'), jsonValue('load_percent'), {
      ...share,
      icon: 'mdi:expansion-card',
      json_attributes_topic: topic,
      json_attributes_template: ATTRIBUTES,
    }),
    encoder: sensor(called('encoder'), jsonValue('encoder_percent'), { ...share, icon: 'mdi:filmstrip' }),
    memory_percent: sensor(called('memory'), jsonValue('memory_percent'), { ...share, icon: 'mdi:memory' }),
    memory_used: sensor(called('memory used'), gibibytes('memory_used_bytes'), {
      ...GIBIBYTES,
      state_class: 'measurement',
      ...EXPIRES,
      ...OFF,
    }),
    power: sensor(called('power'), jsonValue('power_w'), {
      device_class: 'power',
      unit_of_measurement: 'W',
      state_class: 'measurement',
      suggested_display_precision: 0,
      ...EXPIRES,
      ...OFF,
    }),
    ...Object.fromEntries(GPU_ALERTS.map((kind) => [`alert_${kind}`, alert(kind)])),
  };
}

/** What Home Assistant shows of all GPUs together. */
export function allGpusComponents({ gpuEvent }: BridgeTopics): Components {
  return { gpu_event: event('GPU alert', gpuEvent, ALERT_EVENT_TYPES, 'mdi:expansion-card-variant') };
}

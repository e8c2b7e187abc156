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
  type More,
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
  const { sensor } = fromTopic(topic);
  const called = (what: string) => `GPU ${number} ${what}`;
  const share = { ...PERCENT, suggested_display_precision: 0, ...EXPIRES };
  return {
    temperature: sensor(called('temperature'), jsonValue('temperature_c'), measured('temperature', '°C')),
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
    power: sensor(called('power'), jsonValue('power_w'), { ...measured('power', 'W'), ...OFF }),
    ...alerts(topic, called),
  };
}

function measured(device_class: string, unit_of_measurement: string): More {
  return {
    device_class,
    unit_of_measurement,
    state_class: 'measurement',
    suggested_display_precision: 0,
    ...EXPIRES,
  };
}

function alerts(topic: string, called: (what: string) => string): Components {
  const { binarySensor } = fromTopic(topic);
  const alert = (kind: GpuAlert): Component =>
    binarySensor(called(ALERT_NAMES[kind]), onOff(`alerts['${kind}']`), {
      device_class: 'problem',
      ...EXPIRES,
      ...DIAGNOSTIC,
    });
  return Object.fromEntries(GPU_ALERTS.map((kind) => [`alert_${kind}`, alert(kind)]));
}

/** What Home Assistant shows of all GPUs together. */
export function allGpusComponents({ gpuEvent }: BridgeTopics): Components {
  return { gpu_event: event('GPU alert', gpuEvent, ALERT_EVENT_TYPES, 'mdi:expansion-card-variant') };
}

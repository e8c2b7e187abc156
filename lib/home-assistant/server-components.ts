import { ALERT_EVENT_TYPES } from '../alert.js';
import { HEALTH_ALERTS, type HealthAlert } from '../health/health-report.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import type { Component } from './announced.js';
import {
  attributes,
  type Components,
  count,
  DIAGNOSTIC,
  event,
  fromTopic,
  GIBIBYTES,
  gibibytes,
  jsonValue,
  OFF,
  onOff,
  PERCENT,
  trigger,
} from './component.js';

const ALERT_NAMES: Record<HealthAlert, string> = {
  down: 'Immich down',
  storage: 'Storage nearly full',
  ml_backlog: 'Machine learning behind',
  failed_jobs: 'Jobs failed',
  queue_paused: 'Queue paused',
  quota: 'Quota nearly used up',
  certificate: 'Certificate ends soon',
  update: 'Update due',
};

const icon = (name: string) => ({ icon: `mdi:${name}` });

/** Home Assistant refuses a null in an update's text, so what is unknown is left out. */
const KNOWN_ONLY = "{{ dict(value_json.items() | rejectattr(1, 'none')) | tojson }}";

/** What Home Assistant shows of the Immich server. */
export function serverComponents(topics: BridgeTopics): Components {
  return { ...states(topics), ...sizes(topics), ...jobs(topics), ...alerts(topics), ...happenings(topics) };
}

function states({ serverState }: BridgeTopics): Components {
  const { sensor, binarySensor } = fromTopic(serverState);
  return {
    server_online: binarySensor('Immich online', onOff('reachable'), {
      device_class: 'connectivity',
      ...attributes(serverState, { url: 'url', address_notice: 'address_notice', addresses: 'addresses' }),
    }),
    server_version: sensor('Immich version', jsonValue('version'), { ...icon('tag-outline'), ...DIAGNOSTIC }),
    server_latency: sensor('Immich latency', jsonValue('latency_ms'), {
      device_class: 'duration',
      unit_of_measurement: 'ms',
      state_class: 'measurement',
      suggested_display_precision: 0,
      ...icon('timer-outline'),
      ...DIAGNOSTIC,
      ...OFF,
    }),
    certificate_ends: sensor('Certificate ends', jsonValue('certificate_ends_at'), {
      device_class: 'timestamp',
      ...icon('certificate-outline'),
      ...DIAGNOSTIC,
      ...OFF,
    }),
  };
}

function sizes({ serverState }: BridgeTopics): Components {
  const { sensor } = fromTopic(serverState);
  const share = { ...PERCENT, suggested_display_precision: 1 };
  return {
    storage_used: sensor('Storage used', jsonValue('storage.used_percent'), {
      ...share,
      ...icon('harddisk'),
    }),
    storage_free: sensor('Storage free', gibibytes('storage.free_bytes'), {
      ...GIBIBYTES,
      state_class: 'measurement',
    }),
    photos: sensor('Photos', jsonValue('library.photos'), { ...count('photos'), ...icon('image-multiple') }),
    videos: sensor('Videos', jsonValue('library.videos'), { ...count('videos'), ...icon('filmstrip') }),
    quota_used: sensor('Quota used', jsonValue('quota.used_percent'), {
      ...share,
      ...icon('chart-donut'),
      ...DIAGNOSTIC,
    }),
  };
}

function jobs({ serverState }: BridgeTopics): Components {
  const { sensor } = fromTopic(serverState);
  const waiting = (name: string, path: string, iconName: string): Component =>
    sensor(name, jsonValue(path), { ...count('jobs'), ...icon(iconName) });
  return {
    ml_backlog: waiting('Machine learning backlog', 'jobs.ml_waiting', 'brain'),
    thumbnails_backlog: waiting('Thumbnail backlog', 'jobs.thumbnails_waiting', 'image-outline'),
    video_backlog: waiting('Video backlog', 'jobs.video_waiting', 'movie-outline'),
    other_backlog: waiting('Other backlog', 'jobs.other_waiting', 'cogs'),
    failed_jobs: { ...waiting('Failed jobs', 'jobs.failed', 'alert-octagon-outline'), ...DIAGNOSTIC },
  };
}

function alerts({ serverState }: BridgeTopics): Components {
  const { binarySensor } = fromTopic(serverState);
  const alert = (kind: HealthAlert): Component =>
    binarySensor(ALERT_NAMES[kind], onOff(`alerts['${kind}']`), { device_class: 'problem', ...DIAGNOSTIC });
  return Object.fromEntries(HEALTH_ALERTS.map((kind) => [`alert_${kind}`, alert(kind)]));
}

function happenings({ serverUpdate, serverEvent }: BridgeTopics): Components {
  const down = (type: string, eventType: (typeof ALERT_EVENT_TYPES)[number]): Component =>
    trigger(
      type,
      'server',
      serverEvent,
      '{{ value_json.alert }} {{ value_json.event_type }}',
      `down ${eventType}`,
    );
  return {
    immich_update: {
      platform: 'update',
      name: 'Immich',
      state_topic: serverUpdate,
      value_template: KNOWN_ONLY,
    },
    server_event: event('Immich alert', serverEvent, ALERT_EVENT_TYPES, 'mdi:server-network'),
    trigger_server_down: down('server_down', 'raised'),
    trigger_server_back: down('server_back', 'cleared'),
  };
}

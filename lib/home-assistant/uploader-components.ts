import { ARCHIVE_EVENT_TYPES, UPLOAD_EVENT_TYPES } from '../bridge/upload-event.js';
import { UPLOADER_STATES } from '../bridge/uploader-payload.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import { CONCURRENCY_RANGE } from '../upload/command.js';
import type { Component } from './announced.js';
import { auditComponents } from './audit-components.js';
import {
  attributes,
  CONFIG,
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
  PRESS,
  trigger,
} from './component.js';

const icon = (name: string) => ({ icon: `mdi:${name}` });

/** What Home Assistant shows of an uploader. */
export function uploaderComponents(topics: BridgeTopics): Components {
  return {
    ...queue(topics),
    ...totals(topics),
    ...events(topics),
    ...auditComponents(topics),
    ...buttons(topics),
    ...settings(topics),
  };
}

function queue({ uploaderState }: BridgeTopics): Components {
  const { sensor, binarySensor } = fromTopic(uploaderState);
  return {
    queue_depth: sensor('Queue depth', jsonValue('queue.depth'), { ...count('files'), ...icon('tray-full') }),
    waiting: sensor('Waiting files', jsonValue('queue.pending'), {
      ...count('files'),
      ...icon('timer-sand'),
      ...attributes(uploaderState, {
        waiting_for_address: 'queue.waiting_for_address',
        addresses: 'addresses',
      }),
    }),
    failed: sensor('Failed files', jsonValue('failed'), {
      ...count('files'),
      ...icon('alert-circle-outline'),
    }),
    uploader_state: sensor('Uploader state', jsonValue('state'), {
      device_class: 'enum',
      options: UPLOADER_STATES,
      ...icon('cloud-upload-outline'),
      ...DIAGNOSTIC,
    }),
    paused_until: sensor('Uploads go on', '{{ value_json.paused_until or value_json.quiet_until }}', {
      device_class: 'timestamp',
      ...icon('clock-start'),
      ...DIAGNOSTIC,
    }),
    upload_rate: sensor('Upload rate', jsonValue('bytes_per_second'), {
      device_class: 'data_rate',
      unit_of_measurement: 'B/s',
      state_class: 'measurement',
      suggested_display_precision: 0,
      ...DIAGNOSTIC,
      ...OFF,
    }),
    upload_problem: binarySensor(
      'Upload problem',
      "{{ 'ON' if value_json.failed or value_json.state == 'error' else 'OFF' }}",
      { device_class: 'problem' },
    ),
  };
}

function totals({ uploaderState }: BridgeTopics): Components {
  const { sensor } = fromTopic(uploaderState);
  return {
    last_upload: sensor('Last upload', jsonValue('last_upload_at'), {
      device_class: 'timestamp',
      ...icon('clock-check-outline'),
    }),
    uploaded_files: sensor('Uploaded files', jsonValue('totals.files'), {
      ...count('files', 'total_increasing'),
      ...icon('image-multiple-outline'),
    }),
    uploaded_bytes: sensor('Uploaded data', gibibytes('totals.bytes'), {
      ...GIBIBYTES,
      state_class: 'total_increasing',
    }),
    uploaded_today: sensor('Uploaded today', jsonValue('today.uploaded'), {
      ...count('files', 'total_increasing'),
      ...icon('calendar-check'),
    }),
    failed_today: sensor('Failed today', jsonValue('today.failed'), {
      ...count('files', 'total_increasing'),
      ...icon('calendar-alert'),
    }),
  };
}

function events({ uploadEvent, archiveEvent }: BridgeTopics): Components {
  const happens = (type: string, eventType: (typeof UPLOAD_EVENT_TYPES)[number]): Component =>
    trigger(type, 'uploader', uploadEvent, jsonValue('event_type'), eventType);
  return {
    upload: event('Upload', uploadEvent, UPLOAD_EVENT_TYPES, 'mdi:upload'),
    archive: event('Archive', archiveEvent, ARCHIVE_EVENT_TYPES, 'mdi:archive-arrow-down-outline'),
    trigger_upload_failed: happens('upload_failed', 'failed'),
    trigger_uploaded: happens('uploaded', 'uploaded'),
    trigger_batch_finished: happens('batch_finished', 'batch_finished'),
  };
}

function buttons(topics: BridgeTopics): Components {
  return {
    retry_failed: {
      platform: 'button',
      name: 'Retry failed uploads',
      command_topic: topics.command('retry'),
      payload_press: PRESS,
      icon: 'mdi:reload',
      ...CONFIG,
    },
    rescan: {
      platform: 'button',
      name: 'Rescan folders',
      command_topic: topics.command('rescan'),
      payload_press: PRESS,
      icon: 'mdi:folder-refresh-outline',
      ...CONFIG,
    },
  };
}

function settings(topics: BridgeTopics): Components {
  const state_topic = topics.uploaderState;
  const { min, max } = CONCURRENCY_RANGE;
  return {
    paused: {
      platform: 'switch',
      name: 'Uploads paused',
      state_topic,
      value_template: onOff('paused'),
      command_topic: topics.pausedSet,
      icon: 'mdi:pause-circle-outline',
      ...CONFIG,
    },
    concurrency: {
      platform: 'number',
      name: 'Uploads at a time',
      state_topic,
      value_template: jsonValue('concurrency'),
      command_topic: topics.concurrencySet,
      min,
      max,
      step: 1,
      mode: 'slider',
      icon: 'mdi:layers-triple-outline',
      ...CONFIG,
    },
  };
}

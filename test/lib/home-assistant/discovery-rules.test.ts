import { describe, expect, it } from 'vitest';
import type { KnownParts } from '../../../lib/bridge/part-list.js';
import { discoveryDocument, discoveryTopic } from '../../../lib/home-assistant/discovery-document.js';
import { bridgeTopics, sanitiseInstance } from '../../../lib/mqtt/mqtt-topics.js';
import type { Fields, Samples } from './discovery-case.js';
import { problemsOf } from './discovery-rules.js';
import { samplesOf } from './discovery-samples.js';

const url = 'http://nas1.local:2283';
const small: KnownParts = {
  hasUploader: true,
  server: { url },
  folders: [{ id: 'camera-1a2b3c', name: 'Camera', node: 'n1' }],
  gpus: [{ id: 'gpu-5c8c1e1a', number: 0 }],
};

/** The document of some parts with all that belongs to it, free to be broken. */
function made(parts: KnownParts, name = 'nas1', prefix = 'homeassistant') {
  const instance = sanitiseInstance(name);
  const topics = bridgeTopics('immich-bridge', instance);
  const document = discoveryDocument(parts, { instance, topics, version: '1.2.3' });
  return {
    topic: discoveryTopic(prefix, instance),
    document: structuredClone(document) as Fields | undefined,
    samples: samplesOf(topics, parts),
    former: undefined as Fields | undefined,
  };
}

describe('the product keeps every rule', () => {
  const names = ['nas1', 'NAS 1 (Müller)', 'a', '7', '-_-', 'immich', 'x'.repeat(200), 'my_nas-2'];
  const lists = {
    gpus: [0, 1, 8],
    folders: [1, 5],
    server: [undefined, { url }, { url: null }, { url: 'nas1:2283' }],
  };
  const cases = lists.gpus.flatMap((gpus) =>
    lists.folders.flatMap((folders) => lists.server.map((server) => ({ gpus, folders, server }))),
  );

  it.each(cases)('with $gpus GPUs, $folders folders and the server $server', ({ gpus, folders, server }) => {
    for (const hasNames of [true, false]) {
      const parts: KnownParts = {
        hasUploader: true,
        server: server ?? null,
        // The same base name everywhere, but for one that begins like the device.
        folders: Array.from({ length: folders }, (_, index) => ({
          id: `camera-${index}a2b3c`,
          name: hasNames ? (index === 1 ? 'Immich Bridge nas1' : 'Camera') : null,
          node: 'n1',
        })),
        gpus: Array.from({ length: gpus }, (_, number) => ({ id: `0000-0${number}-00-0`, number })),
      };
      const { topic, document, samples } = made(parts);
      expect(problemsOf(topic, document, samples)).toEqual([]);
    }
  });

  it.each(names)('for the instance "%s"', (name) => {
    const { topic, document, samples } = made(small, name);
    expect(problemsOf(topic, document, samples)).toEqual([]);
  });

  it.each([
    ['an uploader', { ...small, server: null, folders: [], gpus: [] }],
    ['a folder', { ...small, hasUploader: false, server: null, gpus: [] }],
    ['a server', { ...small, hasUploader: false, folders: [], gpus: [] }],
    ['a GPU', { ...small, hasUploader: false, server: null, folders: [] }],
  ])('with nothing but %s', (_, parts) => {
    const { topic, document, samples } = made(parts);
    expect(problemsOf(topic, document, samples)).toEqual([]);
  });
});

describe('each rule sees what only it sees', () => {
  type Broken = ReturnType<typeof made> & {
    document: Fields & { device: Fields; origin: Fields; components: Record<string, Fields> };
    samples: { published: Record<string, { isRetained: boolean; payloads: unknown[] }> };
  };
  const uploader = 'immich-bridge/nas1/uploader/state';
  const part = (key: string, change: Fields) => (broken: Broken) => {
    Object.assign(broken.document.components[key]!, change);
  };
  const without = (key: string, name: string) => (broken: Broken) => {
    delete broken.document.components[key]![name];
  };
  const add = (key: string, component: Fields) => (broken: Broken) => {
    const ids = { unique_id: `immich_bridge_nas1_${key}`, name: key };
    const id = { default_entity_id: `${component.platform}.immich_bridge_nas1_${key}` };
    broken.document.components[key] = { ...ids, ...id, ...component };
  };
  const root = (change: Fields) => (broken: Broken) => void Object.assign(broken.document, change);
  const inDevice = (change: Fields) => (broken: Broken) => void Object.assign(broken.document.device, change);
  const inOrigin = (change: Fields) => (broken: Broken) => void Object.assign(broken.document.origin, change);

  const cases: [rule: number, what: string, spoil: (broken: Broken) => unknown][] = [
    [1, 'a dot in the topic', (b) => (b.topic = 'homeassistant/device/immich.bridge/config')],
    [1, 'the old form of topic', (b) => (b.topic = 'homeassistant/sensor/immich_bridge/config')],
    [2, 'an unknown root key', root({ retain: true })],
    [2, 'an empty name of the origin', inOrigin({ name: '' })],
    [3, 'an unknown key of the device', inDevice({ via: 'x' })],
    [3, 'a null in the device', inDevice({ model: null })],
    [3, 'a number as version', inDevice({ sw_version: 1 })],
    [3, 'an unknown key of the origin', inOrigin({ version: '1' })],
    [4, 'an address without a scheme', inDevice({ configuration_url: 'nas1:2283' })],
    [4, 'an empty address', inDevice({ configuration_url: '' })],
    [4, 'a support address that is a file', inOrigin({ support_url: 'file:///readme' })],
    [5, 'two kinds of availability', part('failed', { availability_topic: 'immich-bridge/nas1/status' })],
    [
      5,
      'two kinds at the root',
      (b) => {
        const { upload, archive, server_event, gpu_event } = b.document.components;
        b.document.components = {
          upload: upload!,
          archive: archive!,
          server_event: server_event!,
          gpu_event: gpu_event!,
        };
        b.document.availability_topic = 'immich-bridge/nas1/status';
      },
    ],
    [6, 'availability that is no list', part('failed', { availability: 'immich-bridge/nas1/status' })],
    [6, 'availability without a topic', root({ availability: [{ payload_available: 'on' }] })],
    [
      6,
      'an unknown key of availability',
      root({ availability: [{ topic: 'immich-bridge/nas1/status', qos: 1 }] }),
    ],
    [7, 'an unknown mode', root({ availability_mode: 'most' })],
    [7, 'a quality of 3', part('failed', { qos: 3 })],
    [7, 'a quality as text', root({ qos: '1' })],
    [8, 'an unknown platform', add('x', { platform: 'sensors' })],
    [
      8,
      'a button without a unique id, next to all others',
      (b) => {
        b.document.components.x = { platform: 'tag' };
        b.document.components.y = { platform: 'thermostat' };
      },
    ],
    [9, 'an id that another sensor has', part('failed', { unique_id: 'immich_bridge_nas1_waiting' })],
    [9, 'an id of another device', part('failed', { unique_id: 'immich_bridge_nas2_failed' })],
    [10, 'an unknown key', part('failed', { unit: 'files' })],
    [10, 'a key of another platform', part('failed', { payload_on: 'ON' })],
    [10, 'a name on a trigger', part('trigger_uploaded', { name: 'Uploaded' })],
    [11, 'a trigger without a subtype', without('trigger_uploaded', 'subtype')],
    [11, 'an event without types', without('upload', 'event_types')],
    [12, 'an unknown class', part('uploaded_bytes', { device_class: 'size' })],
    [12, 'the wrong unit', part('uploaded_bytes', { unit_of_measurement: 'bytes' })],
    [12, 'a degree without its sign', part('gpu_gpu-5c8c1e1a_temperature', { unit_of_measurement: 'C' })],
    [
      12,
      'a temperature that only grows',
      part('gpu_gpu-5c8c1e1a_temperature', { state_class: 'total_increasing' }),
    ],
    [12, 'a share that only grows', part('storage_used', { state_class: 'total_increasing' })],
    [12, 'an unknown class of a binary sensor', part('upload_problem', { device_class: 'trouble' })],
    [13, 'a unit of a moment', part('last_upload', { unit_of_measurement: 's' })],
    [13, 'a state class of a word', part('uploader_state', { state_class: 'measurement' })],
    [14, 'options without enum', part('failed', { options: ['a'] })],
    [14, 'enum without options', without('uploader_state', 'options')],
    [14, 'no option', part('uploader_state', { options: [] })],
    [14, 'an option twice', part('uploader_state', { options: ['idle', 'idle'] })],
    [15, 'an unknown category', part('failed', { entity_category: 'system' })],
    [15, 'a sensor that configures', part('failed', { entity_category: 'config' })],
    [16, 'an icon of another set', part('failed', { icon: 'fa:bug' })],
    [16, 'an icon without a set', part('failed', { icon: 'alert' })],
    [17, 'a null', part('failed', { icon: null })],
    [18, 'a wildcard', part('failed', { state_topic: 'immich-bridge/+/uploader/state' })],
    [18, 'an empty level', part('failed', { state_topic: 'immich-bridge//uploader/state' })],
    [18, 'an endless topic', part('failed', { state_topic: 'x'.repeat(65_536) })],
    [18, 'a wildcard in a command', part('rescan', { command_topic: 'immich-bridge/nas1/cmd/#' })],
    [19, 'equal limits', part('concurrency', { min: 16, max: 16 })],
    [19, 'a tiny step', part('concurrency', { step: 0.0001 })],
    [19, 'an unknown mode of a number', part('concurrency', { mode: 'dial' })],
    [20, 'an expiry on a retained topic', part('failed', { expire_after: 60 })],
    [20, 'an expiry as text', part('gpu_gpu-5c8c1e1a_load', { expire_after: '60' })],
    [20, 'an expiry of no time', part('gpu_gpu-5c8c1e1a_load', { expire_after: 0 })],
    [20, 'half a digit', part('failed', { suggested_display_precision: 0.5 })],
    [21, 'a type that nobody publishes', part('upload', { event_types: ['uploaded', 'queued'] })],
    [21, 'an event that becomes unavailable', without('upload', 'availability')],
    [21, 'a class of an event', part('upload', { device_class: 'button' })],
    [22, 'no entity id', without('failed', 'default_entity_id')],
    [
      22,
      'an entity id without its domain',
      part('failed', { default_entity_id: 'immich_bridge_nas1_failed' }),
    ],
    [22, 'an entity id with a hyphen', part('failed', { default_entity_id: 'sensor.immich-bridge' })],
    [22, 'an entity id twice', part('failed', { default_entity_id: 'sensor.immich_bridge_nas1_waiting' })],
    [22, 'an object id', part('failed', { object_id: 'failed' })],
    [23, 'no name', without('failed', 'name')],
    [23, 'the name of the device in front', part('failed', { name: 'Immich Bridge nas1 failed' })],
    [23, 'a name twice', part('failed', { name: 'waiting files' })],
    [24, 'an image from nowhere', add('x', { platform: 'image' })],
    [
      24,
      'an image from two places',
      add('x', { platform: 'image', image_topic: uploader, url_topic: uploader }),
    ],
    [25, 'brackets that do not close', part('failed', { value_template: '{{ value_json.failed }' })],
    [25, 'a key that does not exist', part('failed', { value_template: '{{ value_json.queue.failed }}' })],
    [
      25,
      'a key of another payload',
      part('gpu_gpu-5c8c1e1a_load', { json_attributes_template: '{{ value_json.state_of }}' }),
    ],
    [
      25,
      'a key that is a method, too',
      part('alert_update', { value_template: '{{ value_json.alerts.update }}' }),
    ],
    [26, 'a command that is retained', part('rescan', { retain: true })],
    [26, 'a switch that believes itself', part('paused', { optimistic: true })],
    [26, 'a word for no', part('failed', { enabled_by_default: 'no' })],
    [27, 'a topic that nobody publishes', part('failed', { state_topic: 'immich-bridge/nas1/uploader' })],
    [27, 'a command that nobody takes', part('rescan', { command_topic: 'immich-bridge/nas1/cmd/scan' })],
    [27, 'a payload that nobody takes', part('rescan', { payload_press: 'PRESS' })],
    [27, 'a number that nobody takes', part('concurrency', { max: 17 })],
    [
      28,
      'a component that just vanished',
      (b) => {
        b.former = structuredClone(b.document);
        delete b.document.components.failed;
      },
    ],
    [
      28,
      'a marker of another platform',
      (b) => {
        b.former = structuredClone(b.document);
        b.document.components.failed = { platform: 'binary_sensor' };
      },
    ],
    [
      29,
      'a key that is missing at times',
      (b) => {
        const { percent: _, ...payload } = Object(b.samples.published[uploader]!.payloads[0]);
        b.samples.published[uploader]!.payloads.push(payload);
      },
    ],
    [
      29,
      'a parent that is null at times',
      (b) => {
        const [payload] = b.samples.published[uploader]!.payloads;
        b.document.components = {};
        b.samples.published[uploader]!.payloads.push({ ...Object(payload), queue: null });
      },
    ],
    [
      29,
      'a number that JSON cannot say',
      (b) => {
        const [payload] = b.samples.published[uploader]!.payloads;
        b.samples.published[uploader]!.payloads.push({ ...Object(payload), failed: Number.NaN });
      },
    ],
  ];

  it.each(cases)('rule %i: %s', (rule, _, spoil) => {
    const broken = made(small) as Broken;
    spoil(broken);
    const { topic, document, samples, former } = broken;
    const problems = problemsOf(topic, document, samples as Samples, former);
    expect([...new Set(problems.map((line) => /^rule (\d+):/.exec(line)?.[1]))]).toEqual([String(rule)]);
  });

  it('and there is no rule without such a case', () => {
    const rules = new Set(cases.map(([rule]) => rule));
    expect([...rules].sort((a, b) => a - b)).toEqual(Array.from({ length: 29 }, (_, index) => index + 1));
  });

  it('a removal marker breaks none', () => {
    const broken = made(small) as Broken;
    broken.former = structuredClone(broken.document);
    broken.document.components.failed = { platform: 'sensor' };
    expect(problemsOf(broken.topic, broken.document, broken.samples as Samples, broken.former)).toEqual([]);
  });
});

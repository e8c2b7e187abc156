import { describe, expect, it } from 'vitest';
import {
  bridgeTopics,
  parseBaseTopic,
  parseDiscoveryPrefix,
  parseInstance,
  sanitiseInstance,
} from '../../../lib/mqtt/mqtt-topics.js';
import { SettingError } from '../../../lib/settings.js';

it('puts the instance into every topic', () => {
  const topics = bridgeTopics('immich-bridge', 'nas1');
  const { root, folderState, gpuState, command, response, ...plain } = topics;
  expect(root).toBe('immich-bridge/nas1');
  const made = [folderState('inbox-1'), gpuState('gpu-1'), command('pause'), response('pause')];
  const names = [...Object.values(plain), ...made].map((topic) =>
    topic.replace(/^immich-bridge\/nas1\//, ''),
  );
  expect(names.sort()).toEqual([
    'audit/state',
    'cmd/+',
    'cmd/pause',
    'cmd/pause/response',
    'event/archive',
    'event/audit',
    'event/gpu',
    'event/server',
    'event/upload',
    'gpu/gpu-1/state',
    'info',
    'server/state',
    'server/update',
    'status',
    'uploader/concurrency/set',
    'uploader/paused/set',
    'uploader/state',
    'watch/inbox-1/state',
  ]);
});

it.each([
  [parseBaseTopic, 'immich-bridge'],
  [parseDiscoveryPrefix, 'homeassistant'],
])('takes any start of a topic that a broker would', (parse, fallback) => {
  expect([parse(''), parse('a/b c')]).toEqual([fallback, 'a/b c']);
  for (const bad of ['a/#', '+', '/a', 'a/', 'a//b', '$SYS', 'x'.repeat(201), 'a\u0000']) {
    expect(() => parse(bad)).toThrow(fallback);
  }
});

describe('an instance', () => {
  it.each([
    ['nas1', 'nas1'],
    ['My NAS', 'my-nas'],
    ['nas.fritz.box', 'nas-fritz-box'],
    ['Büro_Çam', 'buro_cam'],
    ['  -nas-  ', 'nas'],
    ['a/b#c+d', 'a-b-c-d'],
    ['x'.repeat(300), 'x'.repeat(64)],
  ])('%j becomes %s', (name, expected) => {
    expect(sanitiseInstance(name)).toBe(expected);
  });

  it.each(['', '---', '图书馆', '…'])('%j leaves nothing and is refused', (name) => {
    expect(() => sanitiseInstance(name)).toThrow(SettingError);
  });

  it.each([
    ['NAS 2', 'nas.lan', 'nas-2'],
    [undefined, 'Photo-Box.fritz.box', 'photo-box'],
    ['', 'nas', 'nas'],
    [['$', '{MQTT_INSTANCE}'].join(''), 'nas', 'nas'],
  ])('%j on the host %s is %s', (value, host, expected) => {
    expect(parseInstance(value, host)).toBe(expected);
  });

  it('has a name on this host without any setting', () => {
    expect(parseInstance(undefined)).toMatch(/^[a-z0-9_-]+$/);
  });
});

describe('a base topic', () => {
  it.each([
    [undefined, 'immich-bridge'],
    ['', 'immich-bridge'],
    ['home/photos', 'home/photos'],
    [' photos ', 'photos'],
  ])('%j is %s', (value, expected) => {
    expect(parseBaseTopic(value)).toBe(expected);
  });

  it.each(['/photos', 'photos/', 'a//b', 'a/#', '+/a', '$SYS', 'a\u0000b', 'a\nb', 'x'.repeat(201)])(
    '%j is refused with what to type instead',
    (value) => {
      expect(() => parseBaseTopic(value)).toThrow(/^Base topic: .*for example immich-bridge/s);
    },
  );
});

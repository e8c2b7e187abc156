import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Bridge, type BridgeOptions, startBridge } from '../../../lib/bridge/bridge.js';
import type { Command } from '../../../lib/bridge/command.js';
import { asAnnounced } from '../../../lib/home-assistant/announced.js';
import { openJsonFile } from '../../../lib/json-file.js';
import { parseBrokerAddress } from '../../../lib/mqtt/mqtt-address.js';
import { type Broker, type Listener, listenTo, type SeenMessage, startBroker } from '../../support/broker.js';
import { tempFolder } from '../../support/world.js';
import { auditReport } from './sample-records.js';

const ROOT = 'immich-bridge/nas1';
const DOCUMENT = 'homeassistant/device/immich_bridge_nas1/config';

const uploadState = {
  state: 'idle',
  pending: 0,
  active: 0,
  failed: 0,
  concurrency: 4,
  isPaused: false,
  totals: { files: 0, bytes: 0, duplicates: 0 },
  today: { uploaded: 0, failed: 0 },
  percent: null,
  bytesPerSecond: 0,
  lastUploadAt: null,
  lastFile: null,
  problem: null,
};
const watchState = (...folders: string[]) => ({
  node: 'watch-1',
  state: 'watching',
  folders: folders.map((path) => ({ id: `${path.slice(1)}-1`, path, state: 'watching', fileCount: 3 })),
});
const file = {
  path: '/photos/a.jpg',
  folder: '/photos',
  relativePath: 'a.jpg',
  sizeBytes: 12,
  sha1: 'a'.repeat(40),
  assetId: 'asset-1',
  uploadOutcome: 'created',
};

/** A broker, a listener at it, and what a bridge needs. */
interface World {
  readonly broker: Broker;
  readonly heard: Listener;
  readonly folder: string;
  start(options?: Partial<BridgeOptions>): Running;
}

interface Running extends Bridge {
  readonly commands: Command[];
  readonly ignored: string[];
  stop(isRemoved?: boolean): Promise<void>;
}

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 25_000, interval: 2 });

async function world(): Promise<World> {
  const broker = await startBroker();
  const heard = await listenTo(broker.url);
  const folder = tempFolder();
  onTestFinished(async () => {
    await heard.stop();
    await broker.stop();
  });
  return {
    broker,
    heard,
    folder,
    start: (options = {}) => running(broker, folder, options),
  };
}

function running(broker: Broker, folder: string, options: Partial<BridgeOptions>): Running {
  const closing = new AbortController();
  const commands: Command[] = [];
  const ignored: string[] = [];
  const bridge = startBridge({
    address: parseBrokerAddress(broker.url),
    clientId: 'immich-bridge-nas1-n1',
    baseTopic: 'immich-bridge',
    instance: 'nas1',
    discoveryPrefix: 'homeassistant',
    detail: 'names',
    version: '1.2.3',
    nodeVersion: '20.19.0',
    nodeRedVersion: '4.1.0',
    memory: openJsonFile(join(folder, 'bridge.json'), asAnnounced),
    signal: closing.signal,
    onStatus: () => {},
    onCommand: (command) => commands.push(command),
    onIgnored: (topic) => ignored.push(topic),
    onSecondUploader: () => ignored.push('second uploader'),
    onUnsaved: (error) => {
      // The folder is removed with the test, maybe under a last write.
      if (!closing.signal.aborted) throw error;
    },
    closeMs: 1_000,
    birthDelayMs: () => 10,
    gatherMs: 20,
    patienceMs: 100,
    batchQuietMs: 20,
    ...options,
  });
  const stop = async (isRemoved = false) => {
    if (closing.signal.aborted) return;
    closing.abort();
    await bridge.close(isRemoved);
  };
  onTestFinished(() => stop());
  return { ...bridge, commands, ignored, stop };
}

const on = ({ heard }: World, topic: string): SeenMessage[] =>
  heard.messages.filter((message) => message.topic === topic);
const lastOn = (here: World, topic: string) => on(here, topic).at(-1)?.payload;
const jsonOn = (here: World, topic: string) => JSON.parse(lastOn(here, topic) ?? 'null');
const componentsOf = (here: World): Record<string, object> => jsonOn(here, DOCUMENT)?.components ?? {};
const topicsOf = ({ heard }: World) => heard.messages.map(({ topic }) => topic);

/** What a newcomer gets from the broker: its retained messages. */
async function retainedAt({ broker }: World): Promise<Record<string, string>> {
  const newcomer = await listenTo(broker.url);
  await broker.publish('end', '');
  await soon(() => expect(newcomer.messages.map(({ topic }) => topic)).toContain('end'));
  await newcomer.stop();
  return Object.fromEntries(
    newcomer.messages.filter(({ retain }) => retain).map(({ topic, payload }) => [topic, payload]),
  );
}

describe('what a bridge tells', () => {
  it('says online, then the document, then the states, when it comes with what it remembers', async () => {
    const here = await world();
    const first = here.start();
    first.take({ topic: 'upload/state', payload: uploadState });
    await soon(() => expect(componentsOf(here)).toHaveProperty('queue_depth'));
    await first.stop();
    const before = here.heard.messages.length;
    const second = here.start();
    second.take({ topic: 'upload/state', payload: uploadState });
    await soon(() => expect(topicsOf(here).slice(before)).toContain(`${ROOT}/uploader/state`));
    const order = topicsOf(here).slice(before);
    expect(order[0]).toBe(`${ROOT}/status`);
    expect(order.indexOf(DOCUMENT)).toBeLessThan(order.indexOf(`${ROOT}/uploader/state`));
  });

  it('tells the document before the states of new parts, too', async () => {
    const here = await world();
    const bridge = here.start();
    bridge.take({ topic: 'upload/state', payload: uploadState });
    bridge.take({ topic: 'watch/state', payload: watchState('/inbox') });
    await soon(() => expect(topicsOf(here)).toContain(`${ROOT}/watch/inbox-1/state`));
    const order = topicsOf(here).filter((topic) => topic !== `${ROOT}/info`);
    expect(order).toEqual([
      `${ROOT}/status`,
      DOCUMENT,
      `${ROOT}/uploader/state`,
      `${ROOT}/watch/inbox-1/state`,
    ]);
    expect(componentsOf(here)).toHaveProperty('queue_depth');
  });

  it('keeps states at the broker and never an event', async () => {
    const here = await world();
    const bridge = here.start();
    bridge.take({ topic: 'upload/state', payload: uploadState });
    bridge.take({ topic: 'watch/state', payload: watchState('/inbox') });
    bridge.take({
      topic: 'immich/health',
      payload: { isReachable: true, url: 'http://nas:2283', version: '2.7.5' },
    });
    bridge.take({ topic: 'gpu/reading', payload: { id: 'GPU-1', index: 0, temperatureC: 60 } });
    bridge.take({ topic: 'immich/alert', payload: { alert: 'storage', isRaised: true, message: 'Full.' } });
    bridge.take({ topic: 'gpu/alert', payload: { alert: 'temperature', isRaised: true, gpu: 'GPU-1' } });
    bridge.take({ topic: 'audit/report', payload: auditReport });
    bridge.take({ topic: 'file/uploaded', payload: file });
    bridge.take({ topic: 'file/archived', payload: { ...file, archivedTo: '/archive/a.jpg' } });
    await soon(() => expect(topicsOf(here)).toContain(`${ROOT}/event/archive`));
    const told = ['upload', 'server', 'gpu', 'audit'].map((name) => `${ROOT}/event/${name}`);
    // States of a new part follow the document that announces it.
    const states = ['audit/state', 'server/state', 'server/update', 'uploader/state', 'watch/inbox-1/state'];
    await soon(() =>
      expect(topicsOf(here)).toEqual(
        expect.arrayContaining([DOCUMENT, ...told, ...states.map((state) => `${ROOT}/${state}`)]),
      ),
    );
    const kept = [
      DOCUMENT,
      `${ROOT}/audit/state`,
      `${ROOT}/info`,
      `${ROOT}/server/state`,
      `${ROOT}/server/update`,
      `${ROOT}/status`,
      `${ROOT}/uploader/state`,
      `${ROOT}/watch/inbox-1/state`,
    ];
    // A newcomer gets what is retained bit by bit.
    await soon(async () => expect(Object.keys(await retainedAt(here)).sort()).toEqual(kept.sort()));
    expect(jsonOn(here, DOCUMENT).device.configuration_url).toBe('http://nas:2283');
  });

  it('tells an archived file on both topics under one id', async () => {
    const here = await world();
    here.start().take({ topic: 'file/archived', payload: { ...file, archivedTo: '/archive/a.jpg' } });
    await soon(() => expect(on(here, `${ROOT}/event/archive`)).toHaveLength(1));
    expect(jsonOn(here, `${ROOT}/event/archive`)).toEqual(jsonOn(here, `${ROOT}/event/upload`));
  });

  it('sums up a batch once it is through', async () => {
    const here = await world();
    const bridge = here.start();
    const done = {
      ...uploadState,
      totals: { files: 3, bytes: 30, duplicates: 1 },
      today: { uploaded: 3, failed: 1 },
    };
    bridge.take({ topic: 'upload/state', payload: { ...uploadState, pending: 4 } });
    bridge.take({ topic: 'upload/state', payload: done });
    await soon(() =>
      expect(jsonOn(here, `${ROOT}/event/upload`)).toMatchObject({
        event_type: 'batch_finished',
        files: 4,
        bytes: 30,
        duplicates: 1,
        failed: 1,
      }),
    );
  });

  it('answers the birth of Home Assistant with everything once more', async () => {
    const here = await world();
    const bridge = here.start();
    bridge.take({ topic: 'upload/state', payload: uploadState });
    await soon(() =>
      expect(topicsOf(here)).toEqual(expect.arrayContaining([DOCUMENT, `${ROOT}/uploader/state`])),
    );
    const before = here.heard.messages.length;
    await here.broker.publish('homeassistant/status', 'offline');
    await here.broker.publish('homeassistant/status', 'online');
    await here.broker.publish('homeassistant/status', 'online');
    await soon(() => expect(topicsOf(here).slice(before)).toContain(`${ROOT}/uploader/state`));
    const told = topicsOf(here)
      .slice(before)
      .filter((topic) => topic !== 'homeassistant/status');
    expect(told).toEqual([`${ROOT}/status`, DOCUMENT, `${ROOT}/info`, `${ROOT}/uploader/state`]);
  });

  it.each([
    ['none', { file: null, path: null, folder: null }],
    ['names', { file: 'a.jpg', path: null, folder: 'photos' }],
    ['paths', { file: 'a.jpg', path: '/photos/a.jpg', folder: 'photos' }],
  ] as const)('tells of a file as much as "%s" allows', async (detail, expected) => {
    const here = await world();
    here.start({ detail }).take({ topic: 'file/uploaded', payload: file });
    await soon(() => expect(jsonOn(here, `${ROOT}/event/upload`)).toMatchObject(expected));
  });

  it('takes anything that somebody wires to it', async () => {
    const here = await world();
    const bridge = here.start();
    const topics = [
      'upload/state',
      'watch/state',
      'immich/health',
      'immich/alert',
      'gpu/reading',
      'gpu/alert',
    ];
    const payloads = [
      undefined,
      null,
      7,
      'text',
      [],
      {},
      { folders: 5 },
      { folders: [null, {}] },
      { id: '…' },
    ];
    for (const topic of [...topics, 'file/uploaded', 'command/response', undefined]) {
      for (const payload of payloads) bridge.take({ topic, payload });
    }
    for (const msg of [undefined, null, 'text', 5]) bridge.take(msg);
    bridge.take({ topic: 'file/uploaded', payload: file });
    await soon(() => expect(on(here, `${ROOT}/event/upload`)).toHaveLength(1));
  });
});

describe('what comes and goes', () => {
  it('takes a folder away that is watched no more', async () => {
    const here = await world();
    const bridge = here.start();
    bridge.take({ topic: 'watch/state', payload: watchState('/inbox', '/scans') });
    await soon(() => expect(componentsOf(here)).toHaveProperty('folder_scans_1_files'));
    bridge.take({ topic: 'watch/state', payload: watchState('/inbox') });
    await soon(() => expect(componentsOf(here).folder_scans_1_files).toStrictEqual({ platform: 'sensor' }));
    expect(Object.keys(await retainedAt(here))).not.toContain(`${ROOT}/watch/scans-1/state`);
    await here.broker.publish('homeassistant/status', 'online');
    await soon(() => expect(componentsOf(here)).not.toHaveProperty('folder_scans_1_files'));
  });

  it('takes away what falls silent while the bridge runs, once the flows were started again', async () => {
    const here = await world();
    const bridge = here.start({ unseenMs: 50 });
    bridge.take({ topic: 'upload/state', payload: uploadState });
    bridge.take({ topic: 'watch/state', payload: watchState('/inbox') });
    await soon(() => expect(componentsOf(here)).toHaveProperty('folder_inbox_1_files'));
    bridge.callRoll();
    bridge.take({ topic: 'upload/state', payload: uploadState });
    await soon(() => expect(componentsOf(here).folder_inbox_1_files).toStrictEqual({ platform: 'sensor' }));
    await soon(() => expect(lastOn(here, `${ROOT}/watch/inbox-1/state`)).toBe(''));
    expect(componentsOf(here)).toHaveProperty('queue_depth.state_topic');
  });

  it('takes away what has not spoken for a while after a restart', async () => {
    const here = await world();
    const first = here.start();
    first.take({ topic: 'upload/state', payload: uploadState });
    first.take({ topic: 'gpu/reading', payload: { id: 'GPU-1', index: 0 } });
    await soon(() => expect(componentsOf(here)).toHaveProperty('gpu_gpu-1_temperature'));
    await first.stop();
    const second = here.start({ unseenMs: 50 });
    second.callRoll();
    second.take({ topic: 'upload/state', payload: uploadState });
    await soon(() =>
      expect(componentsOf(here)['gpu_gpu-1_temperature']).toStrictEqual({ platform: 'sensor' }),
    );
    expect(componentsOf(here)).toHaveProperty('queue_depth.state_topic');
  });

  it.each<[string, { instance?: string; discoveryPrefix?: string; baseTopic?: string }, string]>([
    ['instance', { instance: 'nas2' }, 'homeassistant/device/immich_bridge_nas2/config'],
    ['prefix', { discoveryPrefix: 'ha' }, 'ha/device/immich_bridge_nas1/config'],
    ['base topic', { baseTopic: 'photos' }, DOCUMENT],
  ])('leaves nothing behind when its %s changes', async (_, change, document) => {
    const here = await world();
    const first = here.start();
    first.take({ topic: 'upload/state', payload: uploadState });
    await soon(() => expect(topicsOf(here)).toContain(DOCUMENT));
    await first.stop();
    const second = here.start(change);
    second.take({ topic: 'upload/state', payload: uploadState });
    const root = `${change.baseTopic ?? 'immich-bridge'}/${change.instance ?? 'nas1'}`;
    const expected = [document, `${root}/info`, `${root}/status`, `${root}/uploader/state`].sort();
    await vi.waitFor(
      async () => expect(Object.keys(await retainedAt(here)).sort()).toEqual(expected),
      10_000,
    );
  });

  it('removes the device when discovery is turned off, and goes on telling states', async () => {
    const here = await world();
    const first = here.start();
    first.take({ topic: 'upload/state', payload: uploadState });
    await soon(() => expect(topicsOf(here)).toContain(DOCUMENT));
    await first.stop();
    here.start({ discoveryPrefix: null }).take({ topic: 'upload/state', payload: uploadState });
    await soon(() => expect(lastOn(here, DOCUMENT)).toBe(''));
    expect(await retainedAt(here)).toHaveProperty([`${ROOT}/uploader/state`]);
  });

  it('takes everything back when the node is deleted, and says offline when it only stops', async () => {
    const here = await world();
    const first = here.start();
    first.take({ topic: 'upload/state', payload: uploadState });
    first.take({ topic: 'audit/report', payload: auditReport });
    await soon(() =>
      expect(topicsOf(here)).toEqual(expect.arrayContaining([DOCUMENT, `${ROOT}/audit/state`])),
    );
    await first.stop();
    await soon(async () => expect(await retainedAt(here)).toMatchObject({ [`${ROOT}/status`]: 'offline' }));
    const second = here.start();
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('online'));
    await second.stop(true);
    expect(await retainedAt(here)).toEqual({});
    expect(existsSync(join(here.folder, 'bridge.json'))).toBe(false);
  });
});

describe('commands', () => {
  const answerOn = (here: World, name: string) => jsonOn(here, `${ROOT}/cmd/${name}/response`);

  it('passes a command on and tells its answer', async () => {
    const here = await world();
    const bridge = here.start({ patienceMs: 5_000 });
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('online'));
    await here.broker.publish(`${ROOT}/cmd/concurrency`, '{"v":1,"id":"q7","value":8}');
    await soon(() => expect(bridge.commands).toEqual([{ name: 'concurrency', id: 'q7', value: 8 }]));
    const answer = { name: 'concurrency', id: 'q7', isOk: false, error: 'The disk is full.' };
    bridge.take({ topic: 'command/response', payload: answer });
    bridge.take({ topic: 'command/response', payload: answer });
    await soon(() =>
      expect(answerOn(here, 'concurrency')).toEqual({
        v: 1,
        id: 'q7',
        ok: false,
        error: 'The disk is full.',
      }),
    );
    expect(on(here, `${ROOT}/cmd/concurrency/response`)).toHaveLength(1);
    expect(on(here, `${ROOT}/cmd/concurrency/response`)[0]?.retain).toBe(false);
  });

  it('tells the answer to a command that came from a wire', async () => {
    const here = await world();
    const bridge = here.start();
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('online'));
    bridge.take({ topic: 'command/response', payload: { name: 'pause', id: null, isOk: true, error: null } });
    await soon(() => expect(answerOn(here, 'pause')).toEqual({ v: 1, id: null, ok: true, error: null }));
  });

  it('says so when nobody takes a command', async () => {
    const here = await world();
    here.start();
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('online'));
    await here.broker.publish(`${ROOT}/cmd/pause`, '');
    await soon(() => expect(answerOn(here, 'pause')).toMatchObject({ ok: false, error: /wired/ }));
  });

  it.each([
    ['unknown', '{"id":"1"}'],
    ['pause', 'garbage'],
    ['pause', '[1]'],
    ['pause', '{"v":9}'],
    ['pause', '{"force":true}'],
    ['concurrency', '{"value":"many"}'],
    ['concurrency', '{"value":99}'],
    ['pause', `{"id":"${'x'.repeat(5_000)}"}`],
  ])('refuses %s with %s, and says why', async (name, payload) => {
    const here = await world();
    const bridge = here.start();
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('online'));
    await here.broker.publish(`${ROOT}/cmd/${name}`, payload);
    await soon(() => expect(answerOn(here, name)).toMatchObject({ ok: false, error: expect.any(String) }));
    expect(bridge.commands).toEqual([]);
  });

  it('takes the same id once, and no retained command at all', async () => {
    const here = await world();
    await here.broker.publish(`${ROOT}/cmd/pause`, '{"id":"old"}', { retain: true });
    const bridge = here.start();
    await soon(() => expect(bridge.ignored).toEqual([`${ROOT}/cmd/pause`]));
    for (let i = 0; i < 3; i += 1) await here.broker.publish(`${ROOT}/cmd/rescan`, '{"id":"same"}');
    await here.broker.publish(`${ROOT}/cmd/resume`, '{"id":"last"}');
    await soon(() => expect(bridge.commands.map(({ id }) => id)).toEqual(['same', 'last']));
  });

  it.each([
    ['paused', 'ON', { name: 'pause', value: '' }],
    ['paused', 'OFF', { name: 'resume', value: '' }],
    ['concurrency', '7', { name: 'concurrency', value: 7 }],
  ])('takes what Home Assistant sets: %s %s', async (setting, payload, expected) => {
    const here = await world();
    const bridge = here.start();
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('online'));
    await here.broker.publish(`${ROOT}/uploader/${setting}/set`, payload);
    await soon(() => expect(bridge.commands).toMatchObject([expected]));
  });

  it.each([
    ['paused', 'maybe'],
    ['concurrency', '17'],
    ['concurrency', 'x'.repeat(10_000)],
  ])('shows the true state again when %s is set to nonsense', async (setting, payload) => {
    const here = await world();
    const bridge = here.start();
    bridge.take({ topic: 'upload/state', payload: uploadState });
    await soon(() => expect(on(here, `${ROOT}/uploader/state`)).toHaveLength(1));
    await here.broker.publish(`${ROOT}/uploader/${setting}/set`, payload);
    await soon(() => expect(on(here, `${ROOT}/uploader/state`)).toHaveLength(2));
    expect(bridge.commands).toEqual([]);
  });
});

it('tells 1,000 events in a burst, each once and in order', async () => {
  const here = await world();
  const bridge = here.start({ eventGapMs: 1 });
  for (let i = 0; i < 1_000; i += 1)
    bridge.take({ topic: 'file/uploaded', payload: { ...file, sizeBytes: i } });
  await soon(() => expect(on(here, `${ROOT}/event/upload`)).toHaveLength(1_000));
  const sizes = on(here, `${ROOT}/event/upload`).map(({ payload }) => JSON.parse(payload).size_bytes);
  expect(sizes).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
});

describe('what is wired by mistake', () => {
  it('follows one uploader, and says once that there is a second', async () => {
    const here = await world();
    const bridge = here.start();
    const told = (node: string, files: number) =>
      bridge.take({
        topic: 'upload/state',
        payload: { ...uploadState, node, totals: { ...uploadState.totals, files } },
      });
    told('one', 100);
    told('two', 3);
    told('two', 4);
    told('one', 101);
    await soon(() => expect(jsonOn(here, `${ROOT}/uploader/state`)?.totals.files).toBe(101));
    const counts = on(here, `${ROOT}/uploader/state`).map(({ payload }) => JSON.parse(payload).totals.files);
    expect(counts.filter((files) => files < 100)).toEqual([]);
    expect(bridge.ignored).toEqual(['second uploader']);
  });

  it('tells of a caught error, whatever the message was about', async () => {
    const here = await world();
    const error = { message: 'The key is refused.', source: { type: 'immich-upload' } };
    here.start().take({ topic: 'upload/state', payload: uploadState, error });
    await soon(() => expect(jsonOn(here, `${ROOT}/event/upload`)).toMatchObject({ event_type: 'failed' }));
    expect(on(here, `${ROOT}/uploader/state`)).toEqual([]);
  });

  it('tells of an audit that could not be done as of an audit, and of no failed file', async () => {
    const here = await world();
    const error = { message: 'Immich does not answer.', source: { type: 'immich-upload' } };
    here.start().take({ topic: 'audit/report', payload: {}, error });
    await soon(() => expect(jsonOn(here, `${ROOT}/event/audit`)).toMatchObject({ event_type: 'failed' }));
    expect([on(here, `${ROOT}/event/upload`), on(here, `${ROOT}/audit/state`)]).toEqual([[], []]);
  });
});

describe('names that are not told', () => {
  it('are in no topic, no payload and no document, also those that were told before', async () => {
    const here = await world();
    const folders = [
      { id: 'secret-wedding-a1b2c3', path: '/home/me/secret wedding', state: 'watching', fileCount: 1 },
    ];
    const first = here.start();
    first.take({ topic: 'watch/state', payload: { node: 'w', state: 'watching', folders } });
    await soon(() => expect(componentsOf(here)).toHaveProperty('folder_secret_wedding_a1b2c3_files'));
    await first.stop();
    const second = here.start({ detail: 'none' });
    second.take({ topic: 'watch/state', payload: { node: 'w', state: 'watching', folders } });
    await soon(() => expect(componentsOf(here)).toHaveProperty('folder_folder_a1b2c3_files.state_topic'));
    await here.broker.publish('homeassistant/status', 'online');
    await soon(() => expect(componentsOf(here)).not.toHaveProperty('folder_secret_wedding_a1b2c3_files'));
    expect(JSON.stringify(await retainedAt(here))).not.toMatch(/secret|wedding/i);
  });
});

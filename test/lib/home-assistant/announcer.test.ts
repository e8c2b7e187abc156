import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KnownParts } from '../../../lib/bridge/part-list.js';
import { type Announced, asAnnounced } from '../../../lib/home-assistant/announced.js';
import { type AnnouncerOptions, createAnnouncer } from '../../../lib/home-assistant/announcer.js';
import { openJsonFile } from '../../../lib/json-file.js';
import type { MqttMessage } from '../../../lib/mqtt/mqtt-message.js';
import { tempFolder } from '../../support/world.js';

const TOPIC = 'homeassistant/device/immich_bridge_nas1/config';
const NOTHING: KnownParts = { hasUploader: false, server: null, folders: [], gpus: [] };
const UPLOADER: KnownParts = { ...NOTHING, hasUploader: true };
const withFolders = (...ids: string[]): KnownParts => ({
  ...UPLOADER,
  folders: ids.map((id) => ({ id, name: id, node: 'n1' })),
});

/** A broker as the session shows it: what it holds, and everything that it was told, in order. */
function brokerWith() {
  const held = new Map<string, string>();
  const told: string[] = [];
  const publish = ({ topic, payload }: MqttMessage) => {
    told.push(`${topic} ${payload === '' ? 'emptied' : Object.keys(componentsIn(payload)).join(' ')}`);
    if (payload === '') held.delete(topic);
    else held.set(topic, payload);
  };
  return {
    held,
    told,
    publishState: publish,
    send: (message: MqttMessage) => {
      publish(message);
      return true;
    },
    async clearStates(topics: readonly string[]) {
      for (const topic of topics) publish({ topic, payload: '' });
    },
    republish: () => void told.push('everything once more'),
  };
}

const componentsIn = (payload: string): Record<string, unknown> => JSON.parse(payload).components ?? {};

/** A document with one component for the uploader and one for each folder. */
const documentOf = ({ hasUploader, folders }: KnownParts) => {
  const keys = [...(hasUploader ? ['queue'] : []), ...folders.map(({ id }) => `folder_${id}`)];
  if (keys.length === 0) return undefined;
  const components = keys.map((key) => [
    key,
    { platform: 'sensor', unique_id: key, state_topic: `b/${key}` },
  ]);
  return { device: {}, origin: {}, components: Object.fromEntries(components) };
};
const retainedOf = ({ folders }: KnownParts) => [
  'b/nas1/status',
  ...folders.map(({ id }) => `b/nas1/watch/${id}/state`),
];

let file: string;
const closings: (() => Promise<void>)[] = [];
beforeEach(() => {
  file = join(tempFolder(), 'told.json');
});
afterEach(async () => {
  await Promise.all(closings.splice(0).map((close) => close()));
});

function start(
  broker: ReturnType<typeof brokerWith>,
  parts: KnownParts,
  options: Partial<AnnouncerOptions> = {},
) {
  const closing = new AbortController();
  const memory = openJsonFile<Announced>(file, asAnnounced);
  const unsaved: Error[] = [];
  const announcer = createAnnouncer(
    {
      session: broker,
      memory,
      discoveryTopic: TOPIC,
      documentOf,
      retainedOf,
      signal: closing.signal,
      onUnsaved: (error) => unsaved.push(error),
      gatherMs: 5,
      birthDelayMs: () => 5,
      ...options,
    } as AnnouncerOptions,
    parts,
  );
  const stop = () => {
    closing.abort();
    return announcer.settled();
  };
  closings.push(stop);
  return { ...announcer, memory, unsaved, stop };
}

const remembered = (): Announced => JSON.parse(readFileSync(file, 'utf8'));
const announced = (broker: ReturnType<typeof brokerWith>) => componentsIn(broker.held.get(TOPIC) ?? '{}');
const soon = (check: () => unknown) => vi.waitFor(check, { interval: 2 });

describe('announcer', () => {
  it('says nothing while it knows of no part', async () => {
    const broker = brokerWith();
    start(broker, NOTHING);
    await soon(() => expect(remembered().parts).toEqual(NOTHING));
    expect(broker.told).toEqual([]);
  });

  it('announces parts that come together in one document, and writes it down before', async () => {
    const broker = brokerWith();
    const { update } = start(broker, NOTHING);
    void update(UPLOADER);
    await update(withFolders('a'));
    expect(remembered().retained).toContain('b/nas1/watch/a/state');
    await soon(() => expect(Object.keys(announced(broker))).toEqual(['folder_a', 'queue']));
    expect(broker.told).toHaveLength(1);
    expect(Object.keys(remembered().components)).toEqual(['queue', 'folder_a']);
  });

  it('announces at once what it knows from before a restart', async () => {
    const broker = brokerWith();
    start(broker, withFolders('a'));
    await soon(() => expect(Object.keys(announced(broker))).toEqual(['folder_a', 'queue']));
  });

  it('marks what is gone, empties its topic, and keeps the marker over restarts until Home Assistant was started', async () => {
    const broker = brokerWith();
    const first = start(broker, withFolders('a', 'b'));
    await soon(() => expect(announced(broker)).toHaveProperty('folder_b'));
    broker.held.set('b/nas1/watch/b/state', '{}');
    await first.update(withFolders('a'));
    await soon(() => expect(announced(broker).folder_b).toStrictEqual({ platform: 'sensor' }));
    expect(broker.held.has('b/nas1/watch/b/state')).toBe(false);
    await first.stop();

    const again = brokerWith();
    const second = start(again, withFolders('a'));
    await soon(() => expect(announced(again).folder_b).toStrictEqual({ platform: 'sensor' }));
    again.told.length = 0;
    second.welcome();
    await soon(() => expect(again.told.at(-1)).toBe('everything once more'));
    await soon(() => expect(announced(again)).not.toHaveProperty('folder_b'));
    expect(announced(again)).toHaveProperty('folder_a');
    expect(again.told.slice(0, 2)).toEqual([
      `${TOPIC} folder_a folder_b queue`,
      `${TOPIC} folder_a folder_b queue`,
    ]);
    expect(remembered().removed).toEqual({});
  });

  it('shows the whole component before its marker when Home Assistant was started', async () => {
    const broker = brokerWith();
    const sent: unknown[] = [];
    const send = ({ payload }: MqttMessage) => sent.push(componentsIn(payload).folder_b) > 0;
    const { update, welcome } = start({ ...broker, send } as typeof broker, withFolders('b'));
    await update(UPLOADER);
    await soon(() => expect(announced(broker).folder_b).toStrictEqual({ platform: 'sensor' }));
    welcome();
    await soon(() => expect(sent).toHaveLength(2));
    expect(sent).toStrictEqual([
      { platform: 'sensor', state_topic: 'b/folder_b', unique_id: 'folder_b' },
      { platform: 'sensor' },
    ]);
  });

  it('takes a marker back when the part returns', async () => {
    const broker = brokerWith();
    const { update } = start(broker, withFolders('a'));
    await update(UPLOADER);
    await soon(() => expect(announced(broker).folder_a).toStrictEqual({ platform: 'sensor' }));
    await update(withFolders('a'));
    await soon(() => expect(announced(broker).folder_a).toHaveProperty('state_topic'));
    expect(remembered().removed).toEqual({});
    expect(remembered().stale).toEqual([]);
  });

  it('answers many births at a time once', async () => {
    const broker = brokerWith();
    const { welcome } = start(broker, UPLOADER);
    await soon(() => expect(broker.told).toHaveLength(1));
    for (let i = 0; i < 5; i += 1) welcome();
    await soon(() => expect(broker.told.filter((line) => line === 'everything once more')).toHaveLength(1));
  });

  it.each([
    ['another prefix', { discoveryTopic: 'ha/device/immich_bridge_nas1/config' }, [TOPIC]],
    ['discovery turned off', { discoveryTopic: null }, [TOPIC]],
    [
      'another instance',
      {
        discoveryTopic: 'homeassistant/device/immich_bridge_nas2/config',
        retainedOf: () => ['b/nas2/status'],
      },
      ['b/nas1/status', 'b/nas1/watch/a/state', TOPIC],
    ],
  ])('takes back what the former name had told: %s', async (_, options, emptied) => {
    const first = start(brokerWith(), withFolders('a'));
    await soon(() => expect(Object.keys(remembered().components)).toHaveLength(2));
    await first.stop();
    const broker = brokerWith();
    start(broker, withFolders('a'), options);
    await soon(() =>
      expect(broker.told.filter((line) => line.endsWith('emptied')).sort()).toEqual(
        emptied.map((topic) => `${topic} emptied`).sort(),
      ),
    );
    await soon(() => expect(remembered().stale).toEqual([]));
    await soon(() =>
      expect(broker.held.has(options.discoveryTopic ?? '')).toBe(options.discoveryTopic !== null),
    );
  });

  it('does not forget what is to be taken back while the broker is away', async () => {
    const first = start(brokerWith(), UPLOADER);
    await soon(() => expect(remembered().components).toHaveProperty('queue'));
    await first.stop();
    const away = brokerWith();
    const second = start({ ...away, clearStates: () => new Promise(() => {}) }, UPLOADER, {
      discoveryTopic: null,
    });
    await soon(() => expect(remembered().stale).toEqual([TOPIC]));
    await second.stop();
    const broker = brokerWith();
    start(broker, UPLOADER, { discoveryTopic: null });
    await soon(() => expect(broker.told).toEqual([`${TOPIC} emptied`]));
  });

  it('keeps the markers when Home Assistant starts while the broker is away', async () => {
    const broker = brokerWith();
    const { update, welcome } = start({ ...broker, send: () => false }, withFolders('a'));
    await update(UPLOADER);
    await soon(() => expect(announced(broker).folder_a).toStrictEqual({ platform: 'sensor' }));
    welcome();
    await soon(() => expect(broker.told.at(-1)).toBe('everything once more'));
    expect(remembered().removed).toHaveProperty('folder_a');
    expect(announced(broker).folder_a).toStrictEqual({ platform: 'sensor' });
  });

  it('empties everything when the last part is gone', async () => {
    const broker = brokerWith();
    const { update } = start(broker, UPLOADER);
    await soon(() => expect(broker.held.has(TOPIC)).toBe(true));
    await update(NOTHING);
    await soon(() => expect(broker.held.has(TOPIC)).toBe(false));
    expect(remembered()).toMatchObject({ components: {}, removed: {} });
  });

  it('withdraws everything and its own file when the node is deleted', async () => {
    const broker = brokerWith();
    const { withdraw } = start(broker, withFolders('a'));
    await soon(() => expect(broker.held.has(TOPIC)).toBe(true));
    await withdraw();
    expect([...broker.held]).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  it('goes on when nothing can be written', async () => {
    const broker = brokerWith();
    file = join('/dev/null', 'told.json');
    const { unsaved } = start(broker, UPLOADER);
    await soon(() => expect(announced(broker)).toHaveProperty('queue'));
    expect(unsaved.length).toBeGreaterThan(0);
  });
});

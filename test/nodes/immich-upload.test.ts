import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NodeMessage } from 'node-red';
import { describe, expect, it, vi } from 'vitest';
import { openLevel } from '../../lib/store/level-database.js';
import type { UploadState } from '../../lib/upload/upload-state.js';
import immichServer from '../../nodes/immich-server.js';
import immichUpload from '../../nodes/immich-upload.js';
import * as certificate from '../support/certificate.js';
import { proxyFaults, type StandIn } from '../support/immich-stand-in.js';
import {
  collect,
  collectStatuses,
  ON_TAB,
  runtimeEvents,
  TAB_WITH_CATCH,
  useNodeRed,
} from '../support/node-red-helper.js';
import { all } from '../support/store-world.js';
import { stableFile, standIn, tempFolder } from '../support/world.js';

const helper = useNodeRed();

function flow(url: string, upload = {}, server = {}) {
  return [
    ...TAB_WITH_CATCH,
    { id: 'server', type: 'immich-server', url, ...server },
    {
      ...ON_TAB,
      id: 'upload',
      type: 'immich-upload',
      server: 'server',
      ...upload,
      wires: [['out'], ['state']],
    },
    { ...ON_TAB, id: 'out', type: 'helper', wires: [] },
    { ...ON_TAB, id: 'state', type: 'helper', wires: [] },
  ];
}

interface LoadOptions {
  readonly apiKey?: string;
  readonly userDir?: string;
}

async function load(server: StandIn, upload = {}, options: LoadOptions = {}) {
  const { apiKey = server.apiKey, userDir = tempFolder() } = options;
  helper.settings({ userDir });
  await helper.load([immichServer, immichUpload], flow(server.url, upload), { server: { apiKey } });
  const uploads = collect('out');
  const states = collect('state');
  const caught = collect('caught');
  const ofTopic = (topic: string) => states.filter((msg) => msg.topic === topic);
  const lastState = () => ofTopic('upload/state').at(-1)?.payload as UploadState | undefined;
  const answers = () => ofTopic('command/response').map(({ payload }) => payload);
  const node = helper.getNode('upload');
  const obey = async (name: string, payload?: unknown) => {
    const before = answers().length;
    node.receive({ topic: `command/${name}`, payload });
    await vi.waitFor(() => expect(answers().length).toBe(before + 1));
  };
  return { uploads, states, caught, lastState, answers, obey, node, userDir };
}

/** All that the memory of a closed Node-RED holds. */
async function storeContent(userDir: string): Promise<unknown[]> {
  const db = await openLevel(join(userDir, 'immich-bridge/store'));
  try {
    return await all(db.iterator({ gte: '', lt: '\uffff' }));
  } finally {
    await db.close();
  }
}

async function photo(name = 'a.jpg', content = `bytes of ${name}`): Promise<NodeMessage> {
  const file = await stableFile(join(tempFolder(), name), content);
  return { topic: 'file/stable', filename: file.path, payload: file, album: 'kept' };
}

describe.each(['v2', 'v3'] as const)('a server of dialect %s', (dialect) => {
  it('does not get what a dry run only asks about, and nothing of it is counted', async () => {
    const server = await standIn({ dialect });
    const known = await photo('known.jpg');
    const before = await load(server);
    before.node.receive(known);
    await vi.waitFor(() => expect(before.uploads).toHaveLength(1));
    await helper.unload();
    const { node, uploads, lastState } = await load(server, { dryRun: 'true' });
    const fresh = await photo('new.jpg');
    node.receive(known);
    node.receive(fresh);
    await vi.waitFor(() => expect(uploads).toHaveLength(2));
    const said = uploads.map(({ topic, payload }) => [topic, payload]);
    const record = (outcome: string) => expect.objectContaining({ isDryRun: true, uploadOutcome: outcome });
    expect(said).toContainEqual(['dry-run/uploaded', record('duplicate')]);
    expect(said).toContainEqual(['dry-run/uploaded', record('created')]);
    expect(server.assets).toHaveLength(1);
    await vi.waitFor(() =>
      expect(lastState()).toMatchObject({ state: 'idle', totals: { files: 0, duplicates: 0 } }),
    );
  });

  it('has a dry run say what would fail and where it would go, and nothing of it is moved or remembered', async () => {
    const server = await standIn({ dialect });
    const [trashed, fresh] = [await photo('trashed.jpg'), await photo('new.jpg')];
    const before = await load(server);
    before.node.receive(trashed);
    await vi.waitFor(() => expect(before.uploads).toHaveLength(1));
    await helper.unload();
    server.trash(server.assets[0]!.id);
    const remembered = await storeContent(before.userDir);
    const failedFolder = tempFolder();
    const { node, caught, uploads, lastState } = await load(
      server,
      { dryRun: 'true', failedFolder },
      { userDir: before.userDir },
    );
    node.receive(trashed);
    node.receive(fresh);
    await vi.waitFor(() => expect(caught).toHaveLength(1));
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
    expect(caught[0]).toMatchObject({ error: { message: expect.stringContaining('trash') } });
    expect(uploads[0]?.payload).toMatchObject({ plan: [{ does: 'create', path: fresh.filename }] });
    expect(JSON.stringify(helper.log().args)).toContain('immich-upload.log.would-set-aside');
    await vi.waitFor(() => expect(lastState()).toMatchObject({ failed: 1, totals: { files: 1 } }));
    await helper.unload();
    expect([readdirSync(failedFolder), existsSync(String(trashed.filename))]).toEqual([[], true]);
    expect(await storeContent(before.userDir)).toEqual(remembered);
    expect(server.requests.filter(({ path }) => path === '/api/assets')).toHaveLength(1);
  });

  it('that takes a file for none has it put away with a word, told once, and tried when it is back', async () => {
    const server = await standIn({ dialect });
    const failedFolder = tempFolder();
    const { node, caught, uploads, lastState, obey } = await load(server, { failedFolder });
    const msg = await photo('odd.jpg', 'odd bytes');
    const path = String(msg.filename);
    const heal = server.fail({ kind: 'answer', status: 400, method: 'POST', path: '/api/assets' });
    node.receive(msg);
    const place = join(failedFolder, 'odd.jpg');
    await vi.waitFor(() => expect(existsSync(`${place}.txt`)).toBe(true));
    await vi.waitFor(() => expect(caught).toHaveLength(1));
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(place, 'utf8')).toBe('odd bytes');
    await vi.waitFor(() => expect(lastState()).toMatchObject({ failed: 0, pending: 0 }));
    heal();
    cpSync(place, path, { preserveTimestamps: true });
    node.receive(msg);
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
    await obey('retry');
    expect(caught).toHaveLength(1);
  });
});

it('tries a file that was put away once more when it is back, also one that had failed before a restart', async () => {
  const server = await standIn();
  const failedFolder = tempFolder();
  const msg = await photo('odd.jpg', 'odd bytes');
  const heal = server.fail({ kind: 'answer', status: 400, method: 'POST', path: '/api/assets' });
  const before = await load(server);
  before.node.receive(msg);
  await vi.waitFor(() => expect(before.caught).toHaveLength(1));
  await helper.unload();
  const { node, caught, uploads } = await load(server, { failedFolder }, { userDir: before.userDir });
  node.receive(msg);
  const place = join(failedFolder, 'odd.jpg');
  await vi.waitFor(() => expect(existsSync(`${place}.txt`)).toBe(true));
  await vi.waitFor(() => expect(caught).toHaveLength(1));
  heal();
  cpSync(place, String(msg.filename), { preserveTimestamps: true });
  node.receive(msg);
  await vi.waitFor(() => expect(uploads).toHaveLength(1));
});

it('sends nothing in quiet hours, and says until when, until somebody resumes', async () => {
  const two = (number: number) => String((number + 24) % 24).padStart(2, '0');
  const hour = new Date().getHours();
  const server = await standIn();
  const quietHours = `${two(hour - 1)}:00-${two(hour + 2)}:00`;
  const { node, lastState, obey, uploads } = await load(server, { quietHours });
  node.receive(await photo());
  await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'paused', pending: 1, isPaused: false }));
  expect(new Date(lastState()?.quietUntil ?? '').getHours()).toBe((hour + 2) % 24);
  expect(server.requests).toEqual([]);
  await obey('resume');
  await vi.waitFor(() => expect(uploads).toHaveLength(1));
});

it('passes on an uploaded file and keeps what else the message carries', async () => {
  const server = await standIn();
  const { node, uploads, lastState } = await load(server);
  const msg = await photo();
  node.receive(msg);
  await vi.waitFor(() => expect(uploads).toHaveLength(1));
  expect(uploads[0]).toMatchObject({
    topic: 'file/uploaded',
    filename: msg.filename,
    album: 'kept',
    payload: { assetId: server.assets[0]?.id, uploadOutcome: 'created', path: msg.filename },
  });
  await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'idle', totals: { files: 1 } }));
});

it('tells its state at most once a second and always the last one', async () => {
  const server = await standIn();
  const { node, uploads, states, lastState } = await load(server);
  const began = performance.now();
  for (let index = 0; index < 60; index += 1) node.receive(await photo(`${index}.jpg`));
  await vi.waitFor(() => expect(uploads).toHaveLength(60));
  await vi.waitFor(() => expect(lastState()?.totals.files).toBe(60), 5_000);
  const seconds = (performance.now() - began) / 1_000;
  expect(states.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  expect(states[0]?.topic).toBe('upload/state');
});

it('obeys commands: pause, resume, concurrency and retry', async () => {
  const server = await standIn();
  server.fail({ kind: 'answer', status: 413, times: 1, body: '<html>' });
  const { node, uploads, caught, lastState } = await load(server);
  node.receive({ topic: 'command/pause' });
  node.receive(await photo());
  await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'paused', pending: 1 }), 5_000);
  node.receive({ topic: 'command/concurrency', payload: 2 });
  node.receive({ topic: 'command/resume' });
  await vi.waitFor(() => expect(caught).toHaveLength(1));
  await vi.waitFor(() => expect(lastState()).toMatchObject({ failed: 1, concurrency: 2 }), 5_000);
  node.receive({ topic: 'command/retry' });
  await vi.waitFor(() => expect(uploads).toHaveLength(1));
});

it('counts what waits for another address, and says so in its status', async () => {
  const [inner, outer] = [await standIn({ apiKey: 'k' }), await standIn({ apiKey: 'k' })];
  await inner.goDown();
  outer.fail(proxyFaults.tooLarge(5_000));
  const { node, uploads, caught, lastState } = await load({ ...outer, url: `${inner.url},${outer.url}` });
  const statuses = collectStatuses('upload');
  node.receive(await photo('small.jpg'));
  node.receive(await photo('large.mp4', 'x'.repeat(9_000)));
  await vi.waitFor(() =>
    expect(lastState()).toMatchObject({
      ...{ state: 'backoff', pending: 1, waitingForAddress: 1, failed: 0 },
      addresses: [
        { url: inner.url, isInUse: false, isThere: false },
        { url: outer.url, isInUse: true, refusedBytes: expect.any(Number) },
      ],
    }),
  );
  expect(statuses.at(-1)).toMatchObject({ fill: 'yellow', text: 'immich-upload.status.too-large' });
  expect(uploads).toHaveLength(1);
  expect(caught).toEqual([]);
});

describe('answers', () => {
  it.each([
    ['pause', undefined],
    ['resume', undefined],
    ['retry', undefined],
    ['concurrency', 7],
    ['concurrency', '16'],
  ])('%s with %j', async (name, payload) => {
    const { node, answers, caught } = await load(await standIn());
    node.receive({ topic: `command/${name}`, payload });
    await vi.waitFor(() => expect(answers()).toEqual([{ name, id: null, isOk: true, error: null }]));
    const fromBridge = { topic: `command/${name}`, payload, command: { id: 'abc' } };
    node.receive(fromBridge);
    await vi.waitFor(() => expect(answers()[1]).toEqual({ name, id: 'abc', isOk: true, error: null }));
    expect(caught).toEqual([]);
  });

  it.each([0, 17, 1.5, 'many', '', true, null, undefined, { value: 4 }])(
    'a concurrency of %j',
    async (payload) => {
      const { node, answers, caught, lastState } = await load(await standIn());
      node.receive({ topic: 'command/concurrency', payload, command: { id: '1' } } as NodeMessage);
      const message = expect.stringContaining('a whole number from 1 to 16');
      await vi.waitFor(() =>
        expect(answers()).toEqual([{ name: 'concurrency', id: '1', isOk: false, error: message }]),
      );
      await vi.waitFor(() => expect(caught).toMatchObject([{ payload, error: { message } }]));
      await vi.waitFor(() => expect(lastState()?.concurrency).toBe(4));
    },
  );

  it('no command of other nodes, and none that nobody knows', async () => {
    const { obey, answers, node, caught } = await load(await standIn());
    for (const name of ['rescan', 'unknown', 'toString', '']) node.receive({ topic: `command/${name}` });
    await obey('resume');
    expect(answers()).toHaveLength(1);
    expect(caught).toEqual([]);
  });

  it('with null in place of an id that is none', async () => {
    const { node, answers } = await load(await standIn());
    const odd: unknown[] = [7, null, 'text', { id: 7 }, []];
    for (const command of odd) node.receive({ topic: 'command/resume', command } as NodeMessage);
    await vi.waitFor(() => expect(answers()).toHaveLength(odd.length));
    expect(answers()).toEqual(odd.map(() => ({ name: 'resume', id: null, isOk: true, error: null })));
  });
});

describe('remembers', () => {
  /** What the flow before a restart left, and what the one after it makes of it. */
  async function pausedWorld() {
    const server = await standIn();
    const before = await load(server);
    before.node.receive(await photo());
    await vi.waitFor(() => expect(before.uploads).toHaveLength(1));
    await before.obey('concurrency', 2);
    await before.obey('pause');
    return { server, before };
  }

  /** Sends a file at once, and says which requests came before the uploader had taken it in hand. */
  async function isStillPaused(server: StandIn, userDir: string): Promise<void> {
    const { length } = server.requests;
    const { node, lastState, obey, uploads } = await load(server, {}, { userDir });
    const statuses = collectStatuses('upload');
    node.receive(await photo('b.jpg'));
    await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'paused', pending: 1 }), 5_000);
    expect(lastState()).toMatchObject({ isPaused: true, active: 0, concurrency: 2 });
    expect(statuses[0]).toMatchObject({ fill: 'grey', text: expect.stringContaining('.paused') });
    expect(server.requests.slice(length)).toEqual([]);
    await obey('resume');
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
  }

  it('a pause, a concurrency and its counts over a restart', async () => {
    const { server, before } = await pausedWorld();
    await helper.unload();
    await isStillPaused(server, before.userDir);
    await helper.unload();
    const { lastState, userDir } = await load(server, {}, { userDir: before.userDir });
    await vi.waitFor(() =>
      expect(lastState()).toMatchObject({
        state: 'idle',
        concurrency: 2,
        totals: { files: 2 },
        today: { uploaded: 2, failed: 0 },
        lastFile: 'b.jpg',
        lastUploadAt: expect.stringMatching(/^\d{4}-.*Z$/),
      }),
    );
    expect(readdirSync(join(userDir, 'immich-bridge'))).toEqual(['upload-upload.json']);
  });

  it('what was answered also when it never gets to close', async () => {
    const { server, before } = await pausedWorld();
    const userDir = tempFolder();
    cpSync(before.userDir, userDir, { recursive: true });
    await helper.unload();
    await isStillPaused(server, userDir);
  });

  it('a pause for some minutes, which ends by itself, also when it never gets to close', async () => {
    const server = await standIn();
    const before = await load(server);
    await before.obey('pause', { minutes: 0.5 });
    expect(before.answers().at(-1)).toMatchObject({ isOk: false });
    await before.obey('pause', { minutes: 30 });
    await vi.waitFor(() => expect(before.lastState()?.isPaused).toBe(true));
    const { pausedUntil } = before.lastState() ?? {};
    expect(Date.parse(pausedUntil ?? '')).toBeGreaterThan(Date.now() + 29 * 60_000);
    const userDir = tempFolder();
    cpSync(before.userDir, userDir, { recursive: true });
    await helper.unload();
    const after = await load(server, {}, { userDir });
    after.node.receive(await photo('b.jpg'));
    await vi.waitFor(() => expect(after.lastState()).toMatchObject({ state: 'paused', pausedUntil }), 5_000);
    await helper.unload();
    const file = join(userDir, 'immich-bridge/upload-upload.json');
    const record = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...record, lease: { ...record.lease, untilMs: Date.now() + 300 } }));
    const last = await load(server, {}, { userDir });
    last.node.receive(await photo('b.jpg'));
    await vi.waitFor(() => expect(last.uploads).toHaveLength(1));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ isPaused: false, lease: null });
  });

  it('a pause over a deploy of this node', async () => {
    const { server, before } = await pausedWorld();
    const { length } = server.requests;
    await helper.setFlows(flow(server.url, { name: 'changed' }), 'nodes');
    expect(helper.getNode('upload')).not.toBe(before.node);
    const states = collect('state');
    helper.getNode('upload').receive(await photo('b.jpg'));
    const last = () => states.at(-1)?.payload;
    await vi.waitFor(() => expect(last()).toMatchObject({ state: 'paused', pending: 1 }), 5_000);
    expect(server.requests.slice(length)).toEqual([]);
  });

  it('a concurrency only until another one is typed in the settings', async () => {
    const server = await standIn();
    const { obey, userDir } = await load(server, { concurrency: '4' });
    await obey('concurrency', 2);
    for (const [typed, expected] of [
      ['6', 6],
      ['4', 4],
    ] as const) {
      await helper.unload();
      const { lastState } = await load(server, { concurrency: typed }, { userDir });
      await vi.waitFor(() => expect(lastState()?.concurrency).toBe(expected));
    }
  });

  it('nothing of a node that was deleted, but all of one that was only switched off', async () => {
    const { server, before } = await pausedWorld();
    const file = join(before.userDir, 'immich-bridge/upload-upload.json');
    const nodes = flow(server.url);
    await helper.setFlows(flow(server.url, { d: true }), 'nodes');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ isPaused: true });
    await helper.setFlows(nodes, 'nodes');
    await helper.setFlows(
      nodes.filter(({ id }) => id !== 'upload'),
      'full',
    );
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ['is damaged', 'memory-unreadable', (file: string) => writeFileSync(file, '{"isPaused": tr')],
    [
      'cannot be read or written',
      'memory-unreadable',
      (file: string) => mkdirSync(join(file, 'x'), { recursive: true }),
    ],
    ['cannot be written', 'memory-unwritable', (file: string) => mkdirSync(`${file}.new`)],
  ])('nothing when its file %s, says so once, and works', async (_, warning, spoil) => {
    const userDir = tempFolder();
    mkdirSync(join(userDir, 'immich-bridge'));
    spoil(join(userDir, 'immich-bridge/upload-upload.json'));
    const server = await standIn();
    const { node, uploads, obey, answers, lastState } = await load(server, {}, { userDir });
    for (const name of ['pause', 'resume', 'pause']) await obey(name);
    expect(answers()).toMatchObject([{ isOk: true }, { isOk: true }, { isOk: true }]);
    await vi.waitFor(() => expect(lastState()?.isPaused).toBe(true), 5_000);
    await obey('resume');
    node.receive(await photo());
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
    const warnings = helper
      .log()
      .args.flat()
      .map(({ msg }) => msg)
      .filter((msg) => /memory/.test(msg));
    expect(warnings.filter((msg) => msg === `immich-upload.log.${warning}`)).toHaveLength(1);
    expect(new Set(warnings).size).toBe(warnings.length);
  });
});

describe('its state', () => {
  it('is told once the flows have started, and to whoever is made last', async () => {
    const { lastState, states } = await load(await standIn());
    await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'idle', isPaused: false }));
    expect(states).toHaveLength(1);
  });

  it('is told anew when it is wanted, though nothing changed', async () => {
    const { lastState, states } = await load(await standIn());
    await vi.waitFor(() => expect(states).toHaveLength(1));
    const first = lastState();
    runtimeEvents().emit('immich-bridge:state-wanted');
    await vi.waitFor(() => expect(states).toHaveLength(2), 5_000);
    expect(lastState()).toEqual(first);
  });
});

describe('what needs a person reaches a Catch node with the record', () => {
  it('a file that Immich does not take', async () => {
    const { node, caught } = await load(await standIn());
    const msg = await photo('a.txt');
    node.receive(msg);
    await vi.waitFor(() => expect(caught).toHaveLength(1));
    expect(caught[0]).toMatchObject({ payload: { path: msg.filename }, error: { code: 'unsupported' } });
    expect(caught[0]?.error).toMatchObject({ message: 'Immich does not take files like a.txt.' });
  });

  it('a refused key, once for all files', async () => {
    const { node, caught, lastState } = await load(await standIn(), {}, { apiKey: 'wrong' });
    const statuses = collectStatuses('upload');
    for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) node.receive(await photo(name));
    await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'error', pending: 3 }), 5_000);
    expect(statuses.at(-1)).toMatchObject({ fill: 'red', text: 'immich-upload.status.unauthorized' });
    expect(caught).toHaveLength(1);
    expect(caught[0]).toMatchObject({ topic: 'upload/state', error: { code: 'unauthorized' } });
  });

  it.each([
    ['not a file', 'put a stable-file node before this one'],
    [{ path: '/photos/a.jpg' }, 'put a stable-file node before this one'],
  ])('a message without a stable file: %j', async (payload, sentence) => {
    const { node, caught } = await load(await standIn());
    node.receive({ payload });
    await vi.waitFor(() =>
      expect(caught[0]?.error).toMatchObject({ message: expect.stringContaining(sentence) }),
    );
  });
});

it.each([
  [{ server: '' }, {}],
  [{ concurrency: '99' }, {}],
  [{ trashPolicy: 'burn' }, {}],
  [{}, { url: 'ftp://photos.lan' }],
])('shows red and stays alive with wrong settings: %j %j', async (upload, server) => {
  await helper.load([immichServer, immichUpload], flow('http://127.0.0.1:1', upload, server));
  const caught = collect('caught');
  helper.getNode('upload').receive(await photo());
  await vi.waitFor(() => expect(caught).toHaveLength(1));
});

it('says that there is no key instead of asking without one', async () => {
  const server = await standIn();
  const { node, caught } = await load(server, {}, { apiKey: '' });
  node.receive(await photo());
  await vi.waitFor(() => expect(caught).toHaveLength(1));
  expect(caught[0]?.error).toMatchObject({ message: expect.stringContaining('API key: none is set') });
  expect(server.requests).toEqual([]);
});

it('outlives a message that a Catch node cannot copy', async () => {
  const { node, uploads } = await load(await standIn());
  const msg: NodeMessage = { topic: 'x' };
  let deep: unknown = [];
  for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
  msg.payload = deep;
  node.receive(msg);
  node.receive(await photo());
  await vi.waitFor(() => expect(uploads).toHaveLength(1));
});

it('trusts an own certificate authority through a tls-config node', async () => {
  const server = await standIn({ tls: certificate });
  const ca = join(tempFolder(), 'ca.pem');
  writeFileSync(ca, certificate.cert);
  const tlsConfig = { id: 'tls', type: 'tls-config', ca, cert: '', key: '', verifyservercert: true };
  const coreTls = createRequire(import.meta.url)('@node-red/nodes/core/network/05-tls.js');
  const types = [immichServer, immichUpload, coreTls];
  const key = { server: { apiKey: server.apiKey } };
  await helper.load(types, [...flow(server.url, {}, { tls: 'tls' }), tlsConfig], key);
  const uploads = collect('out');
  helper.getNode('upload').receive(await photo());
  await vi.waitFor(() => expect(uploads).toHaveLength(1));
  await helper.unload();
  await helper.load(types, flow(server.url), key);
  const states = collect('state');
  helper.getNode('upload').receive(await photo());
  await vi.waitFor(() => expect(states.at(-1)?.payload).toMatchObject({ problem: { kind: 'tls' } }), 5_000);
});

it('hands back what it holds when it closes, and sends nothing afterwards', async () => {
  const server = await standIn({ readBytesPerSecond: 10_000 });
  const { node, uploads, lastState } = await load(server, { concurrency: '1' });
  const large = await photo('large.jpg', 'x'.repeat(5_000_000));
  const small = await photo('small.jpg');
  node.receive(large);
  node.receive(small);
  await vi.waitFor(() => expect(lastState()).toMatchObject({ active: 1, pending: 1 }), 5_000);
  const returned: string[] = [];
  runtimeEvents().once('immich-bridge:files-returned', (paths: string[]) => returned.push(...paths));
  await helper.unload();
  expect(returned).toEqual([large.filename, small.filename]);
  expect(uploads).toEqual([]);
});

it('hands back a file that vanished, in case it is there again', async () => {
  const { node, uploads } = await load(await standIn());
  const file = await stableFile(join(tempFolder(), 'gone.jpg'), 'bytes');
  rmSync(file.path);
  const returned: string[] = [];
  runtimeEvents().once('immich-bridge:files-returned', (paths: string[]) => returned.push(...paths));
  node.receive({ topic: 'file/stable', payload: file });
  await vi.waitFor(() => expect(returned).toEqual([file.path]), 5_000);
  expect(uploads).toEqual([]);
});

describe('health on the input', () => {
  const report = (storage: boolean) => ({ topic: 'immich/health', payload: { alerts: { storage } } });

  it('holds the files while Immich wants rest, when that was chosen, and goes on by itself', async () => {
    const server = await standIn();
    const { uploads, lastState, node } = await load(server, { pressure: 'hold' });
    node.receive(report(true));
    node.receive(await photo());
    await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'backoff', pending: 1 }), 5_000);
    expect(server.assets).toEqual([]);
    node.receive(report(false));
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
  });

  it('changes nothing unless it was chosen', async () => {
    const server = await standIn();
    const { uploads, caught, node } = await load(server);
    node.receive(report(true));
    node.receive(await photo());
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
    expect(caught).toEqual([]);
  });
});

describe('what a flow says of a file', () => {
  const withWishes = async (upload: unknown, name?: string) => ({ ...(await photo(name)), upload });

  it.each(['v2', 'v3'] as const)('counts in place of the settings (Immich %s)', async (dialect) => {
    const server = await standIn({ dialect, permissions: ['all'] });
    const { uploads, node } = await load(server, { albums: 'All', tags: 'card/{session}' });
    node.receive(await withWishes({ albums: ['Lake'], favorite: true }));
    node.receive(await photo('b.jpg'));
    await vi.waitFor(() => expect(uploads).toHaveLength(2));
    expect(server.albums.map(({ name, assetIds }) => [name, assetIds.length]).sort()).toEqual([
      ['All', 1],
      ['Lake', 1],
    ]);
    expect(server.tags.find(({ value }) => value.startsWith('card/2'))?.assetIds).toHaveLength(2);
    expect(server.assets.map(({ fields }) => fields.isFavorite).sort()).toEqual(['true', undefined]);
    for (const { payload } of uploads) expect(payload).not.toHaveProperty('wishes');
  });

  it('goes to a Catch node in words when it cannot be done, and the file comes anew on command/retry', async () => {
    const server = await standIn();
    const { uploads, caught, obey, node } = await load(server);
    const handedBack: unknown[] = [];
    runtimeEvents().on('immich-bridge:files-returned', (paths) => handedBack.push(paths));
    const msg = await withWishes({ album: 'Lake' });
    node.receive(msg);
    await vi.waitFor(() => expect(caught).toHaveLength(1));
    expect(caught[0]).toMatchObject({
      error: { message: expect.stringContaining('msg.upload.album is not known') },
    });
    expect([uploads, server.assets]).toEqual([[], []]);
    expect(existsSync(String((msg.payload as { path: string }).path))).toBe(true);
    await obey('retry');
    expect(handedBack).toEqual([[(msg.payload as { path: string }).path]]);
  });

  it('is not taken from a payload', async () => {
    const server = await standIn();
    const { uploads, node } = await load(server);
    const msg = await photo();
    node.receive({ ...msg, payload: { ...(msg.payload as object), wishes: { albums: ['Lake'] } } });
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
    expect(server.albums).toEqual([]);
  });

  it('waits for a permission without holding up others, and is told once', async () => {
    const server = await standIn();
    const { uploads, caught, lastState, node } = await load(server);
    node.receive(await withWishes({ albums: ['Lake'] }));
    node.receive(await withWishes({ albums: ['Lake'] }, 'c.jpg'));
    node.receive(await photo('b.jpg'));
    await vi.waitFor(() => expect(uploads).toHaveLength(1));
    await vi.waitFor(() => expect(lastState()).toMatchObject({ state: 'backoff', pending: 2, failed: 0 }));
    expect(caught).toHaveLength(1);
    expect(caught[0]).toMatchObject({ error: { message: expect.stringContaining('"album.read"') } });
    expect(server.assets).toHaveLength(3);
  });
});

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';
import helper from 'node-red-node-test-helper';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseInstance } from '../../lib/mqtt/mqtt-topics.js';
import mqttBridge from '../../nodes/mqtt-bridge.js';
import { type Broker, type BrokerOptions, startBroker } from '../support/broker.js';
import { cert, key } from '../support/certificate.js';

helper.init(createRequire(import.meta.url).resolve('node-red'));
beforeAll(() => new Promise<void>((ok) => helper.startServer(ok)));
afterAll(() => new Promise<void>((ok) => helper.stopServer(ok)));

const PASSWORD = 'open-sesame-4711';
const at = { z: 'tab1', x: 1, y: 1 };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await helper.unload();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  vi.unstubAllEnvs();
});

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

/** Fails every message, as a node of a user might. */
function failing(RED: NodeAPI): void {
  RED.nodes.registerType('failing', function construct(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    this.on('input', (_msg, _send, done) =>
      done(Object.assign(new Error('Bad /photos/a.jpg'), { code: 'E7' })),
    );
  });
}

async function brokerWith(options: BrokerOptions = {}): Promise<Broker> {
  const broker = await startBroker(options);
  cleanups.push(() => broker.stop());
  return broker;
}

async function load(
  config: Record<string, unknown>,
  credentials: Record<string, string> = {},
  coreBroker: Record<string, unknown> = {},
  more: { id: string; type: string }[] = [],
) {
  const flow = [
    { id: 'tab1', type: 'tab', label: 'test' },
    { ...at, id: 'bad', type: 'failing', wires: [] },
    { ...at, id: 'catch', type: 'catch', scope: ['bad'], uncaught: false, wires: [['n']] },
    { ...at, id: 'n', type: 'mqtt-bridge', instance: 'Test 1', wires: [['commands']], ...config },
    { ...at, id: 'commands', type: 'helper', wires: [] },
    ...more.map((node) => ({ ...at, ...node, wires: [] })),
    { id: 'core', type: 'mqtt-broker', protocolVersion: '4', ...coreBroker },
    { ...at, id: 'complete', type: 'complete', scope: ['n'], wires: [['done']] },
    { ...at, id: 'done', type: 'helper', wires: [] },
    { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true },
  ];
  const core = ['05-tls', '10-mqtt'].map((name) =>
    createRequire(import.meta.url)(`@node-red/nodes/core/network/${name}.js`),
  );
  await helper.load([mqttBridge, failing, ...core], flow, {
    n: credentials,
    tls: { cadata: cert },
    core: { user: 'anna', password: PASSWORD },
  });
  return helper.getNode('n');
}

/** Everything that Node-RED showed or logged. */
const said = (): string =>
  inspect([helper.log().args, statuses()], { depth: 10, maxArrayLength: null, maxStringLength: null });

/** What the node showed so far; the helper replaces `status` by a spy. */
function statuses(): NodeStatus[] {
  const { status } = helper.getNode('n');
  return (status as typeof status & { args: [NodeStatus][] }).args.map(([shown]) => shown);
}

/** The events of one kind that the broker has. */
const eventsAt = (broker: Broker, kind = 'upload') =>
  broker.messages.filter(({ topic }) => topic.endsWith(`/event/${kind}`));

const uploaded = {
  path: '/photos/a.jpg',
  folder: '/photos',
  relativePath: 'a.jpg',
  sizeBytes: 12,
  sha1: 'a'.repeat(40),
  assetId: 'asset-1',
  uploadOutcome: 'created',
};

describe('mqtt-bridge', () => {
  it('publishes every event of the pipeline and of a Catch node, and nothing else', async () => {
    const broker = await brokerWith();
    const node = await load({ url: broker.url });
    node.receive({ topic: 'file/found', payload: uploaded });
    node.receive({ topic: 'upload/state', payload: { state: 'idle' } });
    node.receive({ topic: 'file/uploaded', filename: uploaded.path, payload: uploaded });
    node.receive({ topic: 'file/uploaded', payload: { ...uploaded, uploadOutcome: 'duplicate' } });
    node.receive({ topic: 'file/archived', payload: { ...uploaded, archivedTo: '/archive/a.jpg' } });
    node.receive({ payload: Buffer.from('garbage') });
    helper.getNode('bad').receive({ topic: 'file/stable', payload: uploaded });
    await soon(() => expect(eventsAt(broker)).toHaveLength(4));
    const [first, second] = broker.messages;
    const [events, archive] = [eventsAt(broker), eventsAt(broker, 'archive')];
    expect(first).toEqual({ topic: 'immich-bridge/test-1/status', payload: 'online', retain: true, qos: 1 });
    expect(second).toMatchObject({ topic: 'immich-bridge/test-1/info', retain: true });
    expect(archive.map(({ payload }) => JSON.parse(payload).event_type)).toEqual(['archived']);
    for (const { retain, qos } of [...events, ...archive])
      expect({ retain, qos }).toEqual({ retain: false, qos: 1 });
    const common = {
      v: 1,
      id: expect.any(String),
      ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      file: 'a.jpg',
      path: null,
      folder: 'photos',
      size_bytes: 12,
      sha1: 'a'.repeat(40),
      asset_id: 'asset-1',
      archived_to: null,
      reason_code: null,
      error: null,
    };
    expect(events.map(({ payload }) => JSON.parse(payload))).toMatchObject([
      { ...common, event_type: 'uploaded' },
      { ...common, event_type: 'duplicate' },
      { ...common, event_type: 'archived', archived_to: 'a.jpg' },
      { ...common, event_type: 'failed', reason_code: 'E7', error: 'Error: Bad a.jpg' },
    ]);
  });

  it('tells full paths when it is asked to, under the topic it is told', async () => {
    const broker = await brokerWith();
    const node = await load({ url: broker.url, detail: 'paths', baseTopic: 'home/photos' });
    node.receive({ topic: 'file/archived', payload: { ...uploaded, archivedTo: '/archive/a.jpg' } });
    await soon(() => expect(eventsAt(broker)).toHaveLength(1));
    expect(eventsAt(broker)[0]!.topic).toBe('home/photos/test-1/event/upload');
    expect(JSON.parse(eventsAt(broker)[0]!.payload)).toMatchObject({
      path: '/photos/a.jpg',
      archived_to: '/archive/a.jpg',
    });
  });

  it('says offline when the flow stops, and frees its name', async () => {
    const broker = await brokerWith();
    await load({ url: broker.url, instance: '' });
    await soon(() => expect(broker.clientIds()).toEqual([`immich-bridge-${parseInstance('')}-b79b7e`]));
    await helper.unload();
    const ends = [broker.messages[0], broker.messages.at(-1)];
    expect(ends.map((message) => message?.payload)).toEqual(['online', 'offline']);
    await soon(() => expect(broker.clientIds()).toEqual([]));
  });

  it('holds nobody up while the broker is away, and delivers later', async () => {
    const gone = await startBroker();
    await gone.stop();
    const node = await load({ url: gone.url });
    const finished = once(helper.getNode('done'), 'input');
    node.receive({ topic: 'file/uploaded', payload: uploaded });
    await finished;
    await soon(() =>
      expect(statuses().at(-1)).toMatchObject({ fill: 'yellow', text: 'mqtt-bridge.status.waiting' }),
    );
    const broker = await brokerWith({ port: gone.port });
    await soon(() => expect(eventsAt(broker)).toHaveLength(1));
    await soon(() =>
      expect(statuses().at(-1)).toMatchObject({ fill: 'green', text: 'mqtt-bridge.status.connected' }),
    );
  });

  it('keeps failures longest, and says how many events were lost', async () => {
    const gone = await startBroker();
    await gone.stop();
    const node = await load({ url: gone.url, queueSize: '3' });
    node.receive({ error: { message: 'Bad' }, payload: uploaded });
    for (let index = 0; index < 8; index += 1) node.receive({ topic: 'file/uploaded', payload: uploaded });
    await soon(() => expect(statuses().at(-1)?.text).toBe('mqtt-bridge.status.lost'));
    expect(said()).toContain('mqtt-bridge.log.queue-full');
    const broker = await brokerWith({ port: gone.port });
    await soon(() => expect(said()).toContain('mqtt-bridge.log.dropped'));
    const types = eventsAt(broker).map(({ payload }) => JSON.parse(payload).event_type);
    expect(types).toEqual(['failed', 'uploaded', 'uploaded']);
    await soon(() => expect(statuses().at(-1)?.fill).toBe('green'));
  });

  it.each(['', ['$', '{MQTT_URL}'].join('')])('does nothing without an address: %j', async (url) => {
    const node = await load({ url });
    const finished = once(helper.getNode('done'), 'input');
    node.receive({ topic: 'file/uploaded', payload: uploaded });
    await finished;
    expect(statuses().at(-1)).toEqual({ fill: 'grey', shape: 'ring', text: 'mqtt-bridge.status.no-broker' });
  });

  it.each([
    ['an address of another kind', { url: 'http://broker' }],
    ['a bad base topic', { url: '127.0.0.1', baseTopic: 'a/#' }],
    ['a bad prefix', { url: '127.0.0.1', discoveryPrefix: '/a' }],
    ['another detail', { url: '127.0.0.1', detail: 'everything' }],
    ['a broker node that is gone', { broker: 'nobody' }],
    ['no name of the instance', { url: '127.0.0.1', instance: '…' }],
    ['a queue of nothing', { url: '127.0.0.1', queueSize: '0' }],
    ['a TLS configuration that is gone', { url: '127.0.0.1', tls: 'nobody' }],
  ])('asks for other settings with %s', async (_, config) => {
    await load(config);
    expect(statuses()).toEqual([{ fill: 'red', shape: 'ring', text: 'mqtt-bridge.status.misconfigured' }]);
  });
});

describe("mqtt-bridge's login", () => {
  const authenticate = (username?: string, password?: string) => username === 'anna' && password === PASSWORD;
  const file = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'mqtt-bridge-'));
    cleanups.push(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
    writeFileSync(join(folder, 'password'), `${PASSWORD}\n`);
    return join(folder, 'password');
  };

  it.each([
    ['its own fields', '', { username: 'anna', password: PASSWORD }, {}],
    ['the environment', '', {}, { MQTT_USERNAME: 'anna', MQTT_PASSWORD: PASSWORD }],
    ['a file', '', { username: 'anna' }, { MQTT_PASSWORD_FILE: 'file' }],
    ['the address', `anna:${PASSWORD}@`, {}, { MQTT_PASSWORD: 'another' }],
    ['its own fields before the address', 'anna:wrong@', { password: PASSWORD }, {}],
  ])('comes from %s, and is shown nowhere', async (_, inUrl, credentials, env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value === 'file' ? file() : value);
    const broker = await brokerWith({ authenticate });
    const node = await load({ url: broker.url.replace('://', `://${inUrl}`) }, credentials);
    node.receive({ topic: 'file/uploaded', payload: uploaded });
    await soon(() => expect(eventsAt(broker)).toHaveLength(1));
    expect(inspect([said(), broker.messages])).not.toContain(PASSWORD);
    await helper.unload();
    expect(inspect(helper.log().args, { depth: 10 })).not.toContain(PASSWORD);
  });

  it('turns the node red when it is refused', async () => {
    const broker = await brokerWith({ authenticate: () => false });
    await load({ url: broker.url }, { username: 'anna', password: PASSWORD });
    await soon(() =>
      expect(statuses().at(-1)).toMatchObject({ fill: 'red', text: 'mqtt-bridge.status.login-refused' }),
    );
    expect(said()).toContain('mqtt-bridge.log.login-refused');
    expect(said()).not.toContain(PASSWORD);
  });

  it('needs a user', async () => {
    await load({ url: '127.0.0.1' }, { password: PASSWORD });
    expect(statuses().at(-1)).toMatchObject({ fill: 'red', text: 'mqtt-bridge.status.misconfigured' });
    expect(said()).toContain('MQTT_USERNAME');
    expect(said()).not.toContain(PASSWORD);
  });

  it('travels encrypted as soon as a TLS configuration is chosen', async () => {
    const broker = await brokerWith({ tls: { cert, key } });
    await load({ url: `127.0.0.1:${broker.port}`, tls: 'tls' });
    await soon(() => expect(broker.messages.length).toBeGreaterThan(0));
    expect(statuses().at(-1)?.fill).toBe('green');
  });
});

describe("a broker node of Node-RED's own", () => {
  const authenticate = (username?: string, password?: string) => username === 'anna' && password === PASSWORD;

  it('lends its address and login', async () => {
    const broker = await brokerWith({ authenticate });
    await load({ url: 'mqtt://127.0.0.1:1', broker: 'core' }, {}, { broker: '127.0.0.1', port: broker.port });
    await soon(() => expect(broker.clientIds()).toEqual(['immich-bridge-test-1-b79b7e']));
    expect(said()).not.toContain(PASSWORD);
  });

  it('lends its TLS configuration', async () => {
    const broker = await brokerWith({ authenticate, tls: { cert, key } });
    const core = { broker: '127.0.0.1', port: broker.port, usetls: true, tls: 'tls' };
    await load({ broker: 'core' }, {}, core);
    await soon(() => expect(broker.clientIds()).toEqual(['immich-bridge-test-1-b79b7e']));
  });
});

describe('commands', () => {
  it('leave by the output, and their answers come in by the input', async () => {
    const broker = await brokerWith();
    const node = await load({ url: broker.url });
    await soon(() => expect(broker.clientIds()).toHaveLength(1));
    await soon(() => expect(statuses().at(-1)?.fill).toBe('green'));
    const command = once(helper.getNode('commands'), 'input');
    await soon(() => expect(broker.messages.length).toBeGreaterThan(1));
    await broker.publish('immich-bridge/test-1/cmd/concurrency', '{"id":"q1","value":3}');
    expect((await command)[0]).toMatchObject({
      topic: 'command/concurrency',
      payload: 3,
      command: { id: 'q1' },
    });
    node.receive({
      topic: 'command/response',
      payload: { name: 'concurrency', id: 'q1', isOk: true, error: null },
    });
    await soon(() =>
      expect(broker.messages.at(-1)).toMatchObject({
        topic: 'immich-bridge/test-1/cmd/concurrency/response',
        payload: '{"v":1,"id":"q1","ok":true,"error":null}',
      }),
    );
  });
});

it('leaves a second bridge of the same name out, which would take back what the first one tells', async () => {
  const broker = await brokerWith();
  const copy = { id: 'copy', type: 'mqtt-bridge', url: broker.url, instance: 'Test 1' };
  await load({ url: broker.url }, {}, {}, [copy, { ...copy, id: 'other', instance: 'Test 2' }]);
  await soon(() => expect(broker.clientIds()).toHaveLength(2));
  expect(said()).toContain('is called "test-1" already');
  await helper.unload();
  await load({ url: broker.url });
  await soon(() => expect(broker.clientIds()).toEqual(['immich-bridge-test-1-b79b7e']));
});

it('says so when it cannot read what it remembers', async () => {
  const broker = await brokerWith();
  const userDir = mkdtempSync(join(tmpdir(), 'mqtt-bridge-'));
  cleanups.push(() => rmSync(userDir, { recursive: true, maxRetries: 10 }));
  mkdirSync(join(userDir, 'immich-bridge'));
  writeFileSync(join(userDir, 'immich-bridge/mqtt-n.json'), '{"half');
  helper.settings({ userDir });
  await load({ url: broker.url });
  await soon(() => expect(broker.clientIds()).toHaveLength(1));
  expect(said()).toContain('mqtt-bridge.log.memory-damaged');
});

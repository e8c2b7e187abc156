import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { NodeMessage } from 'node-red';
import type { TestFlows } from 'node-red-node-test-helper';
import { expect, it, onTestFinished, vi } from 'vitest';
import archiveMove from '../../nodes/archive-move.js';
import folderWatch from '../../nodes/folder-watch.js';
import gpuStats from '../../nodes/gpu-stats.js';
import immichHealth from '../../nodes/immich-health.js';
import immichServer from '../../nodes/immich-server.js';
import immichUpload from '../../nodes/immich-upload.js';
import mqttBridge from '../../nodes/mqtt-bridge.js';
import stableFile from '../../nodes/stable-file.js';
import { startBroker } from '../support/broker.js';
import { type Fault, proxyFaults } from '../support/immich-stand-in.js';
import { ON_TAB, runtimeEvents, useNodeRed } from '../support/node-red-helper.js';
import { projectRoot } from '../support/node-red-process.js';
import { standIn, tempFolder } from '../support/world.js';

const helper = useNodeRed();
const RED = createRequire(import.meta.url)('node-red') as typeof import('node-red');
const NODES = [immichServer, folderWatch, stableFile, immichUpload, archiveMove, mqttBridge];
const KEY = 'secret-api-key-4711';
const PASSWORD = 'secret-password-4712';

/** Everything that leaves a node: messages, statuses, log lines. */
function listen(): string[] {
  const emitted: string[] = [];
  const note = (thing: unknown) => emitted.push(inspect(thing, { depth: 12, showHidden: true }));
  const hook = 'onSend.secrets';
  RED.hooks.add(hook, (events: { msg: NodeMessage }[]) => {
    for (const { msg } of events) note(msg);
  });
  const events = runtimeEvents();
  events.on('node-status', note);
  RED.log.addHandler({ emit: (_name: string, line: unknown) => note(line) } as never);
  onTestFinished(() => {
    RED.hooks.remove(hook);
    events.off('node-status', note);
  });
  return emitted;
}

interface FlowNode {
  readonly type: string;
  readonly wires?: string[][];
}

/**
 * The pipeline of the shipped flow without core nodes, which this runtime does not load. Catch goes to MQTT,
 * and the outputs that the flow leaves open go to a sink, so that their messages are heard, too.
 */
function ownNodes(flow: FlowNode[]): FlowNode[] {
  const kept = [
    'tab',
    'immich-server',
    'folder-watch',
    'stable-file',
    'immich-upload',
    'archive-move',
    'mqtt-bridge',
  ];
  const own = flow.filter(({ type }) => kept.includes(type));
  const toSink = own.map((node) => ({
    ...node,
    wires: node.wires?.map((to) => (to.length > 0 ? to : ['sink'])),
  }));
  const toMqtt = flow
    .filter(({ type }) => type === 'catch')
    .map((node) => ({ ...node, wires: [['ib-mqtt']] }));
  return [
    ...toSink,
    ...toMqtt,
    { ...ON_TAB, z: 'immich-bridge-tab', id: 'sink', type: 'helper', wires: [] } as FlowNode,
  ];
}

const faults: [string, Fault | undefined][] = [
  ['all is well', undefined],
  ['the key is refused', { kind: 'answer', status: 401 }],
  ['a permission lacks', { kind: 'answer', status: 403 }],
  ['the server fails', { kind: 'answer', status: 500 }],
  ['a proxy answers', { kind: 'answer', status: 502, body: '<html>' }],
  ['a proxy finds it too large', proxyFaults.tooLarge(1)],
  ['the server sends it elsewhere', proxyFaults.redirect('http://127.0.0.1:1/')],
  ['the connection breaks', { kind: 'reset' }],
];

it.each(faults)('gives neither the key nor the password away when %s', async (_name, fault) => {
  const folder = tempFolder();
  const [inbox, archive] = [join(folder, 'inbox'), join(folder, 'archive')];
  mkdirSync(inbox);
  writeFileSync(join(inbox, 'photo.jpg'), 'a photo');
  const server = await standIn({ apiKey: KEY });
  if (fault) server.fail(fault);
  const broker = await startBroker({ authenticate: (_user, password) => password === PASSWORD });
  onTestFinished(() => broker.stop());
  vi.stubEnv('IMMICH_API_URL', server.url);
  vi.stubEnv('WATCH_DIRECTORIES', inbox);
  vi.stubEnv('ARCHIVE_DIRECTORY', archive);
  vi.stubEnv('FILE_STABILITY_WAIT_SECONDS', '0.1');
  vi.stubEnv('FILE_STABILITY_CHECK_INTERVAL', '0.05');
  vi.stubEnv('MQTT_URL', broker.url);
  onTestFinished(() => void vi.unstubAllEnvs());

  const emitted = listen();
  const flow = ownNodes(JSON.parse(readFileSync(join(projectRoot, 'flows/immich-bridge.json'), 'utf8')));
  const credentials = { 'ib-server': { apiKey: KEY }, 'ib-mqtt': { username: 'me', password: PASSWORD } };
  await helper.load(NODES, flow as TestFlows, credentials);
  const isSettled = (text: string) => /file\/archived|kind: '|code: '/.test(text);
  await vi.waitFor(() => expect(emitted.some(isSettled)).toBe(true), { timeout: 10_000 });
  await vi.waitFor(() => expect(broker.messages.length).toBeGreaterThan(0), { timeout: 10_000 });
  await helper.unload();

  const all = [...emitted, JSON.stringify(broker.messages)].join('\n');
  expect(all).toContain('photo.jpg');
  expect(all).not.toContain(KEY);
  expect(all).not.toContain(PASSWORD);
});

/** A GPU tool that answers what it is asked first, and then prints the secrets that it can find. */
function leakingTool(): string {
  const program = join(tempFolder(), 'nvidia-smi');
  const script = [
    '#!/bin/sh',
    'case "$*" in',
    "  *query-gpu*) printf '%s\\n' 'index, uuid, name, temperature.gpu' '0, GPU-7, Card, 46' ;;",
    `  *compute-apps*) printf '%s\\n' 'gpu_uuid, pid, used_gpu_memory [MiB], process_name' 'GPU-7, 9, 5 MiB, /bin/python --key=${KEY}' ;;`,
    '  *) env | grep secret; env >&2; exit 3 ;;',
    'esac',
  ];
  writeFileSync(program, script.join('\n'), { mode: 0o755 });
  return program;
}

const watching = (program: string) => {
  const toMqtt = [['mqtt'], ['mqtt']];
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { ...ON_TAB, id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['mqtt']] },
    { id: 'server', type: 'immich-server', url: '${IMMICH_API_URL}' },
    { ...ON_TAB, id: 'health', type: 'immich-health', server: 'server', downMinutes: '0', wires: toMqtt },
    { ...ON_TAB, id: 'gpu', type: 'gpu-stats', processes: 'encoder', nvidiaSmi: program, wires: toMqtt },
    { ...ON_TAB, id: 'mqtt', type: 'mqtt-bridge', url: '${MQTT_URL}', instance: 'test', wires: [['sink']] },
    { ...ON_TAB, id: 'sink', type: 'helper', wires: [] },
  ];
};

it.each(faults)('watches and gives neither away when %s', async (_name, fault) => {
  const server = await standIn({ apiKey: KEY, permissions: ['all'] });
  if (fault) server.fail({ ...fault, path: /^(?!.*ping)/ });
  const broker = await startBroker({ authenticate: (_user, password) => password === PASSWORD });
  onTestFinished(() => broker.stop());
  vi.stubEnv('IMMICH_API_URL', server.url);
  vi.stubEnv('IMMICH_API_KEY', KEY);
  vi.stubEnv('MQTT_URL', broker.url);
  vi.stubEnv('MQTT_USERNAME', 'me');
  vi.stubEnv('MQTT_PASSWORD', PASSWORD);
  onTestFinished(() => void vi.unstubAllEnvs());
  helper.settings({ userDir: tempFolder() });

  const emitted = listen();
  await helper.load([immichServer, immichHealth, gpuStats, mqttBridge], watching(leakingTool()));
  const isSaid = (pattern: RegExp) =>
    vi.waitFor(() => expect(emitted.some((text) => pattern.test(text))).toBe(true), { timeout: 10_000 });
  await isSaid(/isReachable: true/);
  await isSaid(/temperatureC: 46/);
  // What the tool said when it failed, without what it would have liked to say.
  await isSaid(/exit code 3/);
  server.fail({ kind: 'reset' });
  helper.getNode('health').receive({});
  await isSaid(/alert: 'down'/);
  await vi.waitFor(
    () => {
      const topics = broker.messages.map(({ topic }) => topic).join();
      for (const part of ['/gpu/gpu-7/state', '/server/state', '/event/server'])
        expect(topics).toContain(part);
    },
    { timeout: 10_000 },
  );
  await helper.unload();

  const all = [...emitted, JSON.stringify(broker.messages)].join('\n');
  expect(all).not.toContain(KEY);
  expect(all).not.toContain(PASSWORD);
});

it.each([`http://me:${PASSWORD}@nas/metrics`, `me:${PASSWORD}@nas:8091`, `http://me:@${PASSWORD}/@nas`])(
  'refuses a login in a metrics address, and does not repeat it: %#',
  async (metricsApi) => {
    const emitted = listen();
    const flow = watching('nvidia-smi').map((node) =>
      node.id === 'health' ? { ...node, metricsApi } : node,
    );
    await helper.load(
      [immichServer, immichHealth],
      flow.filter(({ id }) => id !== 'gpu' && id !== 'mqtt'),
    );
    await vi.waitFor(() => expect(emitted.join()).toContain('without a login'));
    helper.getNode('health').receive({});
    expect(emitted.join()).not.toContain(PASSWORD);
  },
);

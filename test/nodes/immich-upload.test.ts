import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NodeMessage } from 'node-red';
import { describe, expect, it, vi } from 'vitest';
import type { UploadState } from '../../lib/upload/upload-state.js';
import immichServer from '../../nodes/immich-server.js';
import immichUpload from '../../nodes/immich-upload.js';
import * as certificate from '../support/certificate.js';
import type { StandIn } from '../support/immich-stand-in.js';
import {
  collect,
  collectStatuses,
  ON_TAB,
  runtimeEvents,
  TAB_WITH_CATCH,
  useNodeRed,
} from '../support/node-red-helper.js';
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

async function load(server: StandIn, upload = {}, apiKey = server.apiKey) {
  await helper.load([immichServer, immichUpload], flow(server.url, upload), { server: { apiKey } });
  const uploads = collect('out');
  const states = collect('state');
  const caught = collect('caught');
  const lastState = () => states.at(-1)?.payload as UploadState | undefined;
  return { uploads, states, caught, lastState, node: helper.getNode('upload') };
}

async function photo(name = 'a.jpg', content = `bytes of ${name}`): Promise<NodeMessage> {
  const file = await stableFile(join(tempFolder(), name), content);
  return { topic: 'file/stable', filename: file.path, payload: file, album: 'kept' };
}

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

it('ignores commands for other nodes and answers a wrong number with a sentence', async () => {
  const { node, caught } = await load(await standIn());
  node.receive({ topic: 'command/rescan' });
  node.receive({ topic: 'command/concurrency', payload: 'many' });
  await vi.waitFor(() => expect(caught).toHaveLength(1));
  expect(caught[0]?.error).toMatchObject({ message: expect.stringContaining('a whole number from 1 to 16') });
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
    const { node, caught, lastState } = await load(await standIn(), {}, 'wrong');
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
  const { node, caught } = await load(server, {}, '');
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

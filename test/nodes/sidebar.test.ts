import { afterEach, expect, it, vi } from 'vitest';
import immichServer from '../../nodes/immich-server.js';
import immichUpload from '../../nodes/immich-upload.js';
import { ON_TAB, runtimeEvents, TAB_WITH_CATCH, useNodeRed } from '../support/node-red-helper.js';
import { stableFile, standIn, tempFolder } from '../support/world.js';

const helper = useNodeRed();
afterEach(() => vi.useRealTimers());

const flow = (url: string) => [
  ...TAB_WITH_CATCH,
  { id: 'server', type: 'immich-server', url },
  { ...ON_TAB, id: 'upload', type: 'immich-upload', server: 'server', wires: [['out'], ['state']] },
  { ...ON_TAB, id: 'out', type: 'helper', wires: [] },
  { ...ON_TAB, id: 'state', type: 'helper', wires: [] },
];

async function load() {
  const server = await standIn();
  await helper.load([immichServer, immichUpload] as never, flow(server.url), {
    server: { apiKey: server.apiKey },
  });
  return server;
}

const look = async () => (await helper.request().get('/immich-bridge/sidebar')).body;
const ask = (path: string, body: object = {}) => helper.request().post(`/immich-bridge/${path}`).send(body);

it('shows how things stand, and what was uploaded', async () => {
  const server = await load();
  const file = await stableFile(`${tempFolder()}/a.jpg`, 'a photo');
  helper.getNode('upload').receive({ topic: 'file/stable', payload: file });
  await vi.waitFor(async () => expect((await look()).stages.uploaded.passed).toBeGreaterThan(0));
  const view = await look();
  expect(view.files.at(-1)).toMatchObject({ name: 'a.jpg', stage: 'uploaded' });
  expect(view.files.at(-1).link).toBe(`${server.url}/photos/${server.assets[0]?.id}`);
  expect(JSON.stringify(view)).not.toContain(server.apiKey);
});

it('tells a failure with its reason, and tries the file again', async () => {
  const server = await load();
  const heal = server.fail({ kind: 'answer', status: 400, method: 'POST', path: '/api/assets' });
  const file = await stableFile(`${tempFolder()}/a.jpg`, 'a photo');
  helper.getNode('upload').receive({ topic: 'file/stable', payload: file });
  await vi.waitFor(async () => expect((await look()).failures).toHaveLength(1));
  const [failure] = (await look()).failures;
  expect(failure).toMatchObject({ name: 'a.jpg', reason: expect.stringMatching(/\.$/) });
  heal();
  await ask(`failures/${failure.id}/retry`).expect(200, { error: null });
  await vi.waitFor(() => expect(server.assets).toHaveLength(1));
  expect((await look()).failures).toEqual([]);
});

it('pauses and resumes, and says so', async () => {
  await load();
  await ask('pause', { isPaused: true }).expect(200);
  expect((await look()).uploaders).toMatchObject([{ node: 'upload', isPaused: true, state: 'paused' }]);
  await ask('pause', { isPaused: false }).expect(200);
  expect((await look()).uploaders).toMatchObject([{ isPaused: false }]);
});

it.each([
  ['a failure that is gone', 'failures/77/retry', 'This file is no longer among the failures.'],
  ['no number', 'failures/x/dismiss', 'This file is no longer among the failures.'],
])('refuses %s with a sentence', async (_, path, error) => {
  await load();
  await ask(path).expect(409, { error });
});

it('takes no form of another web page', async () => {
  await load();
  const answer = await helper.request().post('/immich-bridge/pause').type('form').send('isPaused=true');
  expect(answer.status).toBe(409);
  expect((await look()).uploaders).toMatchObject([{ isPaused: false }]);
});

it('says that nothing can be paused where nothing uploads', async () => {
  await helper.load([immichServer, immichUpload] as never, TAB_WITH_CATCH);
  await ask('pause', { isPaused: true }).expect(409, {
    error: 'There is no immich-upload node in the deployed flows.',
  });
});

it('tells changes while somebody looks, and nothing afterwards', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  await load();
  const told: unknown[] = [];
  const listen = ({ topic, data }: { topic: string; data: unknown }) => {
    if (topic === 'immich-bridge/sidebar') told.push(data);
  };
  runtimeEvents().on('comms', listen);
  await look();
  vi.advanceTimersByTime(6_000);
  expect(told).toHaveLength(0);
  await ask('pause', { isPaused: true });
  vi.advanceTimersByTime(1_000);
  expect(told.at(-1)).toMatchObject({ uploaders: [{ isPaused: true }] });
  vi.advanceTimersByTime(60_000);
  await ask('pause', { isPaused: false });
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(1);
  runtimeEvents().off('comms', listen);
});

import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { filesBelow } from '../support/files-below.js';
import { fixturePath, PHOTOS, VIDEOS, writeCut } from '../support/fixtures.js';
import { projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import {
  eventsOf,
  lastStatusOf,
  PATIENCE,
  type PipelineWorld,
  pipelineWorld,
  startShippedFlow,
} from '../support/pipeline-world.js';
import { sha1Of } from '../support/world.js';

const MEDIA = [...PHOTOS, ...VIDEOS];

/** Waits until just these files lie there: an original goes a moment after its copy in the archive is there. */
const isSettled = (here: PipelineWorld, { archive, inbox }: { archive: string[]; inbox: string[] }) =>
  vi.waitFor(
    () => expect([filesBelow(here.archive), filesBelow(here.inbox)]).toEqual([archive, inbox]),
    PATIENCE,
  );

it('brings every kind of photo and video from the folder to Immich to the archive, and tells of it', async () => {
  const here = await pipelineWorld();
  // Files of one base name would travel together.
  const media = MEDIA.map((fixture, index) => ({ fixture, name: `${index} ${fixture}` }));
  const bring = ({ fixture, name }: (typeof media)[number], folder = here.inbox) =>
    copyFileSync(fixturePath(fixture), join(folder, name));
  for (const one of media.slice(0, 5)) bring(one);
  await startShippedFlow(here);
  mkdirSync(join(here.inbox, 'camera/DCIM'), { recursive: true });
  for (const one of media.slice(5)) bring(one, join(here.inbox, 'camera/DCIM'));

  const archived = media.map(({ name }, index) => (index < 5 ? name : join('camera/DCIM', name))).sort();
  await isSettled(here, { archive: archived, inbox: [] });
  const stored = here.server.assets.map(({ fileName, sha1 }) => `${fileName} ${sha1}`).sort();
  expect(stored).toEqual(
    media.map(({ fixture, name }) => `${name} ${sha1Of(readFileSync(fixturePath(fixture)))}`).sort(),
  );
  await vi.waitFor(() => expect(eventsOf(here)).toHaveLength(2 * MEDIA.length), PATIENCE);
  expect(new Set(eventsOf(here).map(({ event_type }) => event_type))).toEqual(
    new Set(['uploaded', 'archived']),
  );
});

it('keeps a truncated video and an empty file where they are, and takes them when they are whole', async () => {
  const here = await pipelineWorld();
  const video = join(here.inbox, 'video.mp4');
  await writeCut(video, 'whole.mp4', 2_000);
  writeFileSync(join(here.inbox, 'empty.jpg'), '');
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['photo.jpg']), PATIENCE);
  expect(here.server.assets).toHaveLength(1);
  copyFileSync(fixturePath('whole.mp4'), video);
  await isSettled(here, { archive: ['photo.jpg', 'video.mp4'], inbox: ['empty.jpg'] });
});

it('carries every name through, however odd', async () => {
  const here = await pipelineWorld();
  const names = [
    'with blanks and "quotes".jpg',
    '100%20 of %s.jpg',
    'Ünïcode 📸.jpg',
    'line\nbreak.jpg',
    `${'é'.repeat(125)}.jpg`,
  ].sort();
  const photo = readFileSync(fixturePath('photo.jpg'));
  for (const name of names) writeFileSync(join(here.inbox, name), Buffer.concat([photo, Buffer.from(name)]));
  await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive).sort()).toEqual(names), PATIENCE);
  expect(here.server.assets.map(({ fileName }) => fileName).sort()).toEqual(names);
});

it('waits for a server that is down at the start, and goes on by itself', async () => {
  const here = await pipelineWorld();
  await here.server.goDown();
  for (const name of PHOTOS) copyFileSync(fixturePath(name), join(here.inbox, name));
  const nodeRed = await startShippedFlow(here);
  await vi.waitFor(() => expect(nodeRed.output()).toContain('refuses the connection'), PATIENCE);
  expect(filesBelow(here.archive)).toEqual([]);
  await here.server.comeUp();
  await vi.waitFor(() => expect(filesBelow(here.archive)).toHaveLength(PHOTOS.length), PATIENCE);
});

it('tells of a failure once and keeps the file', async () => {
  const here = await pipelineWorld({ apiKey: 'a-secret-key' });
  here.server.fail({ kind: 'answer', status: 413, path: '/api/assets', body: '<html>too large</html>' });
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  await startShippedFlow(here);
  await vi.waitFor(() => expect(eventsOf(here)).toHaveLength(1), PATIENCE);
  expect(eventsOf(here)[0]).toMatchObject({
    event_type: 'failed',
    file: 'photo.jpg',
    reason_code: 'too-large-for-proxy',
  });
  expect(filesBelow(here.inbox)).toEqual(['photo.jpg']);
});

it('uploads and archives while the broker cannot be reached', async () => {
  const here = await pipelineWorld();
  await here.broker.stop();
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['photo.jpg']), PATIENCE);
});

describe('stopping and dying', () => {
  it('stops cleanly when it is asked to', async () => {
    const here = await pipelineWorld({ readBytesPerSecond: 20_000 });
    writeFileSync(join(here.inbox, 'large.jpg'), Buffer.alloc(3_000_000, 1));
    const nodeRed = await startShippedFlow(here);
    await vi.waitFor(
      () => expect(here.server.requests.some(({ path }) => path === '/api/assets')).toBe(true),
      PATIENCE,
    );
    expect(await nodeRed.stop()).toBe(0);
    expect(filesBelow(here.inbox)).toEqual(['large.jpg']);
    expect(lastStatusOf(here)).toBe('offline');
  });

  it.each([
    ['waits for the file to stand still', { FILE_STABILITY_WAIT_SECONDS: '3' }, () => true],
    ['uploads', {}, (here: PipelineWorld) => here.server.requests.some(({ path }) => path === '/api/assets')],
    ['has uploaded and not yet archived', {}, (here: PipelineWorld) => here.server.assets.length > 0],
  ])('is killed while it %s: in the end each file is there exactly once', async (_stage, env, isReached) => {
    const here = await pipelineWorld({ readBytesPerSecond: 400_000 }, env);
    for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) {
      writeFileSync(join(here.inbox, name), Buffer.concat([Buffer.from(name), Buffer.alloc(300_000, 1)]));
    }
    const first = await startShippedFlow(here);
    await vi.waitFor(() => expect([isReached(here), lastStatusOf(here)]).toEqual([true, 'online']), {
      timeout: 20_000,
      interval: 5,
    });
    await first.kill();
    await vi.waitFor(() => expect(lastStatusOf(here)).toBe('offline'), PATIENCE);
    await startShippedFlow(here);
    await isSettled(here, { archive: ['a.jpg', 'b.jpg', 'c.jpg'], inbox: [] });
    expect(here.server.assets.map(({ fileName }) => fileName).sort()).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
  });
});

it.each(['ib-stable', 'ib-upload'])(
  'loses nothing when only %s is deployed anew while files are in its hand',
  async (id) => {
    const FILE_STABILITY_WAIT_SECONDS = id === 'ib-stable' ? '2' : '0.5';
    const here = await pipelineWorld({ readBytesPerSecond: 100_000 }, { FILE_STABILITY_WAIT_SECONDS });
    const nodeRed = await startShippedFlow(here);
    for (const name of ['a.jpg', 'b.jpg']) writeFileSync(join(here.inbox, name), Buffer.alloc(150_000, name));
    const isReached = () =>
      id === 'ib-stable' || here.server.requests.some(({ path }) => path === '/api/assets');
    await vi.waitFor(() => expect(nodeRed.output()).toContain('Started flows'), PATIENCE);
    await vi.waitFor(() => expect(isReached()).toBe(true), PATIENCE);
    const flow = (await (await fetch(`${nodeRed.url}/flows`)).json()) as { id: string; name?: string }[];
    const changed = flow.map((node) => (node.id === id ? { ...node, name: 'deployed anew' } : node));
    const headers = { 'content-type': 'application/json', 'Node-RED-Deployment-Type': 'nodes' };
    const answer = await fetch(`${nodeRed.url}/flows`, {
      method: 'POST',
      headers,
      body: JSON.stringify(changed),
    });
    expect(answer.status).toBe(204);
    await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['a.jpg', 'b.jpg']), PATIENCE);
    expect(here.server.assets).toHaveLength(2);
  },
);

it('takes a folder that was away for a moment while its files waited', async () => {
  const here = await pipelineWorld({}, { FILE_STABILITY_WAIT_SECONDS: '2' });
  const [card, away] = [join(here.inbox, 'card'), `${here.inbox}-away`];
  mkdirSync(card);
  for (const name of ['a.jpg', 'b.jpg']) writeFileSync(join(card, name), name);
  const nodeRed = await startShippedFlow(here);
  // Long enough for stable-file to have them in hand, as a rule; the files must arrive in any case.
  await setTimeout(800);
  renameSync(card, away);
  const isMissed = () => expect(nodeRed.output()).toContain('is no longer there');
  await vi.waitFor(isMissed, { timeout: 5_000 }).catch(() => undefined);
  renameSync(away, card);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['card/a.jpg', 'card/b.jpg']), PATIENCE);
});

it('takes up what a node with wrong settings refused, once it is repaired', async () => {
  const here = await pipelineWorld();
  const flowFile = join(projectRoot, 'flows/immich-bridge.json');
  const nodes = JSON.parse(readFileSync(flowFile, 'utf8')) as { id: string }[];
  const broken = nodes.map((node) => (node.id === 'ib-archive' ? { ...node, template: '{nope}' } : node));
  mkdirSync(here.userDir);
  writeFileSync(join(here.userDir, 'flows.json'), JSON.stringify(broken));
  writeFileSync(join(here.inbox, 'a.jpg'), 'a photo');
  const nodeRed = await startNodeRedProcess({ userDir: here.userDir, env: here.env });
  await vi.waitFor(() => expect(here.server.assets).toHaveLength(1), PATIENCE);
  await vi.waitFor(
    () => expect(eventsOf(here).map(({ event_type }) => event_type)).toContain('failed'),
    PATIENCE,
  );
  const headers = { 'content-type': 'application/json', 'Node-RED-Deployment-Type': 'nodes' };
  await fetch(`${nodeRed.url}/flows`, { method: 'POST', headers, body: readFileSync(flowFile) });
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['a.jpg']), PATIENCE);
});

it('leaves a file that outgrew MAX_FILE_SIZE_MB while it was written', async () => {
  const here = await pipelineWorld({}, { MAX_FILE_SIZE_MB: '1', FILE_STABILITY_WAIT_SECONDS: '1.5' });
  const growing = join(here.inbox, 'growing.jpg');
  writeFileSync(growing, 'small at first');
  const nodeRed = await startShippedFlow(here);
  await vi.waitFor(() => expect(nodeRed.output()).toContain('Started flows'), PATIENCE);
  appendFileSync(growing, Buffer.alloc(1_100_000, 1));
  await vi.waitFor(() => expect(nodeRed.output()).toMatch(/growing\.jpg.* left out/), PATIENCE);
  writeFileSync(join(here.inbox, 'other.jpg'), 'another');
  await isSettled(here, { archive: ['other.jpg'], inbox: ['growing.jpg'] });
});

it('gives the key away nowhere: not in logs, MQTT, exported flows or answers of the editor', async () => {
  const here = await pipelineWorld(
    { apiKey: 'secret-api-key-4711' },
    { MQTT_USERNAME: 'me', MQTT_PASSWORD: 'secret-pass-4711' },
  );
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  const nodeRed = await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['photo.jpg']), PATIENCE);
  here.server.fail({ kind: 'answer', status: 401 });
  copyFileSync(fixturePath('photo.png'), join(here.inbox, 'photo.png'));
  await vi.waitFor(() => expect(nodeRed.output()).toContain('API key'), PATIENCE);
  const pages = ['/flows', '/settings', '/nodes', '/credentials/immich-server/ib-server', '/diagnostics'];
  const answers = await Promise.all(pages.map(async (page) => (await fetch(nodeRed.url + page)).text()));
  const userDir = filesBelow(here.userDir).map((file) => readFileSync(join(here.userDir, file), 'utf8'));
  const emitted = [nodeRed.output(), ...answers, ...userDir, JSON.stringify(here.broker.messages)].join('\n');
  expect(emitted).toContain('photo.jpg');
  expect(emitted).not.toContain('secret-api-key-4711');
  expect(emitted).not.toContain('secret-pass-4711');
});

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FAKE_GPU, fakeNvidiaSmi } from '../support/fake-nvidia-smi.js';
import { filesBelow } from '../support/files-below.js';
import { fixturePath } from '../support/fixtures.js';
import { type NodeRedProcess, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { PATIENCE, type PipelineWorld, pipelineWorld } from '../support/pipeline-world.js';

const FLOWS = join(projectRoot, 'flows');

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly info?: string;
  readonly name?: string;
  readonly wires?: readonly (readonly string[])[];
  readonly [property: string]: unknown;
}

const read = (file: string) => JSON.parse(readFileSync(join(FLOWS, file), 'utf8')) as FlowNode[];

const start = ({ userDir, env }: PipelineWorld, file: string): Promise<NodeRedProcess> =>
  startNodeRedProcess({ userDir, env, flowFile: join(FLOWS, file) });

const drop = (here: PipelineWorld, name = 'photo.jpg', folder = '.') => {
  mkdirSync(join(here.inbox, folder), { recursive: true });
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, folder, name));
};

/** What must not be in a log. */
const complaints = ({ output }: NodeRedProcess) =>
  output()
    .split('\n')
    .filter((line) => /\[error\]|Waiting for missing types/.test(line));

describe.each(readdirSync(FLOWS).filter((name) => name.endsWith('.json')))('the example %s', (file) => {
  const nodes = read(file);
  const ids = new Set(nodes.map(({ id }) => id));

  it('says on its tab and beside its nodes what it is for', () => {
    const tabs = nodes.filter(({ type }) => type === 'tab');
    expect(tabs.length).toBeGreaterThan(0);
    for (const { info } of tabs) expect(info?.length).toBeGreaterThan(200);
    expect(
      nodes.filter(({ type, info }) => type === 'comment' || (info ?? '') !== '').length,
    ).toBeGreaterThan(0);
  });

  it('wires only what is there, and holds no secret', () => {
    const targets = nodes.flatMap(({ wires = [] }) => wires.flat());
    expect(targets.filter((id) => !ids.has(id))).toEqual([]);
    expect(ids.size).toBe(nodes.length);
    expect(nodes.filter((node) => 'credentials' in node)).toEqual([]);
  });
});

it('phone-folder: uploads, and leaves every photo where it is', async () => {
  const here = await pipelineWorld();
  drop(here, 'a.jpg', 'Camera');
  const nodeRed = await start(here, 'phone-folder.json');
  await vi.waitFor(() => expect(here.server.assets).toHaveLength(1), PATIENCE);
  drop(here, '.syncthing.b.jpg.tmp');
  copyFileSync(fixturePath('photo.png'), join(here.inbox, 'c.png'));
  await vi.waitFor(() => expect(here.server.assets).toHaveLength(2), PATIENCE);
  expect(filesBelow(here.inbox).sort()).toEqual(['.syncthing.b.jpg.tmp', 'Camera/a.jpg', 'c.png']);
  expect(complaints(nodeRed)).toEqual([]);
});

it('camera-card: sorts the originals by day, and says when the card is done', async () => {
  const here = await pipelineWorld();
  const nodeRed = await start(here, 'camera-card.json');
  drop(here, 'IMG_0001.JPG', 'DCIM/100CANON');
  await vi.waitFor(
    () =>
      expect(filesBelow(here.archive)).toEqual([expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/IMG_0001\.JPG$/)]),
    PATIENCE,
  );
  await vi.waitFor(
    () => expect(nodeRed.output()).toContain('1 files are in Immich and in the archive.'),
    PATIENCE,
  );
  expect(complaints(nodeRed)).toEqual([]);
});

it('function-hook: a Function node says for each file what becomes of it', async () => {
  const here = await pipelineWorld({ permissions: ['all'] });
  const nodeRed = await start(here, 'function-hook.json');
  // Other bytes each: Immich takes the same ones once.
  const files = {
    'PXL_1.jpg': '.',
    'GOPR2.jpg': 'best',
    'Screenshot 3.jpg': '.',
    'c.jpg': 'private',
    'd.jpg': '.',
  };
  for (const [name, folder] of Object.entries(files)) {
    mkdirSync(join(here.inbox, folder), { recursive: true });
    const photo = readFileSync(fixturePath('photo.jpg'));
    writeFileSync(join(here.inbox, folder, name), Buffer.concat([photo, Buffer.from(name)]));
  }
  await vi.waitFor(() => expect(filesBelow(here.archive)).toHaveLength(5), PATIENCE);
  const { assets, albums, tags } = here.server;
  const nameOf = (id: string) => assets.find((asset) => asset.id === id)?.fileName;
  const named = albums.map(({ name, assetIds }) => [name, [...assetIds].map(nameOf)]);
  expect(Object.fromEntries(named)).toEqual({ Pixel: ['PXL_1.jpg'], GoPro: ['GOPR2.jpg'] });
  expect(tags.map(({ value }) => value)).toEqual(['screenshots']);
  const shown = assets.map(({ fileName, visibility, fields }) => [fileName, [visibility, fields.isFavorite]]);
  expect(Object.fromEntries(shown)).toEqual({
    'PXL_1.jpg': ['timeline', undefined],
    'GOPR2.jpg': ['timeline', 'true'],
    'Screenshot 3.jpg': ['archive', undefined],
    'c.jpg': ['locked', undefined],
    'd.jpg': ['timeline', undefined],
  });
  expect(complaints(nodeRed)).toEqual([]);
});

it('notifications: sends failures to Telegram, with the name and the reason', async () => {
  const telegram = await telegramStandIn();
  const here = await pipelineWorld(
    {},
    { TELEGRAM_API_URL: telegram.url, TELEGRAM_BOT_TOKEN: '12:ab', TELEGRAM_CHAT_ID: '7' },
  );
  here.server.fail({ kind: 'answer', status: 400, method: 'POST', path: '/api/assets' });
  drop(here, 'a.jpg');
  const nodeRed = await start(here, 'notifications.json');
  await vi.waitFor(() => expect(telegram.messages).toHaveLength(1), PATIENCE);
  expect(telegram.messages[0]).toMatchObject({
    path: '/bot12:ab/sendMessage',
    body: { chat_id: '7', text: expect.stringContaining('a.jpg: ') },
  });
  expect(nodeRed.output()).not.toContain('12:ab');
});

it('gpu-aware: holds the uploads while the card is busy, and goes on when it is free', async () => {
  const gpu = fakeNvidiaSmi({ gpus: [{ ...FAKE_GPU, 'utilization.gpu': 97, 'utilization.encoder': 0 }] });
  const here = await pipelineWorld({}, { PATH: gpu.env.PATH ?? '' });
  const nodeRed = await start(here, 'gpu-aware.json');
  await vi.waitFor(async () => expect(await uploaderOf(nodeRed)).toBe('paused 0'), PATIENCE);
  drop(here);
  await vi.waitFor(async () => expect(await uploaderOf(nodeRed)).toBe('paused 1'), PATIENCE);
  expect(here.server.assets).toEqual([]);
  gpu.behave({ gpus: [{ ...FAKE_GPU, 'utilization.gpu': 3, 'utilization.encoder': 0 }] });
  await vi.waitFor(() => expect(here.server.assets).toHaveLength(1), PATIENCE);
  expect(complaints(nodeRed)).toEqual([]);
});

it('dashboard: serves its page and shows what goes on (needs @flowfuse/node-red-dashboard from npm)', async (test) => {
  const here = await pipelineWorld();
  mkdirSync(here.userDir, { recursive: true });
  const pack = '@flowfuse/node-red-dashboard@1';
  const options = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', pack];
  const fetched = await promisify(execFile)('npm', options, { cwd: here.userDir, timeout: 100_000 }).then(
    () => true,
    () => false,
  );
  if (!fetched) return test.skip('npm cannot fetch FlowFuse Dashboard');
  const nodeRed = await start(here, 'dashboard.json');
  drop(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['photo.jpg']), PATIENCE);
  const page = await fetch(`${nodeRed.url}/dashboard/immich`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<div id="app"');
  expect(complaints(nodeRed)).toEqual([]);
});

it('dashboard: is made of nodes that FlowFuse Dashboard has, each in a group of the page', () => {
  const nodes = read('dashboard.json');
  const ofDashboard = nodes.filter(({ type }) => type.startsWith('ui-'));
  const groups = ofDashboard.filter(({ type }) => type === 'ui-group').map(({ id }) => id);
  const known = [
    'ui-base',
    'ui-theme',
    'ui-page',
    'ui-group',
    'ui-chart',
    'ui-gauge',
    'ui-text',
    'ui-button',
  ];
  expect([...new Set(ofDashboard.map(({ type }) => type))].sort()).toEqual([...known].sort());
  const widgets = ofDashboard.filter(({ z }) => z !== undefined);
  expect(widgets.filter(({ group }) => !groups.includes(String(group)))).toEqual([]);
});

/** What the sidebar of the editor shows of the uploader. */
async function uploaderOf({ url }: NodeRedProcess): Promise<string> {
  const view = (await (await fetch(`${url}/immich-bridge/sidebar`)).json()) as {
    uploaders: { state: string }[];
    stages: { uploaded: { waiting: number } };
  };
  return `${view.uploaders[0]?.state} ${view.stages.uploaded.waiting}`;
}

/** Takes messages as Telegram does. */
async function telegramStandIn() {
  const messages: { path: string | undefined; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    messages.push({ path: request.url, body: JSON.parse(text) });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, messages };
}

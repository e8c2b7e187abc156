import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { filesBelow } from '../support/files-below.js';
import { fixturePath } from '../support/fixtures.js';
import { cleanEnvironment, projectRoot } from '../support/node-red-process.js';
import { standIn, tempFolder } from '../support/world.js';

/** Each test starts Node-RED at least once, on a machine that may be busy. */
vi.setConfig({ testTimeout: 180_000 });

const REAL = { IMMICH_API_URL: 'http://127.0.0.1:1', IMMICH_API_KEY: 'key' };
const PATIENCE = { timeout: 60_000, interval: 50 };

interface Launched {
  readonly child: ChildProcess;
  readonly folder: string;
  output(): string;
  /** Its exit code, once it has ended. */
  readonly exitCode: Promise<number | null>;
}

/** Runs the launcher in a folder of its own. */
function launch(env: Record<string, string>, folder = tempFolder()): Launched {
  const start = join(projectRoot, 'dist/bin/start.js');
  const child = spawn(process.execPath, [start], {
    cwd: folder,
    env: { ...cleanEnvironment(), PORT: '0', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  return { child, folder, output: () => output, exitCode };
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  'runs the main job without any setting, and stops cleanly on %s',
  async (signal) => {
    const { child, folder, output, exitCode } = launch({});
    await vi.waitFor(() => expect(output()).toContain('its original is in the archive'), PATIENCE);
    expect(output()).toContain('THIS RUNS ON A STAND-IN FOR IMMICH');
    expect(output()).toContain('sample.jpg is in Immich');
    expect(filesBelow(join(folder, 'photos'))).toEqual(['archive/sample.jpg']);
    const editor = /Editor +(http:\S+)/.exec(output())?.[1] ?? '';
    expect(await (await fetch(editor)).text()).toContain('Immich Bridge');
    child.kill(signal);
    expect(await exitCode).toBe(0);
  },
);

it('runs on a real Immich when it is told of one, with settings from .env, and makes missing folders', async () => {
  const server = await standIn();
  const folder = tempFolder();
  const settings = {
    IMMICH_API_URL: `${server.url}/api`,
    IMMICH_API_KEY: server.apiKey,
    WATCH_DIRECTORIES: 'new/one,new/two',
    ARCHIVE_DIRECTORY: 'new/archive',
    FILE_STABILITY_WAIT_SECONDS: '0.2',
    LOG_LEVEL: 'ERROR',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(folder, '.env'), lines.join('\n'));
  const { output } = launch({}, folder);
  await vi.waitFor(() => expect(output()).toContain('Put a photo into the watched folder'), PATIENCE);
  expect(output()).not.toContain('STAND-IN');
  expect(output()).not.toContain('[info]');
  expect(output()).not.toContain(server.apiKey);
  expect(existsSync(join(folder, 'new/one'))).toBe(true);
  copyFileSync(fixturePath('photo.png'), join(folder, 'new/two/photo.png'));
  await vi.waitFor(() => expect(filesBelow(join(folder, 'new/archive'))).toEqual(['photo.png']), PATIENCE);
  expect(server.assets).toHaveLength(1);
});

it('never puts a folder of the user before the stand-in, nor a sample over a file', async () => {
  const folder = tempFolder();
  const { output, exitCode } = launch({ WATCH_DIRECTORIES: folder });
  expect(await exitCode).toBe(1);
  expect(output()).toContain('IMMICH_API_URL: it is empty, though WATCH_DIRECTORIES is set');

  const home = tempFolder();
  mkdirSync(join(home, 'photos/inbox'), { recursive: true });
  writeFileSync(join(home, 'photos/inbox/sample.jpg'), 'my only copy');
  const second = launch({}, home);
  const archived = join(home, 'photos/archive/sample.jpg');
  await vi.waitFor(() => expect(existsSync(archived)).toBe(true), PATIENCE);
  expect(readFileSync(archived, 'utf8')).toBe('my only copy');
  second.child.kill('SIGTERM');
  await second.exitCode;
});

it('prints no login of a broker, and does a dry run that makes and moves nothing', async () => {
  const home = tempFolder();
  mkdirSync(join(home, 'photos/inbox'), { recursive: true });
  for (const name of ['a.heic', 'a.mov', 'a.xmp']) writeFileSync(join(home, 'photos/inbox', name), name);
  const env = { MQTT_URL: 'me:secret-pass@127.0.0.1:1', DRY_RUN: 'true', VERIFY_VIDEO_INTEGRITY: 'false' };
  const { output } = launch({ ...env, FILE_STABILITY_WAIT_SECONDS: '0.2' }, home);
  await vi.waitFor(() => expect(output()).toContain('Nothing was sent or moved.'), PATIENCE);
  expect(output()).not.toContain('secret-pass');
  expect(output()).toContain('DRY_RUN IS SET');
  expect(output()).toContain('inbox/a.heic would become a live photo with the video a.mov');
  expect(output()).toMatch(/a\.xmp would go to \S+archive\/a\.xmp/);
  expect(filesBelow(join(home, 'photos')).sort()).toEqual(['inbox/a.heic', 'inbox/a.mov', 'inbox/a.xmp']);
  expect(existsSync(join(home, 'photos/archive'))).toBe(false);
});

it('keeps a flow that was changed in the editor', async () => {
  const folder = tempFolder();
  const flow = [{ id: 'mine', type: 'tab', label: 'My own flow' }];
  const first = launch({}, folder);
  await vi.waitFor(() => expect(first.output()).toContain('Started flows'), PATIENCE);
  first.child.kill('SIGTERM');
  await first.exitCode;
  writeFileSync(join(folder, '.immich-bridge/flows.json'), JSON.stringify(flow));
  const second = launch({}, folder);
  await vi.waitFor(() => expect(second.output()).toContain('Started flows'), PATIENCE);
  const editor = /Editor +(http:\S+)/.exec(second.output())?.[1] ?? '';
  expect(await (await fetch(`${editor}flows`)).json()).toMatchObject(flow);
});

it('takes a login for the editor from the user’s own settings.js, and says when that cannot be read', async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, '.immich-bridge'));
  const file = join(folder, '.immich-bridge/settings.js');
  writeFileSync(file, 'module.exports = { uiPort: 1, adminAuth: { type: "credentials", users: [] } };');
  const { output } = launch({}, folder);
  await vi.waitFor(() => expect(output()).toContain('Started flows'), PATIENCE);
  const editor = /Editor +(http:\S+)/.exec(output())?.[1] ?? '';
  expect((await fetch(`${editor}flows`)).status).toBe(401);
  expect((await fetch(editor)).status).toBe(200);

  const broken = tempFolder();
  mkdirSync(join(broken, '.immich-bridge'));
  writeFileSync(join(broken, '.immich-bridge/settings.js'), 'module.exports = {');
  const second = launch({}, broken);
  expect(await second.exitCode).toBe(1);
  expect(second.output()).toContain('settings.js cannot be loaded: ');
});

it.each([
  [{ IMMICH_API_URL: 'http://127.0.0.1:1' }, 'IMMICH_API_KEY: it is empty'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: "loud" does not work here'],
  [{ PORT: 'eighty' }, 'PORT: "eighty" does not work here'],
  [
    { ...REAL, WATCH_DIRECTORIES: '/dev/null/inbox' },
    'WATCH_DIRECTORIES: the folder /dev/null/inbox is missing and cannot be made',
  ],
  [{ ...REAL, ARCHIVE_DIRECTORY: '/dev/null/archive' }, 'ARCHIVE_DIRECTORY: the folder'],
])('answers %j with a sentence and ends', async (env, sentence) => {
  const { output, exitCode } = launch(env);
  expect(await exitCode).toBe(1);
  expect(output()).toContain(sentence);
  expect(output()).not.toMatch(/\n\s+at /);
});

it('says so when its port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const { output, exitCode } = launch({ PORT: port });
  expect(await exitCode).toBe(1);
  expect(output()).toContain(`PORT: ${port} is in use`);
});

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { runCommand } from '../support/command.js';
import { filesBelow } from '../support/files-below.js';
import { cleanEnvironment, nodeRedDir, projectRoot } from '../support/node-red-process.js';
import { standIn, tempFolder } from '../support/world.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A user without rights on all Linuxes that have one. */
const NOBODY = 65_534;

let place: string;
let program: string;

/** The package as it is installed from its tarball, without Node-RED. */
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'immich-bridge-packed-'));
  // Other users run it, too.
  chmodSync(place, 0o755);
  const npm = (args: string[], cwd: string) =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  const packed = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', place], projectRoot);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  writeFileSync(join(place, 'package.json'), '{"name":"place","private":true}');
  npm(['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', join(place, filename)], place);
  program = join(place, 'node_modules/.bin/immich-bridge');
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 10 }));

/** Folders and a server for one test. */
async function world() {
  const cwd = tempFolder();
  const [inbox, archive] = [join(cwd, 'inbox'), join(cwd, 'archive')];
  for (const folder of [inbox, archive]) mkdirSync(folder);
  const server = await standIn({ permissions: ['all'] });
  const env = {
    IMMICH_API_URL: server.url,
    IMMICH_API_KEY: server.apiKey,
    WATCH_DIRECTORIES: inbox,
    ARCHIVE_DIRECTORY: archive,
  };
  return { cwd, inbox, archive, server, env };
}

it('verifies, a test picture included', async () => {
  const { cwd, env, server } = await world();
  const { code, stdout } = await runCommand(['verify'], { cwd, env, program });
  expect(code).toBe(0);
  expect(stdout).toContain('uploaded and proven');
  expect(server.assets).toEqual([]);
});

it('migrates', async () => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, '.env'), 'IMMICH_API_URL=http://immich:2283/api\n');
  expect((await runCommand(['migrate'], { cwd, program })).stdout).toContain(
    'IMMICH_API_URL=http://immich:2283\n',
  );
});

it('says what to do where there is no Node-RED, or no Immich', async () => {
  const { cwd, env } = await world();
  const alone = await runCommand([], { cwd, env, program });
  expect(alone.code).toBe(1);
  expect(alone.stderr).toContain('Node-RED is not installed beside this package.');
  expect(alone.stderr).not.toMatch(/\n\s+at /);
});

it('starts the Node-RED that is installed beside it', async () => {
  const { cwd, env, inbox, archive } = await world();
  const link = join(place, 'node_modules/node-red');
  symlinkSync(nodeRedDir, link);
  onTestFinished(() => rmSync(link));
  const nothing = await runCommand(['start'], { cwd: tempFolder(), program });
  expect(nothing.stderr).toContain('IMMICH_API_URL: it is not set.');

  writeFileSync(join(inbox, 'a.jpg'), 'a photo');
  const quick = { PORT: '0', FILE_STABILITY_WAIT_SECONDS: '0.2' };
  const child = spawn(process.execPath, [program, 'start'], {
    cwd,
    env: { ...cleanEnvironment(), ...env, ...quick },
    stdio: 'ignore',
  });
  const gone = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  await vi.waitFor(() => expect(filesBelow(archive)).toEqual(['a.jpg']), { timeout: 60_000, interval: 100 });
  child.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
});

it('names a folder that its user cannot read or write', async (ctx) => {
  if (process.getuid?.() !== 0)
    return ctx.skip('only root can become another user; others are tried without');
  const { cwd, env, inbox, archive } = await world();
  const closed = join(inbox, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  for (const folder of [cwd, inbox]) chmodSync(folder, 0o755);
  const verify = () => runCommand(['verify'], { cwd, env, program, uid: NOBODY });
  const first = await verify().catch((error: NodeJS.ErrnoException) => error);
  if (first instanceof Error) return ctx.skip(`this Node.js cannot be run by another user (${first.code})`);
  expect(first.stdout).toContain(`${closed} cannot be read`);
  expect(first.stdout).toContain('nothing can be written there (EACCES)');
  chownSync(closed, NOBODY, NOBODY);
  chownSync(archive, NOBODY, NOBODY);
  const second = await verify();
  expect(second.stdout).toContain(`nothing may be moved out of ${inbox}`);
  chownSync(inbox, NOBODY, NOBODY);
  expect((await verify()).code).toBe(0);
});

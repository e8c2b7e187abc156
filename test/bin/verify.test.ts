import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startBroker } from '../support/broker.js';
import { cert, key } from '../support/certificate.js';
import { type CommandOptions, runCommand } from '../support/command.js';
import { type Dialect, proxyFaults, type StandIn, type StandInOptions } from '../support/immich-stand-in.js';
import { cleanEnvironment, projectRoot } from '../support/node-red-process.js';
import { standIn, tempFolder } from '../support/world.js';

/** Each test starts some processes, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000 });

interface Result {
  readonly area: string;
  readonly check: string;
  readonly result: string;
  readonly found: string;
  readonly advice: string | null;
}

interface VerifyWorld {
  readonly server: StandIn;
  readonly options: CommandOptions & { readonly env: Record<string, string> };
}

/** Folders, a stand-in and the settings that name them. */
async function world(given: StandInOptions = {}, env: Record<string, string> = {}): Promise<VerifyWorld> {
  const cwd = tempFolder();
  for (const name of ['inbox', 'archive', 'tmp']) mkdirSync(join(cwd, name));
  const server = await standIn({ permissions: ['asset.upload', 'asset.delete'], ...given });
  const own = {
    IMMICH_API_URL: server.url,
    IMMICH_API_KEY: server.apiKey,
    WATCH_DIRECTORIES: 'inbox',
    ARCHIVE_DIRECTORY: 'archive',
    TMPDIR: join(cwd, 'tmp'),
  };
  return { server, options: { cwd, env: { ...own, ...env } } };
}

/** Runs it with --json; the results by what was checked. */
async function results({ options }: VerifyWorld, ...args: string[]) {
  const { code, stdout, stderr } = await runCommand(['verify', '--json', ...args], options);
  expect(stderr).toBe('');
  const { exitCode, results: list } = JSON.parse(stdout) as { exitCode: number; results: Result[] };
  expect(exitCode).toBe(code);
  const of = (check: string) => list.find((result) => result.check === check);
  return { code, list, of, problems: list.filter(({ result }) => result === 'problem') };
}

describe.each<Dialect>(['v2', 'v3'])('verify against Immich in %s', (dialect) => {
  it('finds nothing wrong where all is well, and leaves nothing behind', async () => {
    const here = await world({ dialect });
    writeFileSync(join(here.options.cwd, 'inbox/a.jpg'), 'a photo');
    const { code, problems, of } = await results(here);
    expect([code, problems]).toEqual([0, []]);
    expect(of('a test picture')).toMatchObject({
      result: 'ok',
      found: expect.stringContaining('deleted for good'),
    });
    expect(of(join(here.options.cwd, 'inbox'))?.found).toBe('1 folder, 1 file (0 kB)');
    expect(here.server.assets).toEqual([]);
    expect(here.server.orphans).toBe(0);
    expect(readdirSync(join(here.options.cwd, 'archive'))).toEqual([]);
    expect(leftovers(here)).toEqual([]);
    const uploads = here.server.requests.filter(
      ({ method, path }) => `${method} ${path}` === 'POST /api/assets',
    );
    expect(uploads).toHaveLength(1);
  });

  it('tells a wrong key from a missing permission', async () => {
    const wrong = await world({ dialect }, { IMMICH_API_KEY: 'no-such-key' });
    const refused = await results(wrong);
    expect(refused.code).toBe(1);
    expect(refused.of('API key')).toMatchObject({
      result: 'problem',
      found: expect.stringContaining('does not accept the API key'),
    });

    const poor = await results(await world({ dialect, permissions: ['server.storage'] }));
    expect(poor.of('asset.upload')).toMatchObject({
      result: 'problem',
      found: 'The API key lacks the permission "asset.upload". Add it to the key in Immich.',
    });
    expect(poor.of('a test picture')?.result).toBe('not tested');
  });

  it('says what the key may do and what more would show', async () => {
    const { of } = await results(await world({ dialect, permissions: ['asset.upload', 'server.storage'] }));
    expect(of('server.storage')?.found).toBe('given: immich health sees how full the disk is');
    expect(of('user.read')?.found).toBe('not given: would show the quota of its user');
  });

  it('sends no picture that it could not remove, unless it is told to', async () => {
    const here = await world({ dialect, permissions: ['asset.upload'] });
    const careful = await results(here);
    expect(careful.of('a test picture')).toMatchObject({
      result: 'not tested',
      advice: expect.stringContaining('--upload'),
    });
    expect(careful.code).toBe(0);
    expect(here.server.assets).toEqual([]);
    const told = await results(here, '--upload');
    const [asset] = here.server.assets;
    expect(told.of('a test picture')).toMatchObject({
      result: 'warning',
      advice: `${asset?.fileName} is in Immich: delete it there, and empty the trash.`,
    });
    expect((await results(here, '--no-upload')).of('a test picture')?.found).toBe('left out, as asked');
    expect(here.server.assets).toHaveLength(1);
  });

  it('says what a proxy does not let through, and leaves nothing behind', async () => {
    const here = await world({ dialect });
    here.server.fail(proxyFaults.tooLarge(100_000));
    expect((await results(here)).code).toBe(0);
    const { code, of } = await results(here, '--size-mb', '2');
    expect(code).toBe(1);
    expect(of('a test picture')?.found).toMatch(/^immich-bridge-test-\w+\.gif is larger than the proxy/);
    expect(here.server.assets).toEqual([]);
  });

  it('removes a picture of which the answer was lost, and one that was changed on the way', async () => {
    const lost = await world({ dialect });
    lost.server.fail({ kind: 'reset', path: '/api/assets', method: 'POST', takesEffect: true });
    expect((await results(lost)).of('a test picture')?.result).toBe('problem');
    expect(lost.server.assets).toEqual([]);

    const changed = await world({ dialect });
    changed.server.fail({ kind: 'corrupt' });
    const { of } = await results(changed);
    expect(of('a test picture')?.found).toContain('Immich stored something else than');
  });

  it('does not take a full quota for a good end', async () => {
    const { of } = await results(await world({ dialect, quotaBytes: 10 }));
    expect(of('a test picture')).toMatchObject({
      result: 'problem',
      found: expect.stringContaining('Immich is full'),
    });
  });
});

it('tells a web page, a closed port, a wrong address and a strange certificate apart', async () => {
  const portal = await world();
  portal.server.fail(proxyFaults.captivePortal());
  expect((await results(portal)).of(portal.server.url)?.found).toContain('a web page instead of Immich');
  const down = await world();
  await down.server.goDown();
  const { of, code, list } = await results(down);
  expect(of(down.server.url)?.found).toContain(
    'refuses the connection: is Immich running, and is the port right?',
  );
  expect(code).toBe(1);
  expect(list.find(({ check }) => check === 'API key')?.result).toBe('not tested');
  const odd = await results(await world({}, { IMMICH_API_URL: 'ftp://photos.lan' }));
  expect(odd.problems.map(({ found }) => found)).toEqual([
    expect.stringContaining('only http:// or https://'),
  ]);
  const tls = await world({ tls: { cert, key } });
  expect((await results(tls)).of(tls.server.url)).toMatchObject({
    found: expect.stringContaining('is not trusted'),
    advice: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
});

it('trusts a certificate authority that the environment names, and says how long the certificate holds', async () => {
  const here = await world({ tls: { cert, key } });
  const file = join(here.options.cwd, 'ca.pem');
  writeFileSync(file, cert);
  const env = { ...here.options.env, NODE_EXTRA_CA_CERTS: file };
  const { of } = await results({ ...here, options: { ...here.options, env } });
  expect(of('certificate')).toMatchObject({ result: 'ok', found: 'trusted, until 2126-10-28' });
});

it('says which folders are missing, no folders, or the archive itself', async () => {
  const here = await world({}, { WATCH_DIRECTORIES: 'inbox,gone,file,archive/below' });
  writeFileSync(join(here.options.cwd, 'file'), '');
  mkdirSync(join(here.options.cwd, 'archive/below'));
  const { of, code } = await results(here);
  const found = (name: string) => of(join(here.options.cwd, name))?.found;
  expect(code).toBe(1);
  expect(found('inbox')).toBe('1 folder, 0 files (0 kB)');
  expect(found('gone')).toBe('is missing');
  expect(found('file')).toBe('this is a file, not a folder');
  expect(found('archive/below')).toBe('is the archive, or lies in it: it is not watched');
});

it('reads .env as npm start does, and each setting as the nodes do', async () => {
  const here = await world();
  const { cwd, env } = here.options;
  const lines = { ...env, UPLOAD_CONCURRENCY: '99', MAX_FILE_SIZE_MB: 'huge', WATCH_RECURSIVE: 'perhaps' };
  writeFileSync(
    join(cwd, '.env'),
    Object.entries(lines)
      .map((line) => line.join('='))
      .join('\n'),
  );
  const { problems } = await results({ ...here, options: { cwd, env: {} } });
  expect(problems.map(({ check }) => check).sort()).toEqual([
    'MAX_FILE_SIZE_MB',
    'UPLOAD_CONCURRENCY',
    'WATCH_RECURSIVE',
  ]);
});

it('says what is missing when nothing is set', async () => {
  const { of, code } = await results({ server: await standIn(), options: { cwd: tempFolder(), env: {} } });
  expect(code).toBe(1);
  expect(of('IMMICH_API_URL')?.found).toBe('is not set');
  expect(of('MQTT_URL')?.result).toBe('ok');
});

it('tries the broker, and prints a table without any secret', async () => {
  const broker = await startBroker({
    authenticate: (user, password) => user === 'me' && password === 'mqtt-secret',
  });
  onTestFinished(() => broker.stop());
  const here = await world(
    {},
    { MQTT_URL: broker.url.replace('//', '//me:mqtt-secret@'), MQTT_INSTANCE: 'nas' },
  );
  const { code, stdout, stderr } = await runCommand(['verify'], here.options);
  expect(code).toBe(0);
  expect(stdout).toContain('publish');
  expect(stdout).toContain('works below immich-bridge/nas/');
  expect(stdout).toContain('No problem found');
  expect(stdout).toContain('\nFolders\n  ok  ');

  const wrong = {
    ...here.options,
    env: { ...here.options.env, MQTT_URL: broker.url, MQTT_USERNAME: 'me', MQTT_PASSWORD: 'wrong-secret' },
  };
  const refused = await runCommand(['verify'], wrong);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('refuses the login');
  const printed = stdout + stderr + refused.stdout + refused.stderr;
  for (const secret of [here.server.apiKey, 'mqtt-secret', 'wrong-secret'])
    expect(printed).not.toContain(secret);
});

it('does not hang on a server that takes a connection and says nothing', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  onTestFinished(() => void mute.close());
  const address = mute.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const { of } = await results(await world({}, { MQTT_URL: `mqtt://127.0.0.1:${port}` }));
  expect(of(`mqtt://127.0.0.1:${port}`)?.found).toContain('does not answer as a broker does');
});

it('removes its picture when it is interrupted', async () => {
  const here = await world({ readBytesPerSecond: 200_000 });
  const program = join(projectRoot, 'dist/bin/immich-bridge.js');
  const { cwd, env } = here.options;
  const child = spawn(process.execPath, [program, 'verify', '--size-mb', '20'], {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const isSending = () =>
    here.server.requests.some(({ method, path }) => `${method} ${path}` === 'POST /api/assets');
  await vi.waitFor(() => expect(isSending()).toBe(true));
  child.kill('SIGINT');
  expect(await ended).toEqual([1, null]);
  expect(leftovers(here)).toEqual([]);
  expect(here.server.assets).toEqual([]);
});

it.each([
  [['verify', '--nope'], "Unknown option '--nope'"],
  [['verify', '--upload', '--no-upload'], 'Choose --upload or --no-upload'],
  [['verify', '--size-mb', 'big'], '--size-mb: "big" does not work here'],
  [['nope'], 'There is no command "nope"'],
  [['start', '--port', '1'], 'start takes its settings from the environment'],
  [['migrate', 'a', 'b'], 'migrate reads one file'],
])('answers %j with a sentence, the usage and code 2', async (args, sentence) => {
  const { code, stderr, stdout } = await runCommand(args, { cwd: tempFolder() });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(sentence);
  expect(stderr).toContain('Usage: immich-bridge');
});

it('prints help and version', async () => {
  const cwd = tempFolder();
  expect((await runCommand(['--help'], { cwd })).stdout).toContain('Usage: immich-bridge [command]');
  expect((await runCommand(['--version'], { cwd })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

/** What a command left in the folder for temporary files. */
function leftovers({ options }: VerifyWorld): string[] {
  return readdirSync(join(options.cwd, 'tmp'));
}

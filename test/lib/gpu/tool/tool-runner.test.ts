import { ChildProcess, type spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startTool } from '../../../../lib/gpu/tool/tool-process.js';
import { createToolRunner, type ToolRunnerOptions } from '../../../../lib/gpu/tool/tool-runner.js';
import { type FakeBehaviour, fakeNvidiaSmi, isAlive } from '../../../support/fake-nvidia-smi.js';
import { tempFolder } from '../../../support/world.js';

/** A runner of the fake that is ended after the test. */
function runnerOf(behaviour: FakeBehaviour, options: Partial<ToolRunnerOptions> = {}) {
  const fake = fakeNvidiaSmi(behaviour);
  const ending = new AbortController();
  const runner = createToolRunner({
    program: 'nvidia-smi',
    env: fake.env,
    signal: ending.signal,
    ...options,
  });
  onTestFinished(async () => {
    ending.abort();
    await runner.close();
    for (const { pid } of fake.calls()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { fake, runner, ending };
}

describe('a tool', () => {
  it('is found on PATH, and its output comes back with its exit code', async () => {
    const { runner } = runnerOf({ says: 'hello °\n', exitCode: 9 });
    expect(await runner.run(['-L'])).toMatchObject({ text: 'hello °\n', stderr: '', exitCode: 9 });
  });

  it('speaks English whatever the user speaks, and goes through no shell', async () => {
    const folder = tempFolder();
    const program = join(folder, 'tool');
    writeFileSync(program, '#!/bin/sh\nprintf "%s|" "$LC_ALL" "$@"\n');
    chmodSync(program, 0o755);
    const { runner } = runnerOf({}, { program, env: { ...process.env, LC_ALL: 'de_DE.UTF-8' } });
    expect((await runner.run(['$(id)', 'a b'])).text).toBe('C|$(id)|a b|');
  });

  it('that takes too long is ended, and can be started again', async () => {
    const { fake, runner } = runnerOf({ hangs: true });
    await expect(runner.run([], 300)).rejects.toMatchObject({ kind: 'timeout', willPass: true });
    await vi.waitFor(() => expect(fake.calls().every(({ pid }) => !isAlive(pid))).toBe(true));
    fake.behave({ says: 'fine' });
    expect(await runner.run([])).toMatchObject({ text: 'fine' });
  });

  it('that ignores a polite request to end is ended too', async () => {
    const { fake, runner } = runnerOf({ hangs: true, ignoresTerm: true });
    await expect(runner.run([], 300)).rejects.toMatchObject({ kind: 'timeout' });
    await vi.waitFor(() => expect(fake.calls().every(({ pid }) => !isAlive(pid))).toBe(true));
  });

  it('is ended with what it started', async () => {
    const folder = tempFolder();
    const program = join(folder, 'wrapper');
    writeFileSync(program, `#!/bin/sh\nsleep 600 &\necho $! > ${folder}/pid\nwait\n`);
    chmodSync(program, 0o755);
    const { runner } = runnerOf({}, { program });
    await expect(runner.run([], 300)).rejects.toMatchObject({ kind: 'timeout' });
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  });

  it('that cannot be ended is told, and no second one is started while it lives', async () => {
    // A process in the kernel's hands cannot be made for a test: here the one who kills does nothing.
    const start: typeof startTool = (what, events) =>
      Object.assign(startTool(what, events), { kill: () => {} });
    const { fake, runner } = runnerOf({ hangs: true }, { start, reapMs: 50 });
    await expect(runner.run([], 300)).rejects.toMatchObject({ kind: 'hung', willPass: false });
    for (let again = 0; again < 5; again += 1) {
      await expect(runner.run([], 300)).rejects.toMatchObject({ kind: 'hung' });
    }
    await vi.waitFor(() => expect(fake.calls()).toHaveLength(1));
    process.kill(fake.calls()[0]!.pid, 'SIGKILL');
    fake.behave({ says: 'fine' });
    await vi.waitFor(async () => expect(await runner.run([])).toMatchObject({ text: 'fine' }));
  });

  it('runs once at a time', async () => {
    const { fake, runner } = runnerOf({ says: 'fine', delayMs: 100 });
    const first = runner.run([]);
    await expect(runner.run([])).rejects.toMatchObject({ kind: 'busy' });
    expect(await first).toMatchObject({ text: 'fine' });
    expect(fake.calls()).toHaveLength(1);
  });

  it('that floods is ended', async () => {
    const { fake, runner } = runnerOf({ floods: true }, { maxLength: 100_000 });
    await expect(runner.run([])).rejects.toMatchObject({ kind: 'unreadable' });
    await vi.waitFor(() => expect(fake.calls().every(({ pid }) => !isAlive(pid))).toBe(true));
  });

  it('ends with the node', async () => {
    const { fake, runner, ending } = runnerOf({ hangs: true });
    const call = runner.run([]);
    await vi.waitFor(() => expect(fake.calls()).toHaveLength(1));
    ending.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await runner.close();
    expect(isAlive(fake.calls()[0]?.pid ?? 0)).toBe(false);
  });
});

it('is told no secret, however it would tell it on', async () => {
  const program = join(tempFolder(), 'tool');
  writeFileSync(program, '#!/bin/sh\nenv >&2\nexit 3\n');
  chmodSync(program, 0o755);
  const secrets = {
    IMMICH_API_KEY: 'secret-1',
    MQTT_PASSWORD: 'secret-2',
    NODE_RED_CREDENTIAL_SECRET: 'secret-3',
  };
  const { runner } = runnerOf({}, { program, env: { ...process.env, ...secrets, DISPLAY: ':7' } });
  const { stderr } = await runner.run([]);
  expect(stderr).toContain('DISPLAY=:7');
  expect(stderr).not.toContain('secret');
});

describe('a program that cannot be started', () => {
  it('for want of open files ends nothing but its own call', async () => {
    // Such a child has no output, and its error comes a moment later.
    const open = () => {
      const child = new ChildProcess();
      process.nextTick(() => child.emit('error', Object.assign(new Error('spawn'), { code: 'EMFILE' })));
      return child;
    };
    const start: typeof startTool = (what, events) => startTool(what, events, open as typeof spawn);
    const { runner } = runnerOf({ says: 'fine' }, { start });
    await expect(runner.run([])).rejects.toMatchObject({ kind: 'tool-failed', message: /EMFILE/ });
    await expect(runner.run([])).rejects.toMatchObject({ kind: 'tool-failed' });
  });

  it('is missing', async () => {
    const { runner } = runnerOf({}, { env: { PATH: tempFolder() }, usualFolders: [] });
    await expect(runner.run([])).rejects.toMatchObject({ kind: 'binary-missing' });
  });

  it('is found where PATH does not lead', async () => {
    const { fake, runner } = runnerOf({ says: 'fine' });
    const env = { PATH: process.env.PATH };
    const other = runnerOf({}, { program: 'nvidia-smi', env, usualFolders: [fake.folder] });
    expect(await other.runner.run([])).toMatchObject({ text: 'fine' });
    expect(await runner.run([])).toMatchObject({ text: 'fine' });
  });

  it.each<[string, string, number]>([
    ['may not be started', '#!/bin/sh\n', 0o644],
    ['needs a loader that is not there', '#!/lib/ld-of-another-system.so\n', 0o755],
    ['is no program', '', 0o644],
  ])('%s', async (_, content, mode) => {
    const program = join(tempFolder(), 'nvidia-smi');
    writeFileSync(program, content);
    chmodSync(program, mode);
    const { runner } = runnerOf({}, { program });
    await expect(runner.run([])).rejects.toMatchObject({ kind: 'binary-not-runnable' });
  });
});

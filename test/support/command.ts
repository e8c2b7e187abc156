import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cleanEnvironment, projectRoot } from './node-red-process.js';

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** Of the command line that is run; the built one of the project by default. */
  readonly program?: string;
  /** What is piped in. */
  readonly input?: string;
  readonly uid?: number;
  /** Told of the process as soon as it runs. */
  readonly onStart?: (pid: number) => void;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `immich-bridge` in a process of its own, with no settings but those given, and waits for its end. */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<Ended> {
  const {
    cwd,
    env = {},
    program = join(projectRoot, 'dist/bin/immich-bridge.js'),
    input = '',
    uid,
  } = options;
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.pid !== undefined) options.onStart?.(child.pid);
  child.stdin.on('error', () => {}); // It may end before it has read all.
  child.stdin.end(input);
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const pieces: string[] = [];
    stream.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
    return pieces;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout!.join(''), stderr: stderr!.join('') };
}

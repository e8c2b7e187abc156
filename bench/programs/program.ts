import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { BenchFiles } from '../harness/bench-files.js';
import { followProcess } from '../harness/process-figures.js';
import type { Server } from '../harness/server.js';
import type { Figures } from '../harness/turns.js';

/** What a program is to do: bring these files to this server. */
export interface Task {
  readonly server: Server;
  readonly files: BenchFiles;
  /** Files at the same time. */
  readonly concurrency: number;
  /** A folder for whatever the program writes, on the same disk as the files. */
  readonly scratch: string;
}

/** A program under test. It throws when it did not do its work. */
export type Program = (task: Task) => Promise<Figures>;

/** Runs a process from its start to its end, with text for its input, and measures it. */
export async function runProcess(
  command: string,
  args: readonly string[],
  { env, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Figures> {
  const began = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  return { ...(await figuresUntilEnd(child, command)), wholeSeconds: (performance.now() - began) / 1_000 };
}

async function figuresUntilEnd(child: ChildProcess, command: string): Promise<Figures> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
  }
  const figures = followProcess(child.pid ?? 0);
  const [code] = await once(child, 'close').finally(figures);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`);
  const { peakMB, cpuSeconds } = figures();
  return { wholeSeconds: Number.NaN, cpuSeconds, peakMB };
}

import { delay } from '../../backoff.js';
import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';
import type { NvidiaGpu } from '../text/nvidia-csv.js';
import { isGoneWithin } from '../tool/tool-process.js';
import { findProgram } from '../tool/tool-program.js';
import { hung, type ToolRunner, type ToolRunnerOptions } from '../tool/tool-runner.js';
import { anyMaySleep, type NvidiaDevice } from './nvidia-devices.js';
import { createNvidiaFields } from './nvidia-fields.js';
import { type NvidiaLoop, startNvidiaLoop } from './nvidia-loop.js';
import { askNvidia } from './nvidia-query.js';

export interface NvidiaAskerOptions extends ToolRunnerOptions {
  readonly runner: ToolRunner;
  readonly timeoutMs: number;
  /** How often it will be asked. */
  readonly intervalMs: number;
  /** From which duration on a start counts as slow. */
  readonly slowMs?: number;
}

/** The question: about all GPUs, or about those that are awake. */
export interface NvidiaQuestion {
  /** What is on the bus; null where that cannot be seen. */
  readonly devices: readonly NvidiaDevice[] | null;
  /** Where GPUs are known to be. */
  readonly slots: readonly string[];
  /** Slots of those that may be asked; undefined for all. */
  readonly awake: readonly string[] | undefined;
}

/** Asks nvidia-smi, by one start a question or, where a start takes long, by one child that goes on to answer. */
export interface NvidiaAsker {
  ask(question: NvidiaQuestion): Promise<{ gpus: readonly NvidiaGpu[]; lost: readonly string[] }>;
  close(): Promise<void>;
}

export function createNvidiaAsker(options: NvidiaAskerOptions): NvidiaAsker {
  const { runner, program, timeoutMs, intervalMs, slowMs = 500, reapMs = 1_000 } = options;
  const { signal, env = process.env, usualFolders, start } = options;
  const fields = createNvidiaFields();
  let loop: NvidiaLoop | undefined;

  const startLoop = async (count: number) => {
    const path = await findProgram(program, env, usualFolders);
    // Closed meanwhile: nobody would end the child.
    signal.throwIfAborted();
    loop = startNvidiaLoop({
      path,
      args: fields.queryArgs(),
      everyMs: intervalMs,
      count,
      env,
      signal,
      ...(start && { start }),
    });
  };
  /** As long as the child lives on, another one would hang beside it. */
  const throwIfHung = async () => {
    if (loop !== undefined && !(await isGoneWithin(loop.tool, reapMs))) throw hung(program, loop.tool.pid);
    loop = undefined;
  };
  return {
    async ask({ devices, slots, awake }) {
      if (loop?.isRunning === true) return { gpus: await answerOf(loop, timeoutMs, signal), lost: [] };
      await throwIfHung();
      const answer = await askNvidia(runner, fields, slots, awake);
      const isUnprepared = answer.gpus.some(({ isPersistent }) => isPersistent === false);
      if (answer.durationMs > slowMs && isUnprepared && !(await anyMaySleep(devices ?? []))) {
        await startLoop(answer.gpus.length);
      }
      return answer;
    },
    async close() {
      loop?.stop();
      if (loop !== undefined) await isGoneWithin(loop.tool, 1_000);
      await runner.close();
    },
  };
}

/** What the child told last; right after its start that takes a while. */
async function answerOf(
  loop: NvidiaLoop,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly NvidiaGpu[]> {
  const until = performance.now() + timeoutMs;
  try {
    for (;;) {
      const gpus = loop.latest();
      if (gpus !== undefined) return gpus;
      if (performance.now() > until) break;
      await delay(50, signal);
    }
  } catch (error) {
    loop.stop();
    throw error;
  }
  loop.stop();
  throw new GpuError('timeout', say`nvidia-smi runs, but tells nothing. It is started again.`);
}

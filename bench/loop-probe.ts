/**
 * Preloaded into a Node-RED that is measured (`node --import`): answers questions of the program that started it about
 * memory, processor time and delays of the event loop.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What can be asked; `watch` begins to watch the event loop, and `loop` tells what was seen and ends that. */
export type Question = 'use' | 'watch' | 'loop' | 'collect';

export interface Use {
  readonly cpuMs: number;
  readonly heapBytes: number;
  /** Of the process itself. */
  readonly listeners: number;
  /** Timers, sockets and files that are open. */
  readonly resources: number;
}

/** How late timers came, in milliseconds beyond their 10. */
export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

const RESOLUTION_MS = 10;

function useNow(): Use {
  const { user, system } = process.cpuUsage();
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const resources = process.getActiveResourcesInfo().length;
  return { cpuMs: (user + system) / 1_000, heapBytes: process.memoryUsage().heapUsed, listeners, resources };
}

let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

function watchLoop(): void {
  histogram?.disable();
  histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
}

/** The watch itself wakes the process a hundred times a second, so it ends here. */
function loopDelay(): LoopDelay {
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const seen = { p99Ms: late(histogram?.percentile(99) ?? 0), maxMs: late(histogram?.max ?? 0) };
  histogram?.disable();
  return seen;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

const answers: Record<Question, () => unknown> = {
  use: useNow,
  watch: watchLoop,
  loop: loopDelay,
  collect: collectGarbage,
};

process.on('message', (message: { question?: Question }) => {
  if (message?.question === undefined) return;
  process.send?.({ answer: message.question, value: answers[message.question]() ?? null });
});

/**
 * Preloaded into a Node-RED that is measured (`node --import`): answers questions of the program that started it about
 * memory, processor time and delays of the event loop.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What can be asked; `loop` begins to watch the event loop anew, and the next `loop` tells what was seen since. */
export type Question = 'use' | 'loop' | 'collect';

export interface Use {
  readonly cpuMs: number;
  readonly heapBytes: number;
  readonly listeners: number;
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
  return { cpuMs: (user + system) / 1_000, heapBytes: process.memoryUsage().heapUsed, listeners };
}

let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

/** Tells of the time since the last call and begins anew; nothing is watched before the first call. */
function loopDelay(): LoopDelay {
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const seen = { p99Ms: late(histogram?.percentile(99) ?? 0), maxMs: late(histogram?.max ?? 0) };
  histogram?.disable();
  histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return seen;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

const answers: Record<Question, () => unknown> = { use: useNow, loop: loopDelay, collect: collectGarbage };

process.on('message', (message: { question?: Question }) => {
  if (message?.question === undefined) return;
  process.send?.({ answer: message.question, value: answers[message.question]() ?? null });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** What Linux tells of a running process. On other systems all of it is NaN. */
export interface ProcessFigures {
  /** Memory in use now, and the most ever, in MB (10^6 bytes). */
  readonly rssMB: number;
  readonly peakMB: number;
  /** Processor time so far, in user and system mode together. */
  readonly cpuSeconds: number;
}

const NOTHING: ProcessFigures = { rssMB: Number.NaN, peakMB: Number.NaN, cpuSeconds: Number.NaN };

/** Looks at a process; undefined when it has ended. */
export function lookAtProcess(pid: number): ProcessFigures | undefined {
  if (!existsSync('/proc/self/status')) return NOTHING;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const megabytes = (name: string) =>
      (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1_024) / 1e6;
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    const peakMB = megabytes('VmHWM');
    // One that has ended and was not yet waited for has no memory any more.
    if (Number.isNaN(peakMB)) return undefined;
    // Linux tells these in hundredths of a second.
    return { rssMB: megabytes('VmRSS'), peakMB, cpuSeconds: (user + system) / 100 };
  } catch {
    return undefined; // It ended while it was looked at.
  }
}

/** Lets the peak of a process begin anew at what it uses now. */
export function forgetPeak(pid: number): void {
  if (existsSync(`/proc/${pid}/clear_refs`)) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Looks at a process every 20 ms until it ends; what the function answers then is the last that was seen. */
export function followProcess(pid: number): () => ProcessFigures {
  let last = NOTHING;
  const look = () => {
    last = lookAtProcess(pid) ?? last;
  };
  look();
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    return last;
  };
}

/**
 * Waits until a process has come to rest: for two seconds its memory moves by less than 1 MB and it does next to
 * nothing. Gives up after `limitMs`.
 */
export async function waitForRest(pid: number, limitMs = 60_000): Promise<ProcessFigures> {
  const until = performance.now() + limitMs;
  for (let before = lookAtProcess(pid); ; ) {
    await pause(2_000);
    const now = lookAtProcess(pid);
    if (now === undefined) throw new Error('A program ended before its time.');
    const isStill =
      Math.abs(now.rssMB - (before?.rssMB ?? 0)) < 1 && now.cpuSeconds - (before?.cpuSeconds ?? 0) < 0.1;
    // Where nothing can be seen, the wait has to do.
    if (isStill || Number.isNaN(now.rssMB) || performance.now() > until) return now;
    before = now;
  }
}

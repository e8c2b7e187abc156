import type { Pause, PauseLease } from './pause.js';
import { type QuietSpan, quietUntil } from './quiet-hours.js';

export interface PauseClockOptions {
  /** What a person said before a restart. */
  readonly initial?: { readonly isPaused: boolean; readonly lease: PauseLease | null };
  readonly quietHours?: readonly QuietSpan[];
  readonly signal: AbortSignal;
  /** It begins or ends, or ends at another time. */
  readonly onChange: (pause: Pause) => void;
  /** What to remember, whenever that is something else. */
  readonly onKeep: (isPaused: boolean, lease: PauseLease | null) => Promise<void> | void;
  readonly now?: () => Date;
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsedMs?: () => number;
}

/** Says when nothing further is sent: while a person wants it, for so long as that person said, and in quiet hours. */
export interface PauseClock {
  current(): Pause;
  /** Without minutes until somebody resumes. Resolves when that is remembered. */
  pause(minutes?: number): Promise<void>;
  /** Ends a pause; without one it ends the quiet hours for this time. */
  resume(): Promise<void>;
}

const MINUTE_MS = 60_000;

/** Clocks of one machine drift apart a little; more than that is a clock that was set back. */
const SET_BACK_MS = 5_000;

/**
 * Makes the clock of pauses. A pause for some minutes lasts by the clock on the wall, so that it goes on while the
 * machine sleeps or restarts, but never longer than these minutes by the clock that nobody sets: it looks at both again
 * and again.
 */
export function createPauseClock(options: PauseClockOptions): PauseClock {
  const { quietHours = [], signal, onChange, onKeep } = options;
  const { now = () => new Date(), elapsedMs = () => performance.now() } = options;
  let isPaused = options.initial?.isPaused ?? false;
  let lease = isPaused ? (options.initial?.lease ?? null) : null;
  let endsAtMs = 0;
  /** Quiet hours that somebody ended before their time. */
  let skippedUntil: Date | undefined;
  let timer: NodeJS.Timeout | undefined;
  let told = '';

  function current(): Pause {
    const at = now();
    const quiet = quietHours.length === 0 ? undefined : quietUntil(quietHours, at);
    if (quiet === undefined || quiet.getTime() !== skippedUntil?.getTime()) skippedUntil = undefined;
    return {
      isPaused,
      pausedUntil: lease === null ? null : new Date(lease.untilMs).toISOString(),
      quietUntil: quiet === undefined || skippedUntil !== undefined ? null : quiet.toISOString(),
    };
  }

  /** Takes up a lease, with the rest that it has by either clock. A clock before its start was set back. */
  function hold(next: PauseLease): void {
    const atMs = now().getTime();
    const restMs = Math.min(next.untilMs - atMs, next.untilMs - next.sinceMs);
    lease = atMs < next.sinceMs - SET_BACK_MS ? { sinceMs: atMs, untilMs: atMs + restMs } : next;
    if (lease !== next) void onKeep(isPaused, lease);
    endsAtMs = elapsedMs() + restMs;
  }

  function look(): void {
    clearTimeout(timer);
    if (signal.aborted) return;
    const atMs = now().getTime();
    if (lease !== null) {
      const restMs = endsAtMs - elapsedMs();
      if (restMs <= 0 || lease.untilMs <= atMs) {
        [isPaused, lease] = [false, null];
        void onKeep(false, null);
      } else if (lease.untilMs - atMs > restMs + SET_BACK_MS) {
        lease = { sinceMs: atMs, untilMs: atMs + Math.ceil(restMs) };
        void onKeep(isPaused, lease);
      }
    }
    const pause = current();
    if (JSON.stringify(pause) !== told) {
      told = JSON.stringify(pause);
      onChange(pause);
    }
    wait(now().getTime());
  }

  /** Quiet hours begin and end with a minute; a lease ends whenever it does. */
  function wait(atMs: number): void {
    const untilMinute = MINUTE_MS - (atMs % MINUTE_MS);
    const untilEnd = lease === null ? Number.POSITIVE_INFINITY : Math.max(1, lease.untilMs - atMs);
    if (lease === null && quietHours.length === 0) return;
    timer = setTimeout(look, Math.min(untilMinute, untilEnd)).unref();
  }

  if (lease !== null) hold(lease);
  told = JSON.stringify(current());
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  look();

  return {
    current,
    async pause(minutes) {
      isPaused = true;
      lease = null;
      if (minutes !== undefined) {
        const sinceMs = now().getTime();
        hold({ sinceMs, untilMs: sinceMs + minutes * MINUTE_MS });
      }
      look();
      await onKeep(isPaused, lease);
    },
    async resume() {
      if (!isPaused) skippedUntil = quietHours.length === 0 ? undefined : quietUntil(quietHours, now());
      [isPaused, lease] = [false, null];
      look();
      await onKeep(false, null);
    },
  };
}

import { backoffMs, delay } from '../backoff.js';

export interface RetryLaterOptions {
  /** Ends all waiting; every run then rejects with its reason. */
  readonly signal: AbortSignal;
  /** How many run at once. */
  readonly limit?: number;
  /** Whether trying again can help; any other failure ends the run. */
  readonly isTransient: (error: unknown) => boolean;
  /** Waits before the next try, after `attempt` failures in a row. */
  readonly wait?: (attempt: number, signal: AbortSignal) => Promise<void>;
}

/** Runs work until it succeeds, a few at once, and one at a time for a key. */
export interface RetryLater {
  /** Gives what `work` gives in the end, or its first failure that is not transient. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

const DEFAULT_LIMIT = 4;
const WAIT_MS = { firstMs: 5_000, maxMs: 300_000 } as const;

/** Makes a queue in which a failure waits outside, so that it never holds up the others. */
export function createRetryLater({
  signal,
  limit = DEFAULT_LIMIT,
  isTransient,
  wait = (attempt, stop) => delay(backoffMs(attempt, WAIT_MS), stop),
}: RetryLaterOptions): RetryLater {
  const slots = createSlots(limit, signal);
  const lastOfKey = new Map<string, Promise<unknown>>();

  async function untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      await slots.take();
      try {
        signal.throwIfAborted();
        return await work();
      } catch (error) {
        if (signal.aborted || !isTransient(error)) throw error;
      } finally {
        slots.give();
      }
      await wait(attempt, signal);
    }
  }

  return {
    async run(key, work) {
      const before = lastOfKey.get(key) ?? Promise.resolve();
      // Whether the one before it failed is no matter of this one, and told where it was started.
      const mine = before.catch(() => undefined).then(() => untilDone(work));
      lastOfKey.set(key, mine);
      try {
        return await mine;
      } finally {
        if (lastOfKey.get(key) === mine) lastOfKey.delete(key);
      }
    },
  };
}

interface Slots {
  take(): Promise<void>;
  give(): void;
}

/** `limit` slots, given in the order of asking; whoever waits at the abort is turned away. */
function createSlots(limit: number, signal: AbortSignal): Slots {
  const waiting: { admit: () => void; refuse: (reason: unknown) => void }[] = [];
  let taken = 0;
  signal.addEventListener(
    'abort',
    () => {
      for (const { refuse } of waiting.splice(0)) refuse(signal.reason);
    },
    { once: true },
  );
  return {
    async take() {
      signal.throwIfAborted();
      if (taken >= limit) {
        await new Promise<void>((admit, refuse) => waiting.push({ admit, refuse }));
        return;
      }
      taken += 1;
    },
    give() {
      const next = waiting.shift();
      if (next === undefined) taken -= 1;
      else next.admit();
    },
  };
}

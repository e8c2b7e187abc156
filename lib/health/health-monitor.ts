import { delay } from '../backoff.js';

export interface HealthMonitorOptions<Outcome> {
  /** One look; the signal ends it. */
  readonly look: (signal: AbortSignal) => Promise<Outcome>;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Gets what the looks of the interval told. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Gets what a look threw; the next one comes nevertheless. */
  readonly onError: (error: unknown) => void;
  /** A number from 0 to 1; spreads the looks of many clients. */
  readonly random?: () => number;
}

export interface HealthMonitor<Outcome> {
  /** Looks now, or waits for the look that is under way; `isShared` when others get the same outcome. */
  lookNow(): Promise<{ readonly outcome: Outcome; readonly isShared: boolean }>;
  /** Resolves when nothing runs any more. */
  readonly ended: Promise<void>;
}

/**
 * Looks at once and then every interval, give or take a tenth, counted from the end of a look: never two at a time,
 * so a slow server gets fewer looks and no pile of them. Ends wholly with the signal.
 */
export function startHealthMonitor<Outcome>(options: HealthMonitorOptions<Outcome>): HealthMonitor<Outcome> {
  const { look, intervalMs, signal, onOutcome, onError, random = Math.random } = options;
  let current: Promise<Outcome> | undefined;

  function join(): { outcome: Promise<Outcome>; isShared: boolean } {
    const isShared = current !== undefined;
    current ??= look(signal).finally(() => {
      current = undefined;
    });
    return { outcome: current, isShared };
  }

  async function lookAndTell(): Promise<void> {
    const { outcome, isShared } = join();
    try {
      const told = await outcome;
      // Whoever began the look tells what it saw.
      if (!isShared && !signal.aborted) onOutcome(told);
    } catch (error) {
      if (!isShared && !signal.aborted) onError(error);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await lookAndTell();
      await delay(intervalMs * (0.9 + random() / 5), signal).catch(() => undefined);
    }
  }

  async function runToTheEnd(): Promise<void> {
    await run();
    // Somebody else may have begun the last look.
    await current?.catch(() => undefined);
  }

  return {
    async lookNow() {
      const { outcome, isShared } = join();
      return { outcome: await outcome, isShared };
    },
    ended: runToTheEnd(),
  };
}

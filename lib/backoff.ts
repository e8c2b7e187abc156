export interface BackoffOptions {
  /** Wait after the first failure, in milliseconds. */
  readonly firstMs?: number;
  /** The longest wait, in milliseconds. */
  readonly maxMs?: number;
  /** A number from 0 to 1; spreads the retries of many clients. */
  readonly random?: () => number;
}

/**
 * Milliseconds to wait before the next try after `attempt` failures in a row (1 = the first): doubling from
 * `firstMs` to `maxMs`, of which a random upper half is jitter.
 */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { firstMs = 1_000, maxMs = 300_000, random = Math.random } = options;
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));
  return Math.round(ceiling * (0.5 + random() / 2));
}

/**
 * Waits, or rejects with the signal's reason as soon as it is aborted. The timer keeps no process alive.
 */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    timer.unref();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Runs `work` with a signal that is aborted after `limitMs` with the error of `onLimit`, or with that of `signal`.
 * Nothing is left of either once the work has ended.
 */
export async function withTimeLimit<Result>(
  limitMs: number,
  signal: AbortSignal,
  onLimit: () => Error,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const limit = new AbortController();
  const abort = () => limit.abort(signal.reason);
  const timer = setTimeout(() => limit.abort(onLimit()), limitMs);
  timer.unref();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

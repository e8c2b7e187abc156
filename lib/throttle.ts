/**
 * Calls `work` at most once in `ms` milliseconds: at once when it has been quiet, and after a burst always one
 * last time. Nothing is called any more once `signal` is aborted; the timer keeps no process alive.
 */
export function atMostEvery(ms: number, signal: AbortSignal, work: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;
  const run = () => {
    isDue = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isDue) run();
    }, ms);
    timer.unref();
    work();
  };
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return () => {
    if (signal.aborted) return;
    if (timer === undefined) run();
    else isDue = true;
  };
}

import { say } from '../say.js';
import { asGpuError, GpuError } from './gpu-error.js';
import type { GpuLook, GpuSource } from './gpu-source.js';

export interface GpuWatchOptions {
  readonly source: GpuSource;
  readonly intervalMs: number;
  /** How often it is looked whether there is such a GPU by now, where there was none. */
  readonly idleMs?: number;
  /** From when on a look that does not end is told of. */
  readonly staleMs?: number;
  readonly signal: AbortSignal;
  onLook(look: GpuLook): void;
  /** Nothing could be read; it is tried again at the next interval. `isAwaited`: somebody gets the error thrown. */
  onFailure(error: GpuError, isAwaited: boolean): void;
}

/** Looks at the GPUs of one source, again and again, until the signal is aborted. */
export interface GpuWatch {
  /** Looks now, or waits for the look that is under way. @throws GpuError when nothing can be read */
  lookNow(): Promise<void>;
}

/** Begins to look, at once and then every interval; never a second time before the last look has ended. */
export function watchGpus(options: GpuWatchOptions): GpuWatch {
  const { source, intervalMs, idleMs = 300_000, signal, onFailure } = options;
  const { staleMs = Math.max(60_000, 3 * intervalMs) } = options;
  let underWay: Promise<GpuError | null> | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;
  let isNowhere = false;
  let isAwaited = false;

  const begin = () => {
    startedAt = performance.now();
    const look = lookOnce(options, () => isAwaited).then((outcome) => {
      underWay = undefined;
      isAwaited = false;
      isNowhere = outcome === 'nowhere';
      return outcome instanceof GpuError ? outcome : null;
    });
    underWay = look;
    return look;
  };
  everyInterval(intervalMs, signal, () => {
    const pastMs = performance.now() - startedAt;
    if (underWay === undefined && (!isNowhere || pastMs >= idleMs)) begin();
    else if (underWay !== undefined && pastMs > staleMs) onFailure(stale(source.name), false);
  });
  return {
    async lookNow() {
      if (underWay !== undefined && performance.now() - startedAt > staleMs) throw stale(source.name);
      const look = underWay ?? begin();
      isAwaited = true;
      const failure = await look;
      if (failure !== null) throw failure;
    },
  };
}

async function lookOnce(
  { source, signal, onLook, onFailure }: GpuWatchOptions,
  isAwaited: () => boolean,
): Promise<'found' | 'nowhere' | GpuError> {
  try {
    const look = await source.look();
    if (!signal.aborted) onLook(look);
    return look.samples === null ? 'nowhere' : 'found';
  } catch (error) {
    const failure = asGpuError(error);
    if (!signal.aborted) onFailure(failure, isAwaited());
    return failure;
  }
}

/** Calls as soon as the flows have started (what is sent before reaches nobody), and then every interval. */
function everyInterval(ms: number, signal: AbortSignal, work: () => void): void {
  if (signal.aborted) return;
  const first = setImmediate(work);
  const timer = setInterval(work, ms);
  timer.unref();
  const stop = () => {
    clearImmediate(first);
    clearInterval(timer);
  };
  signal.addEventListener('abort', stop, { once: true });
}

function stale(source: string): GpuError {
  return new GpuError(
    'stale',
    say`The GPU (${source}) has not answered for long. The driver may be in trouble: look at the kernel log.`,
  );
}

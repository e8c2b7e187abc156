import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GpuError } from '../../../lib/gpu/gpu-error.js';
import type { GpuLook } from '../../../lib/gpu/gpu-source.js';
import { type GpuWatchOptions, watchGpus } from '../../../lib/gpu/gpu-watch.js';

let ending: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  ending = new AbortController();
});
afterEach(() => {
  // While the timers to clear are those of this test.
  ending.abort();
  vi.useRealTimers();
});

const NOTHING: GpuLook = { samples: [], problem: null };

/** Watches a source whose looks end as the test says. */
function watch(look: () => Promise<GpuLook>, options: Partial<GpuWatchOptions> = {}) {
  const looks = vi.fn(look);
  const onLook = vi.fn();
  const onFailure = vi.fn();
  const source = { name: 'nvidia', look: looks, close: async () => {} };
  const watching = watchGpus({
    source,
    intervalMs: 30_000,
    signal: ending.signal,
    onLook,
    onFailure,
    ...options,
  });
  return { ...watching, looks, onLook, onFailure };
}

it('looks when it starts and then every interval', async () => {
  const { looks, onLook } = watch(async () => NOTHING);
  expect(looks).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toHaveBeenCalledTimes(3);
  expect(onLook).toHaveBeenCalledTimes(3);
});

it('looks now and then where there is no such GPU, and at once when it is asked', async () => {
  const { looks, lookNow } = watch(async () => ({ samples: null, problem: null }));
  await vi.advanceTimersByTimeAsync(299_000);
  expect(looks).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(looks).toHaveBeenCalledTimes(2);
  await lookNow();
  expect(looks).toHaveBeenCalledTimes(3);
});

it('goes on after a failure, and tells each', async () => {
  const { onFailure } = watch(async () => {
    throw new GpuError('timeout', 'too slow');
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onFailure.mock.calls.map(([error, isAwaited]) => [error.kind, isAwaited])).toEqual([
    ['timeout', false],
    ['timeout', false],
    ['timeout', false],
  ]);
});

it('gives a failure to who asked', async () => {
  const { lookNow, onFailure } = watch(async () => {
    throw new Error('odd');
  });
  await expect(lookNow()).rejects.toMatchObject({
    kind: 'tool-failed',
    message: expect.stringContaining('odd'),
  });
  expect(onFailure.mock.calls.map(([, isAwaited]) => isAwaited)).toEqual([true]);
});

it('waits for the look that is under way, in place of a second one', async () => {
  let end = () => {};
  const { looks, lookNow } = watch(() => new Promise((resolve) => (end = () => resolve(NOTHING))));
  const asked = Promise.all([lookNow(), lookNow(), lookNow()]);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(looks).toHaveBeenCalledTimes(1);
  end();
  await asked;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(looks).toHaveBeenCalledTimes(2);
});

it('tells a look that does not end as stale, and begins no other', async () => {
  const { looks, lookNow, onFailure } = watch(() => new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(90_000);
  expect(onFailure).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(onFailure.mock.calls.map(([error]) => error.kind)).toEqual(['stale']);
  await expect(lookNow()).rejects.toMatchObject({ kind: 'stale' });
  expect(looks).toHaveBeenCalledTimes(1);
});

it('stops wholly, and tells nothing of a look that ends later', async () => {
  let end = () => {};
  const { looks, onLook } = watch(() => new Promise((resolve) => (end = () => resolve(NOTHING))));
  await vi.advanceTimersByTimeAsync(0);
  ending.abort();
  end();
  await vi.advanceTimersByTimeAsync(600_000);
  expect([looks.mock.calls.length, onLook.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0, 0]);
});

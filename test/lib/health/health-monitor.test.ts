import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HealthMonitorOptions, startHealthMonitor } from '../../../lib/health/health-monitor.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A monitor whose looks end when the test says so. */
function monitoring(options: Partial<HealthMonitorOptions<number>> = {}) {
  const closing = new AbortController();
  const open: { end: (outcome: number) => void; fail: (error: Error) => void }[] = [];
  const told: number[] = [];
  const errors: unknown[] = [];
  let looks = 0;
  const monitor = startHealthMonitor<number>({
    look: (signal) => {
      looks += 1;
      return new Promise((end, fail) => {
        open.push({ end, fail });
        signal.addEventListener('abort', () => fail(signal.reason));
      });
    },
    intervalMs: 60_000,
    signal: closing.signal,
    onOutcome: (outcome) => void told.push(outcome),
    onError: (error) => void errors.push(error),
    random: () => 0.5,
    ...options,
  });
  return {
    monitor,
    told,
    errors,
    close: () => closing.abort(new Error('closed')),
    looks: () => looks,
    end: async (outcome: number) => {
      open.shift()?.end(outcome);
      await vi.advanceTimersByTimeAsync(0);
    },
    fail: async (error: Error) => {
      open.shift()?.fail(error);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

it('looks at once, and again an interval after the end of each look', async () => {
  const world = monitoring();
  expect(world.looks()).toBe(1);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(world.looks()).toBe(1);
  await world.end(1);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(world.looks()).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(world.looks()).toBe(2);
  expect(world.told).toEqual([1]);
});

it.each([
  [0, 54_000],
  [1, 66_000],
])('waits a tenth less or more, by chance: %d', async (chance, ms) => {
  const world = monitoring({ random: () => chance });
  await world.end(1);
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(world.looks()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(world.looks()).toBe(2);
});

describe('on demand', () => {
  it('looks in between, and whoever began a look gets it for itself', async () => {
    const world = monitoring();
    await world.end(1);
    const first = world.monitor.lookNow();
    const second = world.monitor.lookNow();
    expect(world.looks()).toBe(2);
    await world.end(2);
    expect(await first).toEqual({ outcome: 2, isShared: false });
    expect(await second).toEqual({ outcome: 2, isShared: true });
    expect(world.told).toEqual([1]);
  });

  it('joins the look that is under way', async () => {
    const world = monitoring();
    const demanded = Array.from({ length: 50 }, () => world.monitor.lookNow());
    expect(world.looks()).toBe(1);
    await world.end(1);
    expect(new Set((await Promise.all(demanded)).map(({ isShared }) => isShared))).toEqual(new Set([true]));
    expect(world.told).toEqual([1]);
  });
});

it('outlives a look that throws', async () => {
  const world = monitoring();
  await world.fail(new Error('a fault'));
  expect(world.errors).toMatchObject([{ message: 'a fault' }]);
  await vi.advanceTimersByTimeAsync(60_000);
  await world.end(2);
  expect(world.told).toEqual([2]);
});

it.each([
  ['during a look', false],
  ['between two looks', true],
])('ends wholly when it is aborted %s', async (_, isBetween) => {
  const world = monitoring();
  if (isBetween) await world.end(1);
  world.close();
  await world.monitor.ended;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(world.looks()).toBe(1);
  expect(world.errors).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

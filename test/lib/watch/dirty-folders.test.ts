import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { collectDirtyFolders } from '../../../lib/watch/dirty-folders.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp(maxNames?: number) {
  const stop = new AbortController();
  const due: [string, string[] | undefined][] = [];
  const dirty = collectDirtyFolders({
    quietMs: 100,
    maxWaitMs: 1000,
    maxNames,
    signal: stop.signal,
    onDue: (path, names) => due.push([path, names && [...names]]),
  });
  return { dirty, due, stop };
}

it('waits for a moment of quiet and gives the names that changed', () => {
  const { dirty, due } = setUp();
  dirty.mark('/a', 'x');
  dirty.mark('/a', 'y');
  vi.advanceTimersByTime(60);
  dirty.mark('/a', 'x');
  dirty.mark('/a', 'y');
  vi.advanceTimersByTime(90);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(60);
  expect(due).toEqual([['/a', ['x', 'y']]]);
});

it('lets no name wait for the others of its folder', () => {
  const { dirty, due } = setUp();
  for (let ms = 0; ms < 800; ms += 10) {
    dirty.mark('/a', `${ms}.jpg`);
    vi.advanceTimersByTime(10);
  }
  const names = due.flatMap(([, some]) => some ?? []);
  expect(names.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, at) => `${at * 10}.jpg`));
});

it('does not wait for ever while something goes on', () => {
  const { dirty, due } = setUp();
  for (let ms = 0; ms < 10_000; ms += 10) {
    dirty.mark('/a', 'growing.mp4');
    vi.advanceTimersByTime(10);
  }
  expect(due.length).toBeGreaterThanOrEqual(8);
  expect(due.length).toBeLessThanOrEqual(10);
});

it('has the whole folder listed when one change has no name, or there are too many', () => {
  const { dirty, due } = setUp(3);
  dirty.mark('/a', 'x');
  dirty.mark('/a');
  dirty.mark('/a', 'y');
  for (const name of ['1', '2', '3', '4', '5']) dirty.mark('/b', name);
  vi.advanceTimersByTime(200);
  expect(due).toEqual([
    ['/a', undefined],
    ['/b', undefined],
  ]);
});

it('stops with its signal and leaves no timer', () => {
  const { dirty, due, stop } = setUp();
  dirty.mark('/a', 'x');
  stop.abort();
  dirty.mark('/b', 'x');
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(5000);
  expect(due).toEqual([]);
});

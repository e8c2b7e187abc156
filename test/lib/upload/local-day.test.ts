import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { localDay, onNewDay, untilNextDay } from '../../../lib/upload/local-day.js';

const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});
afterEach(() => vi.unstubAllEnvs());

it.each([
  ['UTC', '2026-11-21T23:59:59Z', '2026-11-21'],
  ['Europe/Berlin', '2026-11-21T23:59:59Z', '2026-11-22'],
  ['America/Los_Angeles', '2026-01-01T07:59:59Z', '2025-12-31'],
])('says which day it is in %s at %s', (zone, at, day) => {
  vi.stubEnv('TZ', zone);
  expect(localDay(new Date(at))).toBe(day);
});

it.each([
  ['an ordinary day', 'Europe/Berlin', '2026-11-21T00:00:00+01:00', 24 * HOUR],
  ['the day on which summer time begins', 'Europe/Berlin', '2026-03-29T00:00:00+01:00', 23 * HOUR],
  ['the day on which it ends', 'Europe/Berlin', '2026-10-25T00:00:00+02:00', 25 * HOUR],
  ['the eve of a day that begins at one', 'Africa/Cairo', '2026-04-23T00:00:00+02:00', 24 * HOUR],
  ['the last minute', 'Europe/Berlin', '2026-11-21T23:59:00+01:00', 60_000],
])('knows how long %s is', (_, zone, at, ms) => {
  vi.stubEnv('TZ', zone);
  expect(untilNextDay(new Date(at))).toBe(ms);
});

describe('a new day', () => {
  function watchDays(at: Date) {
    vi.setSystemTime(at);
    const stop = new AbortController();
    const days: string[] = [];
    onNewDay(stop.signal, () => days.push(localDay(new Date())));
    return { days, stop };
  }

  it('is told at midnight, to the second, and each once', () => {
    const { days } = watchDays(new Date(2026, 10, 21, 23, 58, 30));
    vi.advanceTimersByTime(89_000);
    expect(days).toEqual([]);
    vi.advanceTimersByTime(1_001);
    expect(days).toEqual(['2026-11-22']);
    vi.advanceTimersByTime(2 * 24 * HOUR);
    expect(days).toEqual(['2026-11-22', '2026-11-23', '2026-11-24']);
  });

  it('is told over the change to summer time and back', () => {
    vi.stubEnv('TZ', 'Europe/Berlin');
    const { days } = watchDays(new Date('2026-03-28T12:00:00+01:00'));
    vi.advanceTimersByTime(36 * HOUR - 1);
    expect(days).toEqual(['2026-03-29', '2026-03-30']);
  });

  it.each([
    ['forward', new Date(2026, 10, 25, 9), '2026-11-25'],
    ['back', new Date(2026, 10, 19, 9), '2026-11-19'],
  ])('is told within a minute after the clock was set %s', (_, to, day) => {
    const { days } = watchDays(new Date(2026, 10, 21, 12));
    vi.setSystemTime(to);
    vi.advanceTimersByTime(60_000);
    expect(days).toEqual([day]);
  });

  it('is told no more after the end', () => {
    const { days, stop } = watchDays(new Date(2026, 10, 21, 23, 59));
    stop.abort();
    onNewDay(stop.signal, () => days.push('late'));
    expect(vi.getTimerCount()).toBe(0);
  });
});

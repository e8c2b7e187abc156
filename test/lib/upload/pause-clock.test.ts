import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  isResting,
  NO_PAUSE,
  type Pause,
  type PauseLease,
  parsePauseMinutes,
} from '../../../lib/upload/pause.js';
import { createPauseClock } from '../../../lib/upload/pause-clock.js';
import { parseQuietHours } from '../../../lib/upload/quiet-hours.js';

const MINUTE = 60_000;
const START = Date.parse('2026-11-26T12:00:00Z');

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Remembered {
  isPaused: boolean;
  lease: PauseLease | null;
}

function clock(initial?: Remembered, quietHours = '') {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const kept: Remembered[] = [];
  const told: Pause[] = [];
  const pauses = createPauseClock({
    ...(initial && { initial }),
    quietHours: parseQuietHours('Quiet hours', quietHours),
    signal: stop.signal,
    onChange: (pause) => told.push(pause),
    onKeep: (isPaused, lease) => void kept.push({ isPaused, lease }),
  });
  return { pauses, kept, told, stop };
}

const isResting_ = (pauses: { current(): Pause }) => isResting(pauses.current());

it('a pause without minutes stays', async () => {
  const { pauses, kept, told } = clock();
  expect(pauses.current()).toEqual(NO_PAUSE);
  await pauses.pause();
  expect(told.at(-1)).toEqual({ isPaused: true, pausedUntil: null, quietUntil: null });
  vi.advanceTimersByTime(90 * 24 * 60 * MINUTE);
  expect(pauses.current().isPaused).toBe(true);
  await pauses.resume();
  expect(told.at(-1)).toEqual(NO_PAUSE);
  expect(kept.at(-1)).toEqual({ isPaused: false, lease: null });
});

it('a pause for some minutes says when it ends, and ends by itself', async () => {
  const { pauses, kept, told } = clock();
  await pauses.pause(30);
  expect(told.at(-1)).toEqual({ isPaused: true, pausedUntil: '2026-11-26T12:30:00.000Z', quietUntil: null });
  expect(kept.at(-1)?.lease).toEqual({ sinceMs: START, untilMs: START + 30 * MINUTE });
  vi.advanceTimersByTime(30 * MINUTE - 1);
  expect(pauses.current().isPaused).toBe(true);
  vi.advanceTimersByTime(1);
  expect(told.at(-1)).toEqual(NO_PAUSE);
  expect(kept.at(-1)).toEqual({ isPaused: false, lease: null });
  expect(told).toHaveLength(2);
});

it('the last word counts: longer, shorter, or without an end', async () => {
  const { pauses } = clock();
  await pauses.pause(30);
  await pauses.pause(5);
  expect(pauses.current().pausedUntil).toBe('2026-11-26T12:05:00.000Z');
  await pauses.pause();
  expect(pauses.current().pausedUntil).toBeNull();
  vi.advanceTimersByTime(60 * MINUTE);
  expect(pauses.current().isPaused).toBe(true);
});

describe('over a restart', () => {
  const lease = { sinceMs: START, untilMs: START + 30 * MINUTE };
  it('it goes on with what is left', () => {
    vi.setSystemTime(START + 20 * MINUTE);
    const { pauses } = clock({ isPaused: true, lease });
    expect(pauses.current().pausedUntil).toBe('2026-11-26T12:30:00.000Z');
    vi.advanceTimersByTime(10 * MINUTE);
    expect(isResting_(pauses)).toBe(false);
  });

  it('it is over when it ended meanwhile', () => {
    vi.setSystemTime(START + 31 * MINUTE);
    const { pauses, kept } = clock({ isPaused: true, lease });
    expect(isResting_(pauses)).toBe(false);
    expect(kept).toEqual([{ isPaused: false, lease: null }]);
  });

  it('a pause of an earlier version, without an end, stays', () => {
    const { pauses } = clock({ isPaused: true, lease: null });
    vi.advanceTimersByTime(60 * MINUTE);
    expect(isResting_(pauses)).toBe(true);
  });

  it('a clock that is at 1970 makes it no longer than it was, however often it restarts', () => {
    vi.setSystemTime(1_000);
    const first = clock({ isPaused: true, lease });
    expect(first.kept.at(-1)?.lease).toEqual({ sinceMs: 1_000, untilMs: 1_000 + 30 * MINUTE });
    vi.advanceTimersByTime(20 * MINUTE);
    first.stop.abort();
    const second = clock(first.kept.at(-1));
    vi.advanceTimersByTime(10 * MINUTE);
    expect(isResting_(second.pauses)).toBe(false);
  });
});

it('a clock that is set back while it lasts makes it no longer', async () => {
  const { pauses, kept } = clock();
  await pauses.pause(30);
  vi.advanceTimersByTime(10 * MINUTE);
  vi.setSystemTime(START - 24 * 60 * MINUTE);
  vi.advanceTimersByTime(MINUTE);
  expect(kept.at(-1)?.lease?.untilMs).toBe(Date.now() + 19 * MINUTE);
  vi.advanceTimersByTime(19 * MINUTE);
  expect(isResting_(pauses)).toBe(false);
});

it('a clock that is set forward, or a machine that slept, ends it', async () => {
  const { pauses } = clock();
  await pauses.pause(30);
  vi.setSystemTime(START + 24 * 60 * MINUTE);
  vi.advanceTimersByTime(MINUTE);
  expect(isResting_(pauses)).toBe(false);
});

describe('quiet hours', () => {
  const at = (time: string) => vi.setSystemTime(new Date(`2026-11-26T${time}`));
  it('begin and end by themselves, beside a pause of a person', async () => {
    at('21:59:30');
    const { pauses, told } = clock(undefined, '22:00-06:00');
    expect(isResting_(pauses)).toBe(false);
    vi.advanceTimersByTime(30_000);
    const quietUntil = new Date('2026-11-27T06:00').toISOString();
    expect(told).toEqual([{ isPaused: false, pausedUntil: null, quietUntil }]);
    await pauses.pause(1);
    expect(told.at(-1)).toMatchObject({ isPaused: true, quietUntil });
    vi.advanceTimersByTime(MINUTE);
    expect(told.at(-1)).toEqual({ isPaused: false, pausedUntil: null, quietUntil });
    vi.advanceTimersByTime(8 * 60 * MINUTE);
    expect(told.at(-1)).toEqual(NO_PAUSE);
  });

  it('end for this time when somebody resumes, and begin again the next day', async () => {
    at('23:00');
    const { pauses } = clock(undefined, '22:00-06:00');
    expect(isResting_(pauses)).toBe(true);
    await pauses.resume();
    expect(isResting_(pauses)).toBe(false);
    vi.advanceTimersByTime(22 * 60 * MINUTE);
    expect(isResting_(pauses)).toBe(false);
    vi.advanceTimersByTime(60 * MINUTE);
    expect(isResting_(pauses)).toBe(true);
  });

  it('a resume that ends a pause leaves them alone', async () => {
    at('23:00');
    const { pauses } = clock(undefined, '22:00-06:00');
    await pauses.pause();
    await pauses.resume();
    expect(pauses.current()).toMatchObject({ isPaused: false });
    expect(isResting_(pauses)).toBe(true);
  });
});

it.each<[unknown, number | undefined]>([
  [undefined, undefined],
  ['', undefined],
  [true, undefined],
  [{}, undefined],
  [Date.parse('2026-11-26T12:00:00Z'), undefined],
  ['30', 30],
  [30, 30],
  [{ minutes: 30 }, 30],
  [{ minutes: '1.5' }, 1.5],
])('a command with %j pauses for %j minutes', (payload, minutes) => {
  expect(parsePauseMinutes(payload)).toBe(minutes);
});

it.each([
  ['soon'],
  [0],
  [-5],
  [{ minutes: 0.5 }],
  [{ minutes: 10_081 }],
  [{ minutes: 'x' }],
  [{ minutes: Number.NaN }],
])('a command with %j is refused', (payload) => {
  expect(() => parsePauseMinutes(payload)).toThrow(/from 1 to 10080/);
});

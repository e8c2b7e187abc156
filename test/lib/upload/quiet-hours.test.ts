import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseQuietHours, quietUntil } from '../../../lib/upload/quiet-hours.js';

const zone = process.env.TZ;
beforeEach(() => {
  process.env.TZ = 'Europe/Berlin';
});
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

/** As `Thu 06:00`, on the clock on the wall of Berlin. */
const shown = (at: Date | undefined) =>
  at === undefined
    ? 'none'
    : `${['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][at.getDay()]} ${at.toTimeString().slice(0, 5)}`;

const untilAt = (setting: string, at: string) =>
  shown(quietUntil(parseQuietHours('Quiet hours', setting), new Date(at)));

// 2026-11-26 is a Thursday.
it.each([
  ['22:00-06:00', '2026-11-26T21:59:59', 'none'],
  ['22:00-06:00', '2026-11-26T22:00:00', 'Fri 06:00'],
  ['22:00-06:00', '2026-11-27T05:59:59', 'Fri 06:00'],
  ['22:00-06:00', '2026-11-27T06:00:00', 'none'],
  ['08:00-17:30', '2026-11-26T12:00:00', 'Thu 17:30'],
  ['8:00 - 17:30', '2026-11-26T12:00:00', 'Thu 17:30'],
  ['20:00-24:00', '2026-11-26T23:00:00', 'Fri 00:00'],
  ['20:00-24:00, 00:00-05:00', '2026-11-26T23:00:00', 'Fri 05:00'],
  ['08:00-12:00; 11:00-15:00', '2026-11-26T09:00:00', 'Thu 15:00'],
  ['Mon-Fri 08:00-17:00', '2026-11-28T12:00:00', 'none'],
  ['Mon-Fri 08:00-17:00', '2026-11-27T12:00:00', 'Fri 17:00'],
  ['sat sun 22:00-09:00', '2026-11-30T08:00:00', 'Mon 09:00'],
  ['sat sun 22:00-09:00', '2026-12-01T08:00:00', 'none'],
  ['Fri-Mon 10:00-11:00', '2026-11-29T10:30:00', 'Sun 11:00'],
  ['Fri-Mon 10:00-11:00', '2026-11-26T10:30:00', 'none'],
  ['Thursday 10:00-11:00', '2026-11-26T10:30:00', 'Thu 11:00'],
  ['', '2026-11-26T10:30:00', 'none'],
  ['${QUIET_HOURS}', '2026-11-26T10:30:00', 'none'],
])('%s at %s: quiet until %s', (setting, at, expected) => {
  expect(untilAt(setting, at)).toBe(expected);
});

describe('on the days on which the clock is changed', () => {
  it.each([
    // 2026-03-29: two becomes three.
    ['01:00-04:00', '2026-03-29T00:30:00Z', '2026-03-29T02:00:00.000Z'],
    ['22:00-06:00', '2026-03-28T23:00:00Z', '2026-03-29T04:00:00.000Z'],
    // 2026-10-25: three becomes two.
    ['22:00-06:00', '2026-10-24T22:00:00Z', '2026-10-25T05:00:00.000Z'],
    ['02:00-03:00', '2026-10-25T01:30:00Z', '2026-10-25T02:00:00.000Z'],
  ])('%s at %s ends at %s', (setting, at, end) => {
    const until = quietUntil(parseQuietHours('Quiet hours', setting), new Date(at));
    expect(until?.toISOString()).toBe(end);
  });
});

it.each([
  ['at night'],
  ['22:00'],
  ['25:00-26:00'],
  ['22:60-23:00'],
  ['06:00-06:00'],
  ['24:00-06:00'],
  ['Foo 22:00-06:00'],
  ['Mon-Foo 22:00-06:00'],
  ['Mon-Tue-Wed 22:00-06:00'],
  ['Monk 22:00-06:00'],
])('refuses %s and says what to type', (setting) => {
  expect(() => parseQuietHours('Quiet hours', setting)).toThrow(/Quiet hours: .*22:00-06:00/);
});

it('refuses hours that leave none', () => {
  expect(() => parseQuietHours('Quiet hours', '00:00-12:00, 12:00-24:00')).toThrow(/leave no hour/);
  expect(() => parseQuietHours('Quiet hours', 'Mon-Sat 00:00-24:00, Sun 00:01-24:00')).not.toThrow();
});

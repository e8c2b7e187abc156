import { describe, expect, it } from 'vitest';
import {
  DEFAULT_STABILITY_RULES,
  isStable,
  type Look,
  nextLookMs,
  requiredQuietMs,
} from '../../../lib/stable/stability.js';

const MB = 1_024 * 1_024;
const look = (sizeBytes: number, mtimeMs: number, atMs: number): Look => ({ sizeBytes, mtimeMs, atMs });

describe('how long a file must stand still', () => {
  it.each([
    [1, 5_000],
    [100 * MB - 1, 5_000],
    [100 * MB, 30_000],
    [5_000 * MB, 30_000],
  ])('%i bytes: %i ms', (sizeBytes, quietMs) => {
    expect(requiredQuietMs(sizeBytes, DEFAULT_STABILITY_RULES)).toBe(quietMs);
  });

  it('a large file never waits for less than a small one', () => {
    const rules = { ...DEFAULT_STABILITY_RULES, quietMs: 45_000 };
    expect(requiredQuietMs(200 * MB, rules)).toBe(45_000);
  });
});

describe('whether it stood still', () => {
  it.each<[string, Look, Look, boolean]>([
    ['nothing changed for the quiet time', look(10, 7, 1_000), look(10, 7, 6_000), true],
    ['nothing changed, a moment too early', look(10, 7, 1_000), look(10, 7, 5_999), false],
    ['it grew', look(10, 7, 1_000), look(11, 7, 9_000), false],
    ['it shrank', look(10, 7, 1_000), look(9, 7, 9_000), false],
    ['same size, written again', look(10, 7, 1_000), look(10, 8, 9_000), false],
    ['its mtime was put back', look(10, 7, 1_000), look(10, 6, 9_000), false],
    ['it is empty', look(0, 7, 1_000), look(0, 7, 900_000), false],
    ['its mtime is years old, and it has just been seen', look(10, 7, 1_000), look(10, 7, 1_000), false],
  ])('%s: %s', (_what, first, now, expected) => {
    expect(isStable(first, now, 5_000)).toBe(expected);
  });
});

describe('when to look again at what stands still and is not whole', () => {
  it.each([
    [0, 5_000, 'at first after the quiet time'],
    [5_000, 5_000, 'then again after it'],
    [20_000, 20_000, 'then after as long as it stood still'],
    [3_000_000, 60_000, 'at most a minute later'],
    [3_590_000, 10_000, 'and when it is to be given up'],
  ])('after %i ms: in %i ms, %s', (stillMs, pauseMs) => {
    expect(nextLookMs(stillMs, 5_000, 3_600_000)).toBe(pauseMs);
  });
});

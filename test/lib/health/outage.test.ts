import { expect, it } from 'vitest';
import { createOutageWatch } from '../../../lib/health/outage.js';

it.each<[string, [minute: number, isReachable: boolean, awayMinutes: number | null][]]>([
  [
    'an outage from its first failed look until the server has settled',
    [
      [0, true, 0],
      [1, false, 1 / 60],
      [4, false, 3],
      [5, true, null],
      [6.9, true, null],
      [7, true, 0],
      [8, false, 1 / 60],
    ],
  ],
  [
    'a server that comes and goes as one outage',
    [
      [0, false, 1 / 60],
      [1, true, null],
      [2, false, 2],
      [3, true, null],
      [4, true, null],
      [4.5, false, 4.5],
    ],
  ],
])('tells %s', (_, looks) => {
  const awayMinutes = createOutageWatch(120_000);
  const told = looks.map(([minute, isReachable]) => [
    minute,
    isReachable,
    awayMinutes(isReachable, minute * 60_000),
  ]);
  expect(told).toEqual(looks);
});

import { expect, it } from 'vitest';
import { gather } from '../../lib/gather.js';

it('asks once for what comes together, and gives each its own answer', async () => {
  const calls: number[][] = [];
  const double = gather(async (items: readonly number[]) => {
    calls.push([...items]);
    return items.map((item) => item * 2);
  });
  expect(await Promise.all([double(1), double(2), double(3)])).toEqual([2, 4, 6]);
  expect(await double(4)).toBe(8);
  expect(calls).toEqual([[1, 2, 3], [4]]);
});

it('never asks for more than its limit at once', async () => {
  const sizes: number[] = [];
  const ask = gather(
    async (items: readonly number[]) => {
      sizes.push(items.length);
      return items;
    },
    { maxItems: 2 },
  );
  await Promise.all([1, 2, 3, 4, 5].map(ask));
  expect(sizes).toEqual([2, 2, 1]);
});

it('tells a failure to everybody who asked', async () => {
  const ask = gather(() => Promise.reject(new Error('server down')));
  const results = await Promise.allSettled([ask(1), ask(2)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

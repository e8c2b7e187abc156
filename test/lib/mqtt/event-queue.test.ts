import { expect, it } from 'vitest';
import { createEventQueue, type EventQueue } from '../../../lib/mqtt/event-queue.js';

const filled = (limit: number, letters: string): EventQueue<string> => {
  const queue = createEventQueue<string>(limit);
  for (const letter of letters) queue.add(letter, letter === letter.toUpperCase());
  return queue;
};

const drain = (queue: EventQueue<string>): string => {
  let letters = '';
  for (let next = queue.take(); next !== undefined; next = queue.take()) letters += next.item;
  return letters;
};

// Capital letters are failures.
it.each([
  ['keeps everything while there is room', 4, 'aBcD', 'aBcD'],
  ['drops the oldest first', 3, 'abcde', 'cde'],
  ['drops ordinary events before failures', 3, 'aBcDe', 'BDe'],
  ['keeps only failures when there are enough of them', 3, 'aBcDEf', 'BDE'],
  ['drops a new ordinary event when only failures wait', 2, 'ABc', 'AB'],
  ['drops the oldest failure for a new one', 2, 'ABC', 'BC'],
  ['holds a single event', 1, 'abAb', 'A'],
])('%s', (_, limit, added, left) => {
  expect(drain(filled(limit, added))).toBe(left);
});

it('says how many were dropped', () => {
  const queue = createEventQueue<string>(2);
  expect([queue.add('a', false), queue.add('b', false), queue.add('c', false)]).toEqual([0, 0, 1]);
});

it('takes nothing twice until it rewinds, and then in the old order', () => {
  const queue = filled(5, 'abc');
  const first = queue.take()!;
  const second = queue.take()!;
  queue.confirm(second);
  expect([first.item, queue.sent, queue.length]).toEqual(['a', 1, 2]);
  queue.rewind();
  expect(queue.sent).toBe(0);
  expect(drain(queue)).toBe('ac');
});

it('never drops what is on its way', () => {
  const queue = filled(3, 'abc');
  const sent = queue.take()!;
  queue.add('d', false);
  queue.add('e', false);
  expect(sent.item).toBe('a');
  queue.rewind();
  expect(drain(queue)).toBe('ade');
});

it('ignores a confirmation that comes twice', () => {
  const queue = filled(3, 'ab');
  const sent = queue.take()!;
  queue.confirm(sent);
  queue.confirm(sent);
  expect([queue.length, queue.sent]).toEqual([1, 0]);
});

it('stays at its limit through 200,000 events', () => {
  const queue = createEventQueue<number>(1_000);
  let dropped = 0;
  for (let index = 0; index < 200_000; index += 1) dropped += queue.add(index, index % 300 === 0);
  expect([queue.length, dropped]).toEqual([1_000, 199_000]);
});

it('keeps the old order when it rewinds in the middle of much', () => {
  const queue = createEventQueue<number>(5_000);
  for (let index = 0; index < 5_000; index += 1) queue.add(index, index % 7 === 0);
  const order: number[] = [];
  while (order.length < 5_000) {
    const taken = Array.from({ length: 40 }, () => queue.take()).filter((queued) => queued !== undefined);
    for (const queued of taken.slice(0, 25)) {
      queue.confirm(queued);
      order.push(queued.item);
    }
    queue.rewind();
  }
  expect(order).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
});

it('needs no longer for an event when 100,000 wait', () => {
  const queue = createEventQueue<number>(100_000);
  for (let index = 0; index < 100_000; index += 1) queue.add(index, index < 50_000);
  const began = performance.now();
  for (let index = 0; index < 200_000; index += 1) queue.add(index, false);
  for (let index = 0; index < 50_000; index += 1) queue.confirm(queue.take()!);
  expect(performance.now() - began).toBeLessThan(15_000);
  expect([queue.length, queue.sent]).toEqual([50_000, 0]);
});

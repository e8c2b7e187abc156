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

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  createEventDelivery,
  type DeliveryOptions,
  type EventDelivery,
} from '../../../lib/mqtt/event-delivery.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Running extends EventDelivery {
  /** The letters that were taken. */
  readonly taken: string[];
  /** Answers the letters that were taken first. */
  answer(count: number): void;
  tell(...letters: string[]): void;
}

/** A delivery over a connection that takes everything at once. */
function deliveryWith(options: Partial<DeliveryOptions> = {}): Running {
  const taken: string[] = [];
  const answers: (() => void)[] = [];
  const pump = () => {
    for (let next = delivery.take(); next !== undefined; next = delivery.take()) {
      taken.push(next.message.payload);
      answers.push(next.onAnswered ?? (() => {}));
    }
  };
  const delivery = createEventDelivery({ onChange: () => {}, onDue: pump, ...options });
  return {
    ...delivery,
    taken,
    answer: (count) => {
      for (const answer of answers.splice(0, count)) answer();
    },
    tell: (...events) => {
      for (const letters of events) {
        delivery.add(
          [...letters].map((payload) => ({ topic: 't', payload })),
          false,
        );
        pump();
      }
    },
    hurry: () => {
      delivery.hurry();
      pump();
    },
  };
}

it('sends the first event of a quiet time at once, and needs no timer for it', () => {
  const delivery = deliveryWith();
  delivery.tell('a');
  expect([delivery.taken, vi.getTimerCount()]).toEqual([['a'], 0]);
  vi.advanceTimersByTime(10);
  delivery.tell('b');
  expect([delivery.taken, vi.getTimerCount()]).toEqual([['a', 'b'], 0]);
});

it('leaves ten milliseconds between two events, with one timer however many wait', () => {
  const delivery = deliveryWith();
  delivery.tell('a', 'b', 'c', 'd');
  expect([delivery.taken.join(''), vi.getTimerCount()]).toEqual(['a', 1]);
  vi.advanceTimersByTime(9);
  expect(delivery.taken.join('')).toBe('a');
  vi.advanceTimersByTime(1);
  expect(delivery.taken.join('')).toBe('ab');
  vi.advanceTimersByTime(20);
  expect([delivery.taken.join(''), vi.getTimerCount()]).toEqual(['abcd', 0]);
});

it('does not begin before its time when a timer is early', () => {
  let time = 1_000;
  const delivery = deliveryWith({ now: () => time });
  delivery.tell('a', 'b');
  time += 9.5;
  vi.advanceTimersByTime(10);
  expect(delivery.taken.join('')).toBe('a');
  time += 0.5;
  vi.advanceTimersByTime(1);
  expect(delivery.taken.join('')).toBe('ab');
});

it('sends the messages of one event together', () => {
  const delivery = deliveryWith();
  delivery.tell('ab', 'cd');
  expect(delivery.taken.join('')).toBe('ab');
  vi.advanceTimersByTime(10);
  expect(delivery.taken.join('')).toBe('abcd');
});

it('counts an event as delivered when all of its messages were answered', () => {
  const delivery = deliveryWith({ eventGapMs: 0 });
  delivery.tell('ab', 'c');
  delivery.answer(1);
  expect(delivery.counts().waiting).toBe(2);
  delivery.answer(1);
  expect(delivery.counts().waiting).toBe(1);
  delivery.answer(1);
  expect(delivery.counts().waiting).toBe(0);
});

it('sends the whole event again of which the last connection took only a part', () => {
  const delivery = createEventDelivery({ onChange: () => {}, onDue: () => {}, eventGapMs: 0 });
  const message = (payload: string) => ({ topic: 't', payload });
  delivery.add([message('a'), message('b')], false);
  delivery.add([message('c')], false);
  delivery.take()?.onAnswered?.();
  delivery.rewind();
  expect([1, 2, 3, 4].map(() => delivery.take()?.message.payload)).toEqual(['a', 'b', 'c', undefined]);
});

it('hurries when it is told to', () => {
  const delivery = deliveryWith();
  delivery.tell('a', 'b', 'c');
  delivery.hurry();
  expect([delivery.taken.join(''), vi.getTimerCount()]).toEqual(['abc', 0]);
});

it('leaves no timer behind when the connection ends', () => {
  const delivery = deliveryWith();
  delivery.tell('a', 'b');
  delivery.rewind();
  expect([vi.getTimerCount(), delivery.counts().waiting]).toEqual([0, 2]);
});

it('ignores an event that says nothing', () => {
  const delivery = deliveryWith();
  delivery.tell('');
  expect(delivery.counts().waiting).toBe(0);
});

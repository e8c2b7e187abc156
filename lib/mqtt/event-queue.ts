/** One event in the queue: `item` is what was added, the rest is the queue's own book-keeping. */
export interface Queued<Item> {
  readonly item: Item;
  readonly isFailure: boolean;
  /** Grows with every event, and so tells their order. */
  readonly number: number;
}

/** Events in the order in which they were added, until each was confirmed. */
export interface EventQueue<Item> {
  /** Adds an event and returns how many were dropped to make room: 0 or 1. The new one may be the one. */
  add(item: Item, isFailure: boolean): number;
  /** The oldest event that is not on its way, which is from now on; undefined when there is none. */
  take(): Queued<Item> | undefined;
  /** Forgets an event that has arrived. */
  confirm(queued: Queued<Item>): void;
  /** Nothing is on its way any more: `take` begins again with the oldest event that was not confirmed. */
  rewind(): void;
  /** Events that were not confirmed, whether on their way or not. */
  readonly length: number;
  /** Events on their way. */
  readonly sent: number;
}

/**
 * Makes a queue that never holds more than `limit` events. When it is full the oldest ordinary event goes, and
 * a failure only when nothing but failures waits: a person must hear of a failure, even late. What is on its
 * way is never dropped, because it may have arrived already. Adding, taking and confirming cost the same
 * however many wait.
 */
export function createEventQueue<Item>(limit: number): EventQueue<Item> {
  const ordinary = createLine<Queued<Item>>();
  const failures = createLine<Queued<Item>>();
  const onTheirWay = new Set<Queued<Item>>();
  let added = 0;
  const length = () => ordinary.length + failures.length + onTheirWay.size;

  return {
    add(item, isFailure) {
      added += 1;
      (isFailure ? failures : ordinary).push({ item, isFailure, number: added });
      if (length() <= limit) return 0;
      (ordinary.length > 0 ? ordinary : failures).shift();
      return 1;
    },
    take() {
      const isFailureOlder = (failures.first?.number ?? Infinity) < (ordinary.first?.number ?? Infinity);
      const next = (isFailureOlder ? failures : ordinary).shift();
      if (next !== undefined) onTheirWay.add(next);
      return next;
    },
    confirm(queued) {
      onTheirWay.delete(queued);
    },
    rewind() {
      // They were taken from the heads of the lines, and in their order.
      const taken = [...onTheirWay];
      failures.putBack(taken.filter(({ isFailure }) => isFailure));
      ordinary.putBack(taken.filter(({ isFailure }) => !isFailure));
      onTheirWay.clear();
    },
    get length() {
      return length();
    },
    get sent() {
      return onTheirWay.size;
    },
  };
}

interface Line<Item> {
  readonly length: number;
  readonly first: Item | undefined;
  push(item: Item): void;
  shift(): Item | undefined;
  /** Puts items before all others. */
  putBack(items: readonly Item[]): void;
}

/** First in, first out. An array's own `shift` moves every item that stays behind. */
function createLine<Item>(): Line<Item> {
  let items: (Item | undefined)[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    get first() {
      return items[head];
    },
    push: (item) => void items.push(item),
    shift() {
      const first = items[head];
      if (head === items.length) return undefined;
      items[head] = undefined;
      head += 1;
      // Half of it is behind us: what is moved now was paid for by as many shifts.
      if (head * 2 >= items.length) {
        items = items.slice(head);
        head = 0;
      }
      return first;
    },
    putBack(back) {
      items = [...back, ...items.slice(head)];
      head = 0;
    },
  };
}

/** One event in the queue: `item` is what was added, the rest is the queue's own book-keeping. */
export interface Queued<Item> {
  readonly item: Item;
  readonly isFailure: boolean;
  isSent: boolean;
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
 * way is never dropped, because it may have arrived already.
 */
export function createEventQueue<Item>(limit: number): EventQueue<Item> {
  const held: Queued<Item>[] = [];
  let sent = 0;

  return {
    add(item, isFailure) {
      held.push({ item, isFailure, isSent: false });
      if (held.length <= limit) return 0;
      held.splice(leastMissed(held), 1);
      return 1;
    },
    take() {
      const next = held.find((queued) => !queued.isSent);
      if (next === undefined) return undefined;
      next.isSent = true;
      sent += 1;
      return next;
    },
    confirm(queued) {
      const index = held.indexOf(queued);
      if (index < 0) return;
      held.splice(index, 1);
      if (queued.isSent) sent -= 1;
    },
    rewind() {
      for (const queued of held) queued.isSent = false;
      sent = 0;
    },
    get length() {
      return held.length;
    },
    get sent() {
      return sent;
    },
  };
}

/** Where the event is that goes first: the oldest ordinary one, else the oldest failure, of those not on their way. */
function leastMissed(held: readonly Queued<unknown>[]): number {
  const ordinary = held.findIndex((queued) => !queued.isSent && !queued.isFailure);
  return ordinary >= 0 ? ordinary : held.findIndex((queued) => !queued.isSent);
}

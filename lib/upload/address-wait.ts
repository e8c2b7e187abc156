import { delay } from '../backoff.js';
import type { Way } from '../immich/address-book.js';

export interface AddressWaitOptions<Item> {
  /** Whether so many bytes get through now, as an address book says it. */
  readonly wayFor: (bytes: number) => Promise<Way>;
  /** Whether an item is still what it was when it was held; never rejects. */
  readonly isSame: (item: Item) => Promise<boolean>;
  /** Puts an item back into the line. */
  readonly release: (item: Item) => void;
  /** Whether an item that was put back is on its way yet. */
  readonly isOnItsWay: (item: Item) => boolean;
  readonly signal: AbortSignal;
  readonly everyMs?: number | undefined;
}

/** Items that are too large for the address in use. */
export interface AddressWait<Item> {
  hold(item: Item, bytes: number): void;
  /** An item is of no interest any more. */
  forget(item: Item): void;
}

/** So many items are looked at in a round, whether they are still there. */
const MOST_LOOKED_AT = 100;

/**
 * Makes what keeps items until an address lets them through. Once a minute it is asked whether one does, for all of them
 * together; nothing is sent to find out. Where only a try can tell, the smallest goes ahead of the others.
 */
export function createAddressWait<Item>(options: AddressWaitOptions<Item>): AddressWait<Item> {
  const { wayFor, isSame, release, isOnItsWay, signal, everyMs = 60_000 } = options;
  const held = new Map<Item, number>();
  let isWatching = false;
  /** The one that finds out whether a limit still holds. */
  let ahead: Item | undefined;

  function letGo(item: Item): void {
    if (held.delete(item)) release(item);
  }

  async function look(): Promise<void> {
    for (const [item, bytes] of [...held].sort(([, a], [, b]) => a - b)) {
      const way = await wayFor(bytes);
      if (signal.aborted || way === 'none') break;
      if (way === 'trial' && ahead !== undefined && isOnItsWay(ahead)) break;
      letGo(item);
      ahead = item;
    }
    // What went away or changed meanwhile waits for nothing. Those that were looked at go to the end of the line.
    for (const [item, bytes] of [...held].slice(0, MOST_LOOKED_AT)) {
      const isStill = await isSame(item);
      if (signal.aborted || !held.delete(item)) continue;
      if (isStill) held.set(item, bytes);
      else release(item);
    }
  }

  async function watch(): Promise<void> {
    while (held.size > 0) {
      await delay(everyMs, signal);
      await look();
    }
  }

  return {
    hold(item, bytes) {
      held.set(item, bytes);
      if (isWatching) return;
      isWatching = true;
      watch().then(
        () => {
          isWatching = false;
        },
        // Only an abort ends it otherwise, and then all is over.
        () => held.clear(),
      );
    },
    forget: (item) => void held.delete(item),
  };
}

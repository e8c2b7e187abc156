/** In which order waiting files go: as they were found, by date, or the small ones before the big ones. */
export const UPLOAD_ORDERS = ['found', 'newest', 'oldest', 'small'] as const;

export type UploadOrder = (typeof UPLOAD_ORDERS)[number];

/** What the order goes by. Bytes, and milliseconds since 1970. */
export interface Queued {
  readonly file: { readonly sizeBytes: number; readonly mtimeMs: number };
}

/** Things that wait for their turn. Each step costs at most the logarithm of their number. */
export interface WaitingLine<Item extends Queued> {
  size(): number;
  add(item: Item): void;
  /** Before all others, whatever the order; among these the first comes first. */
  addFirst(item: Item): void;
  /** Takes the next one out. */
  next(): Item | undefined;
  remove(item: Item): void;
}

const RANKS: Readonly<Record<Exclude<UploadOrder, 'found'>, (item: Queued) => number>> = {
  newest: ({ file }) => -file.mtimeMs,
  oldest: ({ file }) => file.mtimeMs,
  small: ({ file }) => file.sizeBytes,
};

/** Makes a line in one order; of two that are equal in it, the one that came first goes first. */
export function createWaitingLine<Item extends Queued>(order: UploadOrder = 'found'): WaitingLine<Item> {
  const first = new Set<Item>();
  const rest = order === 'found' ? createPlainLine<Item>() : createRankedLine<Item>(RANKS[order]);
  return {
    size: () => first.size + rest.size(),
    add: rest.add,
    addFirst: (item) => void first.add(item),
    next() {
      const [item] = first;
      if (item === undefined) return rest.next();
      first.delete(item);
      return item;
    },
    remove(item) {
      if (!first.delete(item)) rest.remove(item);
    },
  };
}

type Line<Item extends Queued> = Omit<WaitingLine<Item>, 'addFirst'>;

function createPlainLine<Item extends Queued>(): Line<Item> {
  const items = new Set<Item>();
  return {
    size: () => items.size,
    add: (item) => void items.add(item),
    next() {
      const [item] = items;
      if (item !== undefined) items.delete(item);
      return item;
    },
    remove: (item) => void items.delete(item),
  };
}

interface Place<Item> {
  readonly item: Item;
  /** As it was when it came: an item that changes meanwhile must not lose its place in the heap. */
  readonly rank: number;
  readonly number: number;
}

/** A binary heap. What is removed stays in it as a dead place until it comes up, or until half of the places are dead. */
function createRankedLine<Item extends Queued>(rankOf: (item: Item) => number): Line<Item> {
  const places = new Map<Item, Place<Item>>();
  let heap: Place<Item>[] = [];
  let count = 0;
  const isAlive = (place: Place<Item>) => places.get(place.item) === place;
  return {
    size: () => places.size,
    add(item) {
      count += 1;
      const place = { item, rank: rankOf(item), number: count };
      places.set(item, place);
      push(heap, place);
    },
    next() {
      for (let place = pop(heap); place !== undefined; place = pop(heap)) {
        if (!isAlive(place)) continue;
        places.delete(place.item);
        return place.item;
      }
      return undefined;
    },
    remove(item) {
      places.delete(item);
      if (heap.length > 2 * places.size + 64)
        heap = heap.filter(isAlive).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    },
  };
}

function isBefore(a: Place<unknown>, b: Place<unknown>): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.number < b.number);
}

function push<Item>(heap: Place<Item>[], place: Place<Item>): void {
  let at = heap.length;
  heap.push(place);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(place, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = place;
}

function pop<Item>(heap: Place<Item>[]): Place<Item> | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
  return top;
}

/** How a clock for many waiting things runs. */
export interface StabilityClockOptions<Item> {
  /** What is due within so many milliseconds is visited together (10). */
  readonly grainMs?: number;
  /** The most visits at once. */
  readonly maxConcurrent: number;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
  /** Called once for each thing that is due; must not reject. */
  readonly visit: (item: Item) => Promise<void>;
  /** Ends all visits that have not begun. */
  readonly signal: AbortSignal;
}

/** Node's timers take no longer wait; a tick that comes too early only aims anew. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Makes one clock for any number of waiting things and returns what schedules one: it is visited at `dueAtMs`
 * or up to one grain later. Things lie in buckets of one grain, a single timer waits for the earliest
 * bucket, and there is none while nothing is scheduled: the cost grows with the visits, not with the waiting.
 */
export function createStabilityClock<Item>({
  grainMs = 10,
  maxConcurrent,
  now,
  visit,
  signal,
}: StabilityClockOptions<Item>): (item: Item, dueAtMs: number) => void {
  const buckets = new Map<number, Item[]>();
  /** The keys of the buckets, the earliest last. */
  const order: number[] = [];
  const visitSoon = makeVisitor(maxConcurrent, visit, signal);
  let timer: NodeJS.Timeout | undefined;
  let aimedAt = Number.POSITIVE_INFINITY;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  function aim(): void {
    const next = order.at(-1) ?? Number.POSITIVE_INFINITY;
    if (next === aimedAt) return;
    clearTimeout(timer);
    aimedAt = next;
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.max(1, Math.ceil(next * grainMs - now()));
    timer = setTimeout(tick, Math.min(waitMs, LONGEST_WAIT_MS));
  }

  function tick(): void {
    const nowMs = now();
    aimedAt = Number.NaN;
    for (let bucket = order.at(-1); bucket !== undefined; bucket = order.at(-1)) {
      if (bucket * grainMs > nowMs) break;
      order.pop();
      visitSoon(buckets.get(bucket) ?? []);
      buckets.delete(bucket);
    }
    aim();
  }

  return (item, dueAtMs) => {
    if (signal.aborted) return;
    const bucket = Math.ceil(dueAtMs / grainMs);
    const items = buckets.get(bucket);
    if (items !== undefined) {
      items.push(item);
      return;
    }
    buckets.set(bucket, [item]);
    order.splice(placeOf(bucket, order), 0, bucket);
    aim();
  };
}

/** Where a number belongs among numbers that fall. */
function placeOf(wanted: number, falling: readonly number[]): number {
  let [from, to] = [0, falling.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((falling[middle] ?? 0) > wanted) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Visits things in their order, some at a time, so that a slow one holds up its own place alone. */
function makeVisitor<Item>(
  maxConcurrent: number,
  visit: (item: Item) => Promise<void>,
  signal: AbortSignal,
): (items: readonly Item[]) => void {
  let queue: Item[] = [];
  let next = 0;
  let running = 0;

  function advance(): void {
    while (!signal.aborted && running < maxConcurrent && next < queue.length) {
      const item = queue[next++] as Item;
      running++;
      void visit(item).finally(() => {
        running--;
        advance();
      });
    }
    if (next < queue.length) return;
    queue = [];
    next = 0;
  }

  return (items) => {
    queue = [...queue.slice(next), ...items];
    next = 0;
    advance();
  };
}

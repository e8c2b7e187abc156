/** How a clock for many waiting things runs. */
export interface StabilityClockOptions<Item> {
  /** The pace, in milliseconds: what is due within the same interval is visited together. */
  readonly intervalMs: number;
  /** The most visits at once. */
  readonly maxConcurrent: number;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
  /** Called once for each thing that is due; must not reject. */
  readonly visit: (item: Item) => Promise<void>;
  /** Ends all visits that have not begun. */
  readonly signal: AbortSignal;
}

/**
 * Makes one clock for any number of waiting things and returns what schedules one: it is visited at `dueAtMs`
 * or up to one interval later. Things lie in buckets of one interval, a single timer waits for the earliest
 * bucket, and there is none while nothing is scheduled: the cost grows with the visits, not with the waiting.
 */
export function createStabilityClock<Item>({
  intervalMs,
  maxConcurrent,
  now,
  visit,
  signal,
}: StabilityClockOptions<Item>): (item: Item, dueAtMs: number) => void {
  const buckets = new Map<number, Item[]>();
  const visitSoon = makeVisitor(maxConcurrent, visit, signal);
  let timer: NodeJS.Timeout | undefined;
  let aimedAt = Number.POSITIVE_INFINITY;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  function aimAt(bucket: number): void {
    clearTimeout(timer);
    aimedAt = bucket;
    if (bucket === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(tick, Math.max(1, Math.ceil(bucket * intervalMs - now())));
  }

  function tick(): void {
    const nowMs = now();
    for (const [bucket, items] of buckets) {
      if (bucket * intervalMs > nowMs) continue;
      buckets.delete(bucket);
      visitSoon(items);
    }
    aimAt(Math.min(...buckets.keys()));
  }

  return (item, dueAtMs) => {
    if (signal.aborted) return;
    const bucket = Math.ceil(dueAtMs / intervalMs);
    const items = buckets.get(bucket);
    if (items === undefined) buckets.set(bucket, [item]);
    else items.push(item);
    if (bucket < aimedAt) aimAt(bucket);
  };
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
  }

  return (items) => {
    queue = [...queue.slice(next), ...items];
    next = 0;
    advance();
  };
}

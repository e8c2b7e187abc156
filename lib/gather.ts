export interface GatherOptions {
  /** How long the first item waits for others, in milliseconds. */
  readonly waitMs?: number;
  /** The most items of one call. */
  readonly maxItems?: number;
}

/**
 * Turns a call that takes many items into one that takes a single item: what is asked for within `waitMs` of
 * each other goes out as one call.
 * @param ask answers its items in their order; its error reaches each of them
 */
export function gather<Item, Result>(
  ask: (items: readonly Item[]) => Promise<readonly Result[]>,
  { waitMs = 5, maxItems = 1_000 }: GatherOptions = {},
): (item: Item) => Promise<Result> {
  interface Waiting {
    readonly item: Item;
    readonly resolve: (result: Result) => void;
    readonly reject: (reason: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function send(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    try {
      const results = await ask(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (waiting.length >= maxItems) void send();
      else timer ??= setTimeout(() => void send(), waitMs);
    });
}

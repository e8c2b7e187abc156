import type { GatherOptions } from './gather.js';

/**
 * As `gather`, for a call that takes many items of one kind: each key has one call under way at a time, and what comes
 * meanwhile goes out together with the next. So the slower the other side, the fewer calls there are.
 * @param ask its error reaches each of its items
 */
export function gatherByKey<Item>(
  ask: (key: string, items: readonly Item[]) => Promise<void>,
  { waitMs = 5, maxItems = 1_000 }: GatherOptions = {},
): (key: string, item: Item) => Promise<void> {
  interface Waiting {
    readonly item: Item;
    readonly resolve: () => void;
    readonly reject: (reason: unknown) => void;
  }
  const lines = new Map<string, Waiting[]>();

  async function work(key: string, line: Waiting[]): Promise<void> {
    while (line.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const batch = line.splice(0, maxItems);
      try {
        await ask(
          key,
          batch.map(({ item }) => item),
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    lines.delete(key);
  }

  return (key, item) =>
    new Promise((resolve, reject) => {
      const line = lines.get(key);
      if (line !== undefined) {
        line.push({ item, resolve, reject });
        return;
      }
      const begun = [{ item, resolve, reject }];
      lines.set(key, begun);
      void work(key, begun);
    });
}

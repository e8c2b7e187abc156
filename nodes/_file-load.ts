import type { EventEmitter } from 'node:events';

/** A file, as far as its way is counted. */
interface Carried {
  /** The watched folder that it is of. */
  readonly folder: string;
}

/** How many files of each watched folder the nodes of a runtime have in hand, and how many are kept back for that. */
export interface FileLoad {
  /**
   * A node says which files it has in hand that go on by themselves. What waits for a person, or for something that
   * concerns it alone, must not be among them: it would hold up all the others.
   */
  carries(files: () => Iterable<Carried>, signal: AbortSignal): void;
  /** A folder-watch says how many files of a folder it keeps back; undefined for a folder that is not its own. */
  keepsBack(count: (folder: string) => number | undefined, signal: AbortSignal): void;
  /** Files of a folder that are on their way, over all nodes. */
  inHand(folder: string): number;
  /** Files of a folder that are kept back; undefined when nobody watches it. */
  keptBack(folder: string): number | undefined;
}

const loads = new WeakMap<EventEmitter, FileLoad>();

/** The load of the runtime with these events. It is counted when it is asked for, so that no count can go astray. */
export function fileLoadOf(events: EventEmitter): FileLoad {
  const known = loads.get(events);
  if (known !== undefined) return known;
  const carriers = new Set<() => Iterable<Carried>>();
  const keepers = new Set<(folder: string) => number | undefined>();
  const load: FileLoad = {
    carries: (files, signal) => keep(carriers, files, signal),
    keepsBack: (count, signal) => keep(keepers, count, signal),
    inHand(folder) {
      let count = 0;
      for (const files of carriers) for (const file of files()) if (file.folder === folder) count += 1;
      return count;
    },
    keptBack(folder) {
      const counts = [...keepers].flatMap((count) => count(folder) ?? []);
      return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
    },
  };
  loads.set(events, load);
  return load;
}

function keep<Item>(items: Set<Item>, item: Item, signal: AbortSignal): void {
  items.add(item);
  signal.addEventListener('abort', () => items.delete(item), { once: true });
}

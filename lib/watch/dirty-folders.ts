/** Folders in which something happened, each waiting for a moment of quiet before it is looked at. */
export interface DirtyFolders {
  /** Something happened to `name` in the folder; without a name, anything may have. */
  mark(path: string, name?: string): void;
}

export interface DirtyFoldersOptions {
  /** A folder is due once nothing happened in it for so long, in milliseconds … */
  readonly quietMs: number;
  /** … or so long after the first thing happened, so that a copy of hours does not put it off. */
  readonly maxWaitMs: number;
  /** With more names than this the whole folder is listed instead. */
  readonly maxNames?: number;
  /** Called with the names to look at, or without them when the whole folder is to be listed. */
  readonly onDue: (path: string, names?: ReadonlySet<string>) => void;
  readonly signal: AbortSignal;
  /** Milliseconds that only ever grow. */
  readonly now?: () => number;
}

interface Waiting {
  names: Set<string> | undefined;
  readonly since: number;
  last: number;
}

/** Collects what happens in folders, on one timer for all of them. Stops when `signal` is aborted. */
export function collectDirtyFolders(options: DirtyFoldersOptions): DirtyFolders {
  const { quietMs, maxWaitMs, maxNames = 1000, onDue, signal, now = () => performance.now() } = options;
  const waiting = new Map<string, Waiting>();
  let timer: NodeJS.Timeout | undefined;

  const check = () => {
    timer = undefined;
    const time = now();
    for (const [path, { names, since, last }] of waiting) {
      if (time - last < quietMs && time - since < maxWaitMs) continue;
      waiting.delete(path);
      onDue(path, names);
    }
    if (waiting.size > 0) start();
  };
  const start = () => {
    if (!signal.aborted) timer ??= setTimeout(check, Math.max(1, quietMs / 2));
  };
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  return {
    mark(path, name) {
      const time = now();
      const folder = waiting.get(path) ?? { names: new Set(), since: time, last: time };
      folder.last = time;
      if (name === undefined || (folder.names?.size ?? 0) >= maxNames) folder.names = undefined;
      else folder.names?.add(name);
      waiting.set(path, folder);
      start();
    },
  };
}

/** What happened in folders, waiting for a moment of quiet before it is looked at. */
export interface DirtyFolders {
  /** Something happened to `name` in the folder; without a name, anything may have. */
  mark(path: string, name?: string): void;
}

export interface DirtyFoldersOptions {
  /** A name is due once nothing happened to it for so long, in milliseconds … */
  readonly quietMs: number;
  /** … or so long after the first thing happened, so that a copy of hours does not put it off. */
  readonly maxWaitMs: number;
  /** With more names than this the whole folder is listed instead, once it is quiet. */
  readonly maxNames?: number;
  /** Called with the names to look at, or without them when the whole folder is to be listed. */
  readonly onDue: (path: string, names?: ReadonlySet<string>) => void;
  readonly signal: AbortSignal;
  /** Milliseconds that only ever grow. */
  readonly now?: () => number;
}

/** When something first happened, and last. */
interface Moments {
  readonly since: number;
  last: number;
}

/** The folder as a whole stands under this name, which no file can have. */
const WHOLE = '';

/**
 * Collects what happens in folders, on one timer for all of them. Each name waits for its own moment of quiet: where
 * files arrive all the time, none waits for the others. Stops when `signal` is aborted.
 */
export function collectDirtyFolders(options: DirtyFoldersOptions): DirtyFolders {
  const { quietMs, maxWaitMs, maxNames = 1000, onDue, signal, now = () => performance.now() } = options;
  const waiting = new Map<string, Map<string, Moments>>();
  let timer: NodeJS.Timeout | undefined;

  const check = () => {
    timer = undefined;
    const time = now();
    for (const [path, names] of waiting) {
      const due = new Set<string>();
      for (const [name, { since, last }] of names) {
        if (time - last >= quietMs || time - since >= maxWaitMs) due.add(name);
      }
      for (const name of due) names.delete(name);
      if (names.size === 0) waiting.delete(path);
      if (due.size > 0) onDue(path, due.has(WHOLE) ? undefined : due);
    }
    if (waiting.size > 0) start();
  };
  const start = () => {
    if (!signal.aborted) timer ??= setTimeout(check, Math.max(1, quietMs / 3));
  };
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  return {
    mark(path, name = WHOLE) {
      const last = now();
      const names = waiting.get(path) ?? new Map<string, Moments>();
      const isWhole = name === WHOLE || names.has(WHOLE) || names.size >= maxNames;
      const known = names.get(isWhole ? WHOLE : name);
      if (isWhole && known === undefined) names.clear();
      if (known === undefined) names.set(isWhole ? WHOLE : name, { since: last, last });
      else known.last = last;
      waiting.set(path, names);
      start();
    },
  };
}

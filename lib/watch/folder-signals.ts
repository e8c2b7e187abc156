import { basename } from 'node:path';
import { errorCode } from '../file-io.js';
import type { KnownFolder } from './folder-index.js';
import { type FolderIo, realFolderIo, stampFolder } from './folder-listing.js';
import type { FolderProblem } from './folder-look.js';

/** What a watch on a folder tells. */
export interface FolderSignals {
  /** Something happened to `name`; without a name, anything may have. */
  onChange(name?: string): void;
  /** The watch is over: nothing more will be heard of it. */
  onLost(): void;
}

/**
 * Starts to watch one folder, not what lies below it, and gives the function that ends it.
 * @throws the error of the file system: `ENOSPC` and `EMFILE` when the system allows no more watches
 */
export type StartFolderWatch = (path: string, signals: FolderSignals) => Promise<() => void>;

interface KeepWatchOptions {
  readonly startWatch: StartFolderWatch;
  readonly signal: AbortSignal;
  readonly onProblem: (problem: FolderProblem) => void;
}

/** Starts to watch a known folder unless it is watched; `mark` is told what happened, and when the watch is over. */
export async function keepWatch(
  folder: KnownFolder,
  { startWatch, signal, onProblem }: KeepWatchOptions,
  mark: (name?: string) => void,
): Promise<void> {
  if (folder.unwatch !== undefined) return;
  const onLost = () => {
    folder.unwatch = undefined;
    mark();
  };
  try {
    const unwatch = await startWatch(folder.path, { onChange: mark, onLost });
    if (signal.aborted) unwatch();
    else folder.unwatch = unwatch;
  } catch (error) {
    const detail = errorCode(error) ?? '';
    // Any other reason comes up again when the folder is listed, right after this.
    if (!['ENOSPC', 'EMFILE'].includes(detail)) return;
    onProblem({ kind: 'watch-limit', path: folder.path, detail });
  }
}

/**
 * Watches by the signals of the operating system, one watch a folder. It is `fs.watch` itself: a watcher above it
 * lists and stats the whole folder again at each signal, which costs a full core while one video grows beside
 * 10,000 photos.
 */
export function watchBySignals(io: FolderIo = realFolderIo): StartFolderWatch {
  return async (path, { onChange, onLost }) => {
    const self = basename(path);
    const watcher = io.watch(path, (event, name) => {
      // A folder tells of itself under its own name: that it was removed or moved away, or that its rights changed.
      // The folder that takes its place may have the same number, so the watch must be made anew.
      if (name !== self) onChange(name ?? undefined);
      else if (event === 'rename') end();
      else onChange();
    });
    const end = () => {
      watcher.close();
      onLost();
    };
    watcher.on('error', end);
    return () => watcher.close();
  };
}

/** A change so young may be followed by another that bears the same time. */
const TIME_GRAIN_MS = 3000;
const AT_ONCE = 16;

/**
 * Watches by asking each folder every `everyMs` whether its list of names changed: for network shares, which send
 * no signals. A file that grows does not change its folder, so only the re-scan finds that.
 */
export function watchByPolling(
  everyMs: number,
  signal: AbortSignal,
  io: FolderIo = realFolderIo,
): StartFolderWatch {
  const polled = new Set<{ path: string; seen: string | undefined; onChange: () => void }>();
  let isAsking = false;

  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    const folders = [...polled];
    while (folders.length > 0 && !signal.aborted) {
      await Promise.all(
        folders.splice(-AT_ONCE).map(async (folder) => {
          const seen = await settledStamp(folder.path, io);
          const isSame = seen !== undefined && seen === folder.seen;
          folder.seen = seen;
          if (!isSame && polled.has(folder)) folder.onChange();
        }),
      );
    }
    isAsking = false;
  };
  const timer = setInterval(ask, everyMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });

  return async (path, { onChange }) => {
    const folder = { path, seen: await settledStamp(path, io), onChange: () => onChange() };
    polled.add(folder);
    return () => polled.delete(folder);
  };
}

async function settledStamp(path: string, io: FolderIo): Promise<string | undefined> {
  try {
    const { identity, change, changedAtMs } = await stampFolder(path, true, io);
    return Math.abs(Date.now() - changedAtMs) < TIME_GRAIN_MS ? undefined : `${identity} ${change}`;
  } catch {
    return 'gone'; // Whatever the reason: a look at the folder finds it out, and this asks for one look only.
  }
}

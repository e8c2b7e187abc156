import { setMaxListeners } from 'node:events';
import type { FoundFile } from '../media-file.js';
import { currentExtensions } from './extensions.js';
import { folderId } from './folder-id.js';
import { type FolderIo, realFolderIo } from './folder-listing.js';
import type { FolderFilter, FolderProblem } from './folder-look.js';
import { watchByPolling, watchBySignals } from './folder-signals.js';
import { makePauseGate } from './pause-gate.js';
import type { AreSettled } from './settled-files.js';
import { reasonToSkip } from './skip-reason.js';
import { WatchedFolder, type WatchedFolderState } from './watched-folder.js';

/** Which folders to watch, what of them counts, and how often to look. Times are milliseconds. */
export interface FolderWatchOptions extends Omit<FolderFilter, 'extensions'> {
  /** Absolute paths; a folder that lies in another one is watched once, as the inner one. */
  readonly folders: readonly string[];
  /** Lower-case with the dot; undefined means what the server takes. */
  readonly extensions?: ReadonlySet<string>;
  /** What the server takes, or undefined while it does not answer: asked until it has, and never waited for. */
  readonly askExtensions?: () => Promise<readonly string[] | undefined>;
  /** Which files were dealt with before a restart and need nothing. */
  readonly areSettled?: AreSettled;
  /** Never looked into, by whichever path it is reached. */
  readonly archiveFolder?: string;
  readonly failedFolder?: string;
  readonly isPolling: boolean;
  readonly pollMs: number;
  readonly rescanMs: number;
  /**
   * How many more files of a watched folder may be on their way; the others wait where they lie. Asked often
   * while some wait. Without it none has to.
   */
  readonly room?: (folder: string) => number;
  /** How often each folder itself is asked whether it came, went or was mounted anew. */
  readonly probeMs?: number;
  /** How long nothing must happen to a file before it is looked at, and after what time it is looked at anyway. */
  readonly quietMs?: number;
  readonly maxWaitMs?: number;
  readonly io?: FolderIo;
  readonly now?: () => Date;
}

/** What a watch tells. Nothing is called any more once its signal is aborted. */
export interface FolderWatchEvents {
  /** Once for each version (path, size, mtime) of a file, and again for one that was gone meanwhile. */
  onFound(file: FoundFile): void;
  onProblem(problem: FolderProblem): void;
  /** The report may have changed; comes often. `isReady` when the last look at everything has just ended. */
  onChange(isReady: boolean): void;
}

/** How one watched folder stands. */
export interface FolderReport {
  /** As `folderId` makes it. */
  readonly id: string;
  readonly path: string;
  /** Of the folder itself, also while the watch is paused; `scanning` until all in it was looked at once. */
  readonly state: WatchedFolderState | 'scanning';
  readonly fileCount: number;
  /** Those of them that wait for room on their way. */
  readonly waiting: number;
}

/** How things stand. */
export interface FolderWatchReport {
  readonly state: 'watching' | 'scanning' | 'waiting' | 'paused';
  readonly folders: readonly FolderReport[];
  /** Files passed on since the start. */
  readonly found: number;
  /** Files that lie there and are over the size limit. */
  readonly tooLarge: number;
}

/** The report as its second output tells it: `node` says which folder-watch these folders are of. */
export interface FolderWatchState extends FolderWatchReport {
  readonly node: string;
}

export interface FolderWatch {
  report(): FolderWatchReport;
  /** Passes nothing on until `resume`, which passes on whatever came meanwhile. */
  pause(): void;
  resume(): void;
  /** Looks at everything now; `isAll` passes on anew all that lies there. */
  rescan(isAll?: boolean): void;
  /** Files of a watched folder that wait for room; undefined when it is none, 0 while the watch is paused. */
  keptBack(folder: string): number | undefined;
  /** Makes these files count as new. */
  forget(paths: readonly string[]): void;
  /** Settled once everything stopped, after the signal was aborted. */
  readonly ended: Promise<void>;
}

/** Watches folders for photos until `signal` is aborted, through folders that go and come back. Never throws. */
export function watchFolders(
  options: FolderWatchOptions,
  events: FolderWatchEvents,
  signal: AbortSignal,
): FolderWatch {
  setMaxListeners(0, signal); // Each folder and timer listens for the end.
  const pause = makePauseGate(signal);
  let found = 0;
  const watched: WatchedFolder[] = [];
  const extensions = currentExtensions(options.extensions, options.askExtensions, () => scanAll());
  const onFound = (file: FoundFile) => {
    found++;
    events.onFound(file);
  };
  let hadScan = true;
  const onChange = () => {
    const hasScan = watched.some(({ isScanning }) => isScanning);
    events.onChange(hadScan && !hasScan);
    hadScan = hasScan;
  };
  const settings = folderSettings(options, { ...events, onFound, onChange }, watched, signal);
  const filter = { ...options, extensions: extensions.get };
  for (const root of new Set(options.folders))
    watched.push(new WatchedFolder({ ...settings(root), root, filter, gate: pause.wait }));
  const scanAll = (isShown = false) => {
    extensions.ask();
    for (const folder of watched) folder.scan(isShown);
  };
  every(options.rescanMs, signal, scanAll);
  every(options.probeMs ?? 5000, signal, () => void watched.map((folder) => folder.probe()));
  scanAll();

  return {
    report: () => reportOf(watched, pause.isClosed(), found),
    pause: pause.close,
    resume: pause.open,
    rescan(isAll = false) {
      if (isAll) for (const folder of watched) folder.forgetAll();
      scanAll(true);
    },
    keptBack(path) {
      const folder = watched.find(({ root }) => root === path);
      return pause.isClosed() && folder !== undefined ? 0 : folder?.waitingCount;
    },
    forget(paths) {
      for (const path of paths) for (const folder of watched) folder.forget(path);
    },
    ended: Promise.all(watched.map((folder) => folder.ended)).then(() => {}),
  };
}

/** What all watched folders share, and the checks of one of them against the others. */
function folderSettings(
  options: FolderWatchOptions,
  { onFound, onProblem, onChange }: Omit<FolderWatchEvents, 'onChange'> & { readonly onChange: () => void },
  watched: readonly WatchedFolder[],
  signal: AbortSignal,
) {
  const { quietMs = 30, maxWaitMs = 1000, io = realFolderIo, now = () => new Date() } = options;
  const startedAtMs = now().getTime();
  let hasSaidLimit = false;
  return (root: string) => ({
    io,
    now,
    areSettled: options.areSettled,
    startedAtMs,
    signal,
    quietMs,
    maxWaitMs,
    startWatch: options.isPolling ? watchByPolling(options.pollMs, signal, io) : watchBySignals(io),
    reasonToSkip: (identity: string, path: string) =>
      reasonToSkip({ ...options, io }, watched, root, identity, path),
    room: () => options.room?.(root) ?? Number.POSITIVE_INFINITY,
    onFound: (file: FoundFile) => void (signal.aborted || onFound(file)),
    onChange: () => void (signal.aborted || onChange()),
    onProblem(problem: FolderProblem) {
      if (signal.aborted || (problem.kind === 'watch-limit' && hasSaidLimit)) return;
      hasSaidLimit ||= problem.kind === 'watch-limit';
      onProblem(problem);
    },
  });
}

function reportOf(watched: readonly WatchedFolder[], isPaused: boolean, found: number): FolderWatchReport {
  const isWaiting = watched.some(({ state }) => state === 'missing' || state === 'unreadable');
  const hasScan = watched.some(({ isScanning }) => isScanning);
  return {
    state: isPaused ? 'paused' : hasScan ? 'scanning' : isWaiting ? 'waiting' : 'watching',
    folders: watched.map(({ root, state, isScanning, fileCount, waitingCount }) => ({
      id: folderId(root),
      path: root,
      state: isScanning ? 'scanning' : state,
      fileCount,
      waiting: waitingCount,
    })),
    found,
    tooLarge: watched.reduce((sum, { tooLargeCount }) => sum + tooLargeCount, 0),
  };
}

function every(ms: number, signal: AbortSignal, work: () => void): void {
  if (signal.aborted) return;
  const timer = setInterval(work, ms);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

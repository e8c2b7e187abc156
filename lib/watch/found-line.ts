import { join } from 'node:path';
import { delay } from '../backoff.js';
import { nameKeyOf } from '../companions/companion-key.js';
import { isSidecar } from '../companions/media-kind.js';
import type { FoundFile } from '../media-file.js';
import { type FolderIndex, type KnownFolder, namesWith } from './folder-index.js';
import { relativeTo } from './folder-listing.js';

export interface FoundLineOptions {
  /** The watched folder. */
  readonly root: string;
  readonly index: FolderIndex;
  readonly filter: { readonly maxBytes: number; readonly isFollowingLinks: boolean };
  /** How many more of its files may be on their way, as things stand now. */
  readonly room: () => number;
  /** Whether a first look at everything is on its way. */
  readonly isScanning: () => boolean;
  /** Waits while nothing may be passed on. */
  readonly gate: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly onFound: (file: FoundFile) => void;
  /** Called when fewer files wait. */
  readonly onChange: () => void;
  readonly now: () => Date;
  /** Milliseconds that only ever grow. */
  readonly clock?: () => number;
}

/** How long an answer about room counts, and how long to wait for some. */
const ROOM_MS = 50;
/** For so long the first look at everything goes before files that wait; the next nodes have some already. */
const SCAN_FIRST_MS = 10_000;
/** So many are passed on before that, so that their hashes do not hold up the look at the others. */
const SCAN_AHEAD = 256;
/** What belongs together and comes in one look is passed on within so many milliseconds. */
const TOGETHER_MS = 100;
/** So many files of one folder are passed on before another folder's turn. */
const AT_ONCE = 16;

/**
 * Passes on files that were found, at once while there is room on their way. Else they wait here, as no more than a
 * name in the index, and folders take turns. Files on their way are counted and never waited for by name: whatever
 * becomes of one, nothing here waits for it in vain.
 */
export class FoundLine {
  readonly #options: FoundLineOptions;
  readonly #clock: () => number;
  #room = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  /** What was passed on last. */
  #last: { readonly folder: string; readonly key: string; readonly atMs: number } | undefined;
  /** The look at everything that is on its way: since when, and how many files were passed on ahead of its end. */
  #scan: { readonly beganAt: number; ahead: number } | undefined;

  constructor(options: FoundLineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** Takes in a file whose version the index has just noted. What belongs to the one before it needs no room. */
  readonly add = (folder: KnownFolder, name: string): void => {
    const { index } = this.#options;
    if (this.#isFellow(folder, name)) {
      this.#room--;
      this.#pass(folder, name, 0);
      return;
    }
    const scan = this.#scanGoingFirst();
    const hasWay = index.waitingCount === 0 && (scan === undefined || scan.ahead++ < SCAN_AHEAD);
    if (hasWay && this.#takeRoom()) this.#passWithSidecars(folder, name, 0);
    else {
      index.hold(folder, name, Math.ceil(this.#clock()));
      if (!this.#isRunning) void this.#run();
    }
  };

  async #run(): Promise<void> {
    const { index, gate, signal, onChange } = this.#options;
    this.#isRunning = true;
    while (index.waitingCount > 0 && !signal.aborted) {
      await gate();
      const hasRoom = this.#scanGoingFirst() === undefined && this.#passSome();
      onChange();
      // Never many at once: each takes some work of the next nodes, and nothing else happens in between.
      if (hasRoom) await new Promise(setImmediate);
      else await delay(ROOM_MS, signal).catch(() => undefined); // The end: the loop looks for it.
    }
    this.#isRunning = false;
  }

  /** The look at everything, as long as files wait for its end; not for ever, because a share may take hours. */
  #scanGoingFirst() {
    if (this.#options.isScanning()) this.#scan ??= { beganAt: this.#clock(), ahead: 0 };
    else this.#scan = undefined;
    return this.#scan && this.#clock() - this.#scan.beganAt < SCAN_FIRST_MS ? this.#scan : undefined;
  }

  /** Passes on some files of the next folder; false when there is no more room. */
  #passSome(): boolean {
    const { index, signal } = this.#options;
    const folder = index.nextWaiting();
    for (let passed = 0; passed < AT_ONCE; passed++) {
      const [first] = folder?.waiting ?? [];
      if (folder === undefined || first === undefined || signal.aborted) return true;
      if (!this.#takeRoom()) return false;
      const [name, sinceMs] = first;
      const fellows = namesWith(folder.waitingByKey, nameKeyOf(name)).filter((other) => other !== name);
      index.release(folder, name);
      this.#passWithSidecars(folder, name, this.#waitedMs(sinceMs));
      for (const fellow of fellows) {
        const waitedMs = this.#waitedMs(folder.waiting.get(fellow) ?? 0);
        index.release(folder, fellow);
        this.#room--;
        this.#pass(folder, fellow, waitedMs);
      }
    }
    return true;
  }

  #waitedMs(sinceMs: number): number {
    return Math.max(0, this.#clock() - sinceMs);
  }

  /** Whether a file belongs to the one that was passed on right before, so that nothing may come between them. */
  #isFellow(folder: KnownFolder, name: string): boolean {
    const last = this.#last;
    if (last?.folder !== folder.path || last.key !== nameKeyOf(name)) return false;
    return this.#clock() - last.atMs < TOGETHER_MS;
  }

  /** Passes on a photo, and once more the sidecars that were passed on before it came: nobody had a use for them then. */
  #passWithSidecars(folder: KnownFolder, name: string, waitedMs: number): void {
    this.#pass(folder, name, waitedMs);
    if (folder.sidecars.size === 0 || isSidecar(name)) return;
    for (const sidecar of namesWith(folder.sidecars, nameKeyOf(name))) {
      if (!folder.waiting.has(sidecar)) this.#pass(folder, sidecar, 0);
    }
  }

  #takeRoom(): boolean {
    const at = this.#clock();
    if (at - this.#askedAt >= ROOM_MS) {
      this.#room = this.#options.room();
      this.#askedAt = at;
    }
    if (this.#room <= 0) return false;
    this.#room--;
    return true;
  }

  #pass(folder: KnownFolder, name: string, waitedMs: number): void {
    const { root, filter, now, onFound } = this.#options;
    const path = join(folder.path, name);
    this.#last = { folder: folder.path, key: nameKeyOf(name), atMs: this.#clock() };
    const [sizeBytes = 0, mtimeMs = 0] = (folder.versions.get(name) ?? '').split(':').map(Number);
    onFound({
      path,
      folder: root,
      relativePath: relativeTo(root, path),
      sizeBytes,
      mtimeMs,
      foundAt: new Date(now().getTime() - waitedMs).toISOString(),
      isFollowingLinks: filter.isFollowingLinks,
      ...(waitedMs > 0 && { unchangedMs: Math.floor(waitedMs) }),
      ...(Number.isFinite(filter.maxBytes) && { maxBytes: filter.maxBytes }),
    });
  }
}

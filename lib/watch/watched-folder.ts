import { basename, dirname } from 'node:path';
import { isGone } from '../file-io.js';
import { collectDirtyFolders, type DirtyFolders } from './dirty-folders.js';
import { FolderIndex } from './folder-index.js';
import { stampFolder } from './folder-listing.js';
import { type FolderLookOptions, lookIntoFolder, problemOf, sayOnce } from './folder-look.js';
import { keepWatch, type StartFolderWatch } from './folder-signals.js';
import { FoundLine, type FoundLineOptions } from './found-line.js';
import { type Look, LookQueue } from './look-queue.js';
import type { AreSettled } from './settled-files.js';
import type { SkipReason } from './skip-reason.js';

/** How a watched folder itself is; `skipped`: it is the archive, or another watched folder under a second name. */
export type WatchedFolderState = 'watching' | 'missing' | 'unreadable' | 'skipped';

export interface WatchedFolderOptions
  extends Omit<FolderLookOptions, 'index' | 'onNew'>,
    Omit<FoundLineOptions, 'index' | 'filter' | 'isScanning'> {
  readonly startWatch: StartFolderWatch;
  /** Why the folder found at this path must not be looked into, if so. */
  readonly reasonToSkip: (identity: string, path: string) => Promise<SkipReason | undefined>;
  /** Called after each look. */
  readonly onChange: () => void;
  readonly quietMs: number;
  readonly maxWaitMs: number;
}

/** One watched folder with all that lies below it. It may be missing, and may go and come back at any time. */
export class WatchedFolder {
  readonly root: string;
  readonly #options: WatchedFolderOptions;
  readonly #index = new FolderIndex();
  readonly #line: FoundLine;
  readonly #queue: LookQueue;
  readonly #dirty: DirtyFolders;
  #state: WatchedFolderState = 'watching';
  /** What was last seen at the root: its identity, or why there was none. */
  #seen: string | undefined;
  #hasScanned = false;
  #isProbing = false;
  /** Whether everything counts as new until it was looked at once, be it settled or not. */
  #isAnew = false;

  constructor(options: WatchedFolderOptions) {
    this.#options = options;
    this.root = options.root;
    const { signal, gate, quietMs, maxWaitMs } = options;
    this.#line = new FoundLine({ ...options, index: this.#index, isScanning: () => this.isScanning });
    this.#queue = new LookQueue({ gate, signal, take: (look) => this.#take(look) });
    const onDue = (path: string, names?: ReadonlySet<string>) => this.#queue.addDue(path, names);
    this.#dirty = collectDirtyFolders({ quietMs, maxWaitMs, signal, onDue });
    signal.addEventListener('abort', () => this.#index.forgetFolder(this.root), { once: true });
  }

  get state(): WatchedFolderState {
    return this.#state;
  }

  /** Whether a first look, or one that was asked for, is on its way. */
  get isScanning(): boolean {
    return this.#state === 'watching' && !this.#hasScanned;
  }

  get fileCount(): number {
    return this.#index.fileCount;
  }

  get waitingCount(): number {
    return this.#index.waitingCount;
  }

  get tooLargeCount(): number {
    return this.#index.tooLargeCount;
  }

  /** Settled once everything stopped, after the signal was aborted. */
  get ended(): Promise<void> {
    return this.#queue.ended;
  }

  /** Where below this root the folder of this identity was seen. */
  pathOf(identity: string): string | undefined {
    return this.#index.pathOf(identity);
  }

  /** Looks at everything anew; `isShown` makes it count as scanning. */
  scan(isShown = false): void {
    if (isShown) this.#hasScanned = false;
    this.#queue.addLast(this.root);
  }

  /** Asks whether the folder itself came, went or became another one, and looks at everything if so. */
  async probe(): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    const seen = await stampFolder(this.root, true, this.#options.io).then(
      ({ isFolder, identity }) => (isFolder ? identity : 'missing'),
      (error: unknown) => (isGone(error) ? 'missing' : 'unreadable'),
    );
    this.#isProbing = false;
    if (seen !== this.#seen) this.scan();
  }

  /** Makes all files count as new. */
  forgetAll(): void {
    this.#index.forgetVersions();
    this.#isAnew = true;
  }

  /** Makes one file count as new, and looks at it. */
  forget(path: string): void {
    const folder = this.#index.get(dirname(path));
    if (folder === undefined) return;
    this.#index.forget(folder, basename(path));
    this.#dirty.mark(folder.path, basename(path));
  }

  async #take(look: Look): Promise<void> {
    try {
      await this.#look(look);
    } catch (error) {
      if (!this.#options.signal.aborted) this.#failed(look.path, error);
    }
    if (!this.#queue.hasScan && look.isDeep) this.#isAnew = false;
    if (!this.#queue.hasScan && this.#state === 'watching') this.#hasScanned = true;
    this.#options.onChange();
  }

  async #look({ path, names, isDeep }: Look): Promise<void> {
    const { filter, io, signal, reasonToSkip } = this.#options;
    const isRoot = path === this.root;
    if (!isRoot && !this.#index.get(dirname(path))?.folders.has(basename(path))) return;
    const { isFolder, identity } = await stampFolder(path, filter.isFollowingLinks || isRoot, io);
    if (!isFolder) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    const known = this.#index.get(path);
    const isNew = known?.identity !== identity;
    const reason = isNew ? await reasonToSkip(identity, path) : undefined;
    if (reason !== undefined) this.#skip(path, identity, reason);
    if (reason !== undefined || signal.aborted) return;
    const folder = isNew ? this.#index.put(path, identity) : known;
    await keepWatch(folder, this.#options, (name) => this.#dirty.mark(folder.path, name));
    // Asked anew for each file: everything may come to count as new while this look is under way.
    const areSettled: AreSettled = async (files) =>
      this.#isAnew ? [] : ((await this.#options.areSettled?.(files)) ?? []);
    const options = { ...this.#options, index: this.#index, areSettled, onNew: this.#line.add };
    const folders = await lookIntoFolder(folder, isNew ? undefined : names, options);
    folder.said.delete('folder');
    if (isRoot) this.#become('watching', identity);
    for (const child of folders) {
      if (isDeep || isNew) this.#queue.addToScan(child);
      else if (names !== undefined || this.#index.get(child) === undefined) this.#queue.addDue(child);
    }
  }

  #skip(path: string, identity: string, kind: SkipReason): void {
    this.#index.forgetFolder(path);
    if (path !== this.root) return;
    if (this.#state !== 'skipped') this.#options.onProblem({ kind, path, detail: '' });
    this.#become('skipped', identity);
  }

  #failed(path: string, error: unknown): void {
    const parent = this.#index.get(dirname(path));
    if (path === this.root) this.#rootFailed(error);
    else if (parent === undefined) return;
    else if (isGone(error)) {
      this.#index.forget(parent, basename(path));
      // Its disk may have been away for a moment, of which nothing else tells: is it there, it is looked into anew.
      this.#queue.addDue(parent.path, new Set([basename(path)]));
    } else {
      const folder = this.#index.get(path);
      sayOnce(folder ?? parent, folder ? 'folder' : `folder ${path}`, problemOf(path, error), this.#options);
    }
  }

  #rootFailed(error: unknown): void {
    if (isGone(error)) {
      this.#index.forgetFolder(this.root);
      this.#hasScanned = false;
      this.#become('missing', 'missing');
      return;
    }
    if (this.#state !== 'unreadable') this.#options.onProblem(problemOf(this.root, error));
    this.#become('unreadable', 'unreadable');
  }

  #become(state: WatchedFolderState, seen: string): void {
    this.#state = state;
    this.#seen = seen;
  }
}

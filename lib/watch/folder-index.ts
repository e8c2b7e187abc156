import { join } from 'node:path';
import { nameKeyOf } from '../companions/companion-key.js';
import { isSidecar } from '../companions/media-kind.js';

/** A folder that was looked at, and what is known of its files. */
export interface KnownFolder {
  readonly path: string;
  /** Who the folder was: see `FolderStamp`. */
  readonly identity: string;
  /** The version of each file that was passed on, by name. Text, because 200,000 of them must stay small. */
  readonly versions: Map<string, string>;
  /** Names of files that wait for room on their way, with the time of a clock since which they stand still. */
  readonly waiting: Map<string, number>;
  /** The same names by what those that belong together have in common, a slash between several. */
  readonly waitingByKey: Map<string, string>;
  /** Names of sidecars by that key, a slash between several. */
  readonly sidecars: Map<string, string>;
  /** Names of the folders in it. */
  readonly folders: Set<string>;
  /** Names of files over the size limit. */
  readonly tooLarge: Set<string>;
  /** What was already said about this folder. */
  readonly said: Set<string>;
  /** Ends the watch on this folder; undefined while it has none. */
  unwatch?: () => void;
}

/** What one watched folder and those below it are known to hold. */
export class FolderIndex {
  readonly #folders = new Map<string, KnownFolder>();
  readonly #paths = new Map<string, string>();
  /** Folders with files that wait, the next one first. */
  readonly #holding = new Set<KnownFolder>();
  #fileCount = 0;
  #waitingCount = 0;
  #tooLargeCount = 0;

  get fileCount(): number {
    return this.#fileCount;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  get tooLargeCount(): number {
    return this.#tooLargeCount;
  }

  get(path: string): KnownFolder | undefined {
    return this.#folders.get(path);
  }

  /** Where the folder of this identity was seen. */
  pathOf(identity: string): string | undefined {
    return this.#paths.get(identity);
  }

  /** Takes a folder in, in place of an earlier one at this path; what was known of its files stays. */
  put(path: string, identity: string): KnownFolder {
    const earlier = this.#folders.get(path);
    if (earlier !== undefined) this.#drop(earlier);
    const folder = { ...(earlier ?? emptyFolder(path)), identity };
    if (earlier !== undefined && this.#holding.delete(earlier)) this.#holding.add(folder);
    this.#folders.set(path, folder);
    this.#paths.set(identity, path);
    return folder;
  }

  /** Notes the version of a file that was passed on. */
  setVersion(folder: KnownFolder, name: string, version: string): void {
    this.#forgetFile(folder, name);
    folder.versions.set(name, version);
    if (isSidecar(name)) addName(folder.sidecars, name);
    else this.#fileCount++;
  }

  /** Keeps a file back that stands still since `sinceMs`, milliseconds of a clock that is never set. */
  hold(folder: KnownFolder, name: string, sinceMs: number): void {
    if (!folder.waiting.has(name)) {
      this.#waitingCount++;
      addName(folder.waitingByKey, name);
    }
    folder.waiting.set(name, sinceMs);
    this.#holding.add(folder);
  }

  /** Lets a file go that was kept back. */
  release(folder: KnownFolder, name: string): void {
    if (folder.waiting.delete(name)) {
      this.#waitingCount--;
      removeName(folder.waitingByKey, name);
    }
    if (folder.waiting.size === 0) this.#holding.delete(folder);
  }

  /** A folder with files that wait; all such folders take turns. */
  nextWaiting(): KnownFolder | undefined {
    const [folder] = this.#holding;
    if (folder === undefined) return undefined;
    this.#holding.delete(folder);
    this.#holding.add(folder);
    return folder;
  }

  /** Notes a file over the size limit; false when that was known. */
  addTooLarge(folder: KnownFolder, name: string): boolean {
    if (folder.tooLarge.has(name)) return false;
    this.#forgetFile(folder, name);
    folder.tooLarge.add(name);
    this.#tooLargeCount++;
    return true;
  }

  /** Forgets whatever has this name in a folder: a file, or a folder with all below it. */
  forget(folder: KnownFolder, name: string): void {
    this.#forgetFile(folder, name);
    if (folder.folders.delete(name)) this.forgetFolder(join(folder.path, name));
  }

  /** Forgets a folder with all below it and ends their watches. */
  forgetFolder(path: string): void {
    const folder = this.#folders.get(path);
    if (folder === undefined) return;
    this.#folders.delete(path);
    this.#drop(folder);
    this.#fileCount -= folder.versions.size - sidecarCount(folder);
    this.#dropWaiting(folder);
    this.#tooLargeCount -= folder.tooLarge.size;
    for (const name of folder.folders) this.forgetFolder(join(path, name));
  }

  /** Forgets the versions of all files, so that each counts as new. */
  forgetVersions(): void {
    for (const folder of this.#folders.values()) {
      folder.versions.clear();
      folder.sidecars.clear();
      this.#dropWaiting(folder);
    }
    this.#fileCount = 0;
  }

  #drop(folder: KnownFolder): void {
    folder.unwatch?.();
    folder.unwatch = undefined;
    if (this.#paths.get(folder.identity) === folder.path) this.#paths.delete(folder.identity);
  }

  #dropWaiting(folder: KnownFolder): void {
    this.#waitingCount -= folder.waiting.size;
    folder.waiting.clear();
    folder.waitingByKey.clear();
    this.#holding.delete(folder);
  }

  #forgetFile(folder: KnownFolder, name: string): void {
    if (folder.versions.delete(name)) {
      if (isSidecar(name)) removeName(folder.sidecars, name);
      else this.#fileCount--;
    }
    this.release(folder, name);
    if (folder.tooLarge.delete(name)) this.#tooLargeCount--;
  }
}

function emptyFolder(path: string): Omit<KnownFolder, 'identity'> {
  const files = { versions: new Map(), waiting: new Map(), tooLarge: new Set<string>() };
  const keys = { waitingByKey: new Map<string, string>(), sidecars: new Map<string, string>() };
  return { path, ...files, ...keys, folders: new Set(), said: new Set() };
}

/** The names that an index by key has under the key of a name. */
export function namesWith(index: ReadonlyMap<string, string>, key: string): string[] {
  return index.get(key)?.split('/') ?? [];
}

function addName(index: Map<string, string>, name: string): void {
  const key = nameKeyOf(name);
  const others = index.get(key);
  index.set(key, others === undefined ? name : `${others}/${name}`);
}

function removeName(index: Map<string, string>, name: string): void {
  const key = nameKeyOf(name);
  const left = namesWith(index, key).filter((other) => other !== name);
  if (left.length === 0) index.delete(key);
  else index.set(key, left.join('/'));
}

function sidecarCount({ sidecars }: KnownFolder): number {
  let count = 0;
  for (const names of sidecars.values()) count += names.split('/').length;
  return count;
}

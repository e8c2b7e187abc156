import { join } from 'node:path';

/** A folder that was looked at, and what is known of its files. */
export interface KnownFolder {
  readonly path: string;
  /** Who the folder was: see `FolderStamp`. */
  readonly identity: string;
  /** The version of each file that was passed on, by name. Text, because 200,000 of them must stay small. */
  readonly versions: Map<string, string>;
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
  #fileCount = 0;
  #tooLargeCount = 0;

  get fileCount(): number {
    return this.#fileCount;
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
    this.#folders.set(path, folder);
    this.#paths.set(identity, path);
    return folder;
  }

  /** Notes the version of a file that was passed on. */
  setVersion(folder: KnownFolder, name: string, version: string): void {
    this.#forgetFile(folder, name);
    folder.versions.set(name, version);
    this.#fileCount++;
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
    this.#fileCount -= folder.versions.size;
    this.#tooLargeCount -= folder.tooLarge.size;
    for (const name of folder.folders) this.forgetFolder(join(path, name));
  }

  /** Forgets the versions of all files, so that each counts as new. */
  forgetVersions(): void {
    for (const folder of this.#folders.values()) folder.versions.clear();
    this.#fileCount = 0;
  }

  #drop(folder: KnownFolder): void {
    folder.unwatch?.();
    folder.unwatch = undefined;
    if (this.#paths.get(folder.identity) === folder.path) this.#paths.delete(folder.identity);
  }

  #forgetFile(folder: KnownFolder, name: string): void {
    if (folder.versions.delete(name)) this.#fileCount--;
    if (folder.tooLarge.delete(name)) this.#tooLargeCount--;
  }
}

function emptyFolder(path: string): Omit<KnownFolder, 'identity'> {
  return { path, versions: new Map(), folders: new Set(), tooLarge: new Set(), said: new Set() };
}

import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../support/files-below.js';
import { sha1Of } from './ledger.js';

/** A file that lies somewhere. */
export interface Lying {
  /** Below the folder that was looked at. */
  readonly path: string;
  readonly sha1: string;
  readonly inode: number;
}

/** Makes what lists a folder with the SHA-1 of every file; what has not changed is read once. */
export function makeFolderLook(): (folder: string) => Lying[] {
  const known = new Map<string, { version: string; sha1: string }>();
  return (folder) =>
    filesBelow(folder).flatMap((path) => {
      const full = join(folder, path);
      const stats = lstatSync(full, { throwIfNoEntry: false });
      if (stats === undefined) return [];
      const version = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
      const before = known.get(full);
      if (before?.version === version) return [{ path, sha1: before.sha1, inode: stats.ino }];
      const bytes = readIfThere(full);
      if (bytes === undefined) return [];
      const sha1 = sha1Of(bytes);
      known.set(full, { version, sha1 });
      return [{ path, sha1, inode: stats.ino }];
    });
}

/** The bytes of a file; undefined when it is gone. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // It is on its way to somewhere else.
  }
}

/** Whether a path is that of a copy that is not whole yet. */
export function isTorso(path: string): boolean {
  return /(^|\/)\.immich-bridge-[0-9a-f]+\.part$/.test(path);
}

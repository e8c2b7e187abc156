import { type Dirent, lstat, stat, watch } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { promisify } from 'node:util';
import { escapeCode } from '../printable.js';

/** What watching needs from the file system, so that a test can make a folder unreadable or a watcher deaf. */
export interface FolderIo {
  readonly lstat: typeof lstat.__promisify__;
  readonly stat: typeof stat.__promisify__;
  readonly opendir: typeof opendir;
  readonly readdir: typeof readdir;
  readonly watch: typeof watch;
}

/** The real file system. Files are asked in the way with callbacks, which takes half the time of that with promises. */
export const realFolderIo: FolderIo = {
  lstat: promisify(lstat),
  stat: promisify(stat),
  opendir,
  readdir,
  watch,
};

/** What the file system says about a folder: who it is, and when its list of names last changed. */
export interface FolderStamp {
  readonly isFolder: boolean;
  /** The same for every path that leads to this folder, another one after it was made anew. */
  readonly identity: string;
  /** Changes with every name that comes or goes. */
  readonly change: string;
  /** Milliseconds since 1970 of that change. */
  readonly changedAtMs: number;
}

/** An entry of a folder; the kind is undefined where only a look at the entry itself tells. */
export interface FolderEntry {
  readonly name: string;
  readonly kind?: 'file' | 'folder' | 'link' | 'other';
}

/**
 * Asks who a folder is. Big integers, because file numbers of Windows do not fit into a double.
 * @throws the error of the file system when the path leads nowhere or may not be asked
 */
export async function stampFolder(
  path: string,
  isFollowingLinks: boolean,
  io: FolderIo = realFolderIo,
): Promise<FolderStamp> {
  const look = isFollowingLinks ? io.stat : io.lstat;
  const stats = await look(path, { bigint: true });
  const { dev, ino, mtimeNs, ctimeNs, mtimeMs } = stats;
  return {
    isFolder: stats.isDirectory(),
    // Some network drives number nothing: the path is all there is then.
    identity: ino === 0n ? path : `${dev}:${ino}`,
    change: `${mtimeNs}:${ctimeNs}`,
    changedAtMs: Number(mtimeMs),
  };
}

/** Lists a folder in slices of at most `sliceLength` entries, so that a big one never holds up the event loop. */
export async function* listFolder(
  path: string,
  sliceLength: number,
  io: FolderIo = realFolderIo,
): AsyncGenerator<FolderEntry[]> {
  let slice: FolderEntry[] = [];
  for await (const entry of await io.opendir(path, { bufferSize: 512 })) {
    slice.push({ name: entry.name, kind: kindOf(entry) });
    if (slice.length < sliceLength) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

/** The names of a folder that are not UTF-8 and so cannot be opened, with their odd bytes as `\xe9`. */
export async function undecodableNames(path: string, io: FolderIo = realFolderIo): Promise<string[]> {
  const names = await io.readdir(path, { encoding: 'buffer' });
  return names.filter((name) => !Buffer.from(name.toString()).equals(name)).map(readableName);
}

/** The path below a watched folder. */
export function relativeTo(root: string, path: string): string {
  return path.slice(root.endsWith(sep) ? root.length : root.length + 1);
}

function readableName(name: Buffer): string {
  return [...name]
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : escapeCode(byte)))
    .join('');
}

function kindOf(entry: Dirent): FolderEntry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

import type { Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type FileIo, GONE, unlessCode } from '../file-io.js';
import type { UploadedFile } from '../media-file.js';
import { isInFolder, READ_NO_LINK } from '../regular-file.js';
import { say } from '../say.js';
import { sha1OfHandle } from '../sha1.js';
import { ArchiveError } from './archive-error.js';
import { isSameFolder } from './archive-folder.js';

/** What was known of a file when its bytes were proven. Bytes, and milliseconds since 1970. */
export type Seen = Pick<UploadedFile, 'sizeBytes' | 'mtimeMs' | 'ctimeMs'>;

/** What a look at an original shows. */
export type Look =
  | { readonly state: 'unchanged'; readonly stats: Stats }
  | { readonly state: 'changed' | 'gone' };

/** What a name in the archive holds. `itself`: it is the original, seen by another path. */
export type Occupant = 'nobody' | 'itself' | 'same-bytes' | 'empty' | 'other';

/**
 * SHA-1 of a file as 40 lower-case hex digits; reads it in pieces.
 * @throws the system's error, or the reason of the signal
 */
export async function sha1OfFile(path: string, io: FileIo): Promise<string> {
  const handle = await io.fs.open(path, READ_NO_LINK);
  try {
    return await sha1OfHandle(handle, io.signal);
  } finally {
    await handle.close();
  }
}

/**
 * Whether an original still has the proven bytes. One that was only touched since it was `seen` is hashed again.
 * @throws ArchiveError `failed` for a symbolic link, which is never moved
 */
export async function lookAtOriginal(file: UploadedFile, seen: Seen, io: FileIo): Promise<Look> {
  const stats = await unlessCode(GONE, io.fs.lstat(file.path));
  if (stats === undefined) return { state: 'gone' };
  if (stats.isSymbolicLink()) {
    throw new ArchiveError(
      'failed',
      say`"${file.path}" is a symbolic link, so it stays where it is: only files are archived. Remove it by hand, or let folder-watch not follow links.`,
    );
  }
  if (!stats.isFile() || stats.size !== file.sizeBytes) return { state: 'changed' };
  // A folder on the way became a link: what lies behind it is somebody else's.
  if (file.isFollowingLinks === false && !(await isInFolder(file))) return { state: 'gone' };
  if (stats.mtimeMs === seen.mtimeMs && stats.ctimeMs === seen.ctimeMs) return { state: 'unchanged', stats };
  const sha1 = await unlessCode(GONE, sha1OfFile(file.path, io));
  if (sha1 !== undefined && sha1 !== file.sha1) return { state: 'changed' };
  return lookAtOriginal(file, seenIn(stats), io);
}

/** What a stat result says, in the terms of a record. */
export function seenIn({ size, mtimeMs, ctimeMs }: Stats): Seen {
  return { sizeBytes: size, mtimeMs, ctimeMs };
}

/** Whether two stat results are of one inode. */
export function isSameInode(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** What holds the name `target`; `original` is undefined when the original is gone. */
export async function occupantOf(
  target: string,
  file: UploadedFile,
  original: Stats | undefined,
  io: FileIo,
): Promise<Occupant> {
  const there = await unlessCode(['ENOENT'], io.fs.lstat(target));
  if (there === undefined) return 'nobody';
  if (!there.isFile() || there.size !== file.sizeBytes) return there.size === 0 ? 'empty' : 'other';
  const isLinked = original !== undefined && isSameInode(there, original);
  if (!isLinked && (await unlessCode(['ENOENT'], sha1OfFile(target, io))) !== file.sha1) return 'other';
  const isAlone = isLinked && there.nlink === 1;
  if (original !== undefined && (isAlone || (await isSameEntry(target, file.path, io)))) return 'itself';
  return 'same-bytes';
}

/** One name in one folder: removing either path would remove both. */
async function isSameEntry(a: string, b: string, io: FileIo): Promise<boolean> {
  const fold = (path: string) => basename(path).normalize('NFC').toLowerCase();
  return fold(a) === fold(b) && isSameFolder(dirname(a), dirname(b), io);
}

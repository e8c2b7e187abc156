import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isBelow } from './archive/archive-path.js';
import { errorCode, GONE, unlessCode } from './file-io.js';
import type { FoundFile } from './media-file.js';
import { say } from './say.js';

/** Where a file was found, and whether links may lead out of the folder that was watched. */
export type FilePlace = Pick<FoundFile, 'path' | 'isFollowingLinks'> & Partial<Pick<FoundFile, 'folder'>>;

/**
 * For reading, without waiting: to open a pipe would wait for its writer, for ever and on one of the four threads
 * that all files share. To a file it makes no difference; Windows does not know it.
 */
export const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The same, and a link at the end of the path is an error (ELOOP). */
export const READ_NO_LINK = READ_WITHOUT_WAITING | (constants.O_NOFOLLOW ?? 0);

/** What stands at a path is no file: a pipe, a socket, a device, a folder, or a link that must not be followed. */
export class NoFileError extends Error {
  override readonly name = 'NoFileError';
  readonly code = 'no-file';
}

/** An open file, and what was known of it at that moment. */
export interface OpenFile {
  readonly file: FileHandle;
  readonly stats: Stats;
}

/**
 * Opens a file for reading, whatever took its place since it was found.
 * @throws NoFileError, or the system's error
 */
export async function openRegularFile(path: string): Promise<OpenFile> {
  const file = await openAnything(path);
  try {
    const stats = await file.stat();
    if (stats.isFile()) return { file, stats };
    throw new NoFileError(say`"${path}" is not a file.`);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The same for a file of a watched folder: where links are not followed, it must still lie in that folder. Otherwise
 * whoever may write there could swap a photo, or a folder on the way, for a link, and have any file read.
 * @throws NoFileError, or the system's error
 */
export async function openFoundFile(place: FilePlace): Promise<OpenFile> {
  const opened = await openRegularFile(place.path);
  try {
    if (place.isFollowingLinks !== false || (await isInFolder(place, opened.stats))) return opened;
    throw new NoFileError(say`"${place.path}" leads out of the watched folder.`);
  } catch (error) {
    await opened.file.close();
    throw error;
  }
}

/** Whether the real place of a path lies in its folder and holds the very file that was opened. */
export async function isInFolder(
  { path, folder = dirname(path) }: FilePlace,
  opened?: Stats,
): Promise<boolean> {
  const places = await unlessCode(GONE, Promise.all([realpath(folder), realpath(path)]));
  if (places === undefined || !isBelow(...places)) return false;
  if (opened === undefined) return true;
  const there = await unlessCode(GONE, lstat(places[1]));
  return there?.dev === opened.dev && there.ino === opened.ino;
}

/** Looks at a file of a watched folder as that folder is watched: through a link, or at the link itself. */
export function lookAtFound({ path, isFollowingLinks }: FilePlace): Promise<Stats> {
  return isFollowingLinks === false ? lstat(path) : stat(path);
}

async function openAnything(path: string): Promise<FileHandle> {
  try {
    return await open(path, READ_WITHOUT_WAITING);
  } catch (error) {
    // ENXIO: a socket, or a device that nobody serves.
    throw errorCode(error) === 'ENXIO' ? new NoFileError(say`"${path}" is not a file.`) : error;
  }
}

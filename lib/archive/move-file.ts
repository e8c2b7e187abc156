import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type FileIo, fileIo, isGone } from '../file-io.js';
import type { UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { ArchiveError, type ArchiveStep, toArchiveError } from './archive-error.js';
import { checkInside, prepareFolder } from './archive-folder.js';
import { numberedPath } from './archive-path.js';
import { changedError, type Move, occupantInTime, placeFile } from './place-file.js';
import { lookAtOriginal, seenIn } from './proven-file.js';
import { removeSeen } from './remove-original.js';

const MAX_NAMES = 10_000;

/**
 * Moves a proven, unchanged file to `target` below `archiveFolder`, or to a numbered name beside it where other
 * bytes have that one. Replaces nothing, and removes the original only when the archive holds its bytes; across
 * devices these are copied, written to the disk and read again first.
 * @throws ArchiveError when the original stays where it is, or the reason of `given.signal`
 */
export async function moveFile(
  file: UploadedFile,
  target: string,
  archiveFolder: string,
  given: Partial<FileIo> = {},
): Promise<Move> {
  const io = fileIo(given);
  const folder = dirname(target);
  return saying('archive', file, folder, io, async () => {
    const look = await lookAtOriginal(file, file, io);
    if (look.state === 'changed') throw changedError(file);
    if (look.state === 'unchanged') {
      await prepareFolder(archiveFolder, folder, io);
      const move = await placeUnlessGone(file, look.stats, target, io);
      if (move !== undefined) return move;
    }
    await checkInside(archiveFolder, folder, io);
    return await findArchived(file, target, io);
  });
}

/**
 * Deletes a proven, unchanged file.
 * @throws ArchiveError when it stays where it is or was gone, or the reason of `given.signal`
 */
export async function deleteFile(file: UploadedFile, given: Partial<FileIo> = {}): Promise<void> {
  const io = fileIo(given);
  await saying('remove', file, dirname(file.path), io, async () => {
    const look = await lookAtOriginal(file, file, io);
    const end = look.state === 'unchanged' ? await removeSeen(file.path, look.stats, io) : look.state;
    if (end === 'gone') throw vanishedError(file);
    if (end !== 'removed') throw changedError(file);
  });
}

/** Puts system errors into words; an abort goes through as it is. */
export async function saying<T>(
  step: ArchiveStep,
  file: UploadedFile,
  folder: string,
  { signal }: FileIo,
  work: () => Promise<T>,
): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toArchiveError(error, file.path, folder, step);
  }
}

/** Undefined when the original went away meanwhile: another instance was faster. */
async function placeUnlessGone(
  file: UploadedFile,
  stats: Stats,
  target: string,
  io: FileIo,
): Promise<Move | undefined> {
  try {
    return await placeFile(file, stats, target, io);
  } catch (error) {
    if (isGone(error) && (await lookAtOriginal(file, seenIn(stats), io)).state === 'gone') return undefined;
    throw error;
  }
}

/** Where the bytes of a file are that somebody else moved. */
async function findArchived(file: UploadedFile, target: string, io: FileIo): Promise<Move> {
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    const name = numberedPath(target, number);
    const occupant = await occupantInTime(name, file, undefined, io);
    if (occupant === 'nobody') break;
    if (occupant === 'same-bytes') return { archivedTo: name, outcome: 'already-archived' };
  }
  throw vanishedError(file);
}

/** The file is gone, and the archive does not have it. */
export function vanishedError({ path }: UploadedFile): ArchiveError {
  return new ArchiveError('vanished', say`"${path}" is no longer there, so there is nothing to archive.`);
}

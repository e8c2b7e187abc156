import type { Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errorCode, type FileIo, GONE, unlessCode } from '../file-io.js';
import type { UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { ArchiveError } from './archive-error.js';
import { syncFolder } from './archive-folder.js';
import { numberedPath } from './archive-path.js';
import { type Claim, claimName } from './claim-name.js';
import { copyProven } from './copy-file.js';
import {
  isSameInode,
  lookAtOriginal,
  type Occupant,
  occupantOf,
  type Seen,
  seenIn,
  sha1OfFile,
} from './proven-file.js';
import { putBack, removeSeen } from './remove-original.js';

const MAX_NAMES = 10_000;
const EMPTY_LOOKS = 20;
const EMPTY_PAUSE_MS = 50;

/** Where an original is now; `already-archived`: its bytes were there before, so that nothing was added. */
export interface Move {
  readonly archivedTo: string;
  readonly outcome: 'moved' | 'already-archived';
}

/**
 * Gives a proven file the first free name at `target` and removes the original.
 * @throws ArchiveError, the system's error, or the reason of the signal; the original then still stands
 */
export async function placeFile(file: UploadedFile, stats: Stats, target: string, io: FileIo): Promise<Move> {
  let copy: string | undefined;
  let number = 1;
  try {
    for (let tries = 0; tries < MAX_NAMES; tries += 1) {
      io.signal.throwIfAborted();
      const name = numberedPath(target, number);
      const occupant = await occupantInTime(name, file, stats, io);
      if (occupant === 'same-bytes') await removeOriginal(file, seenIn(stats), io);
      if (occupant === 'same-bytes' || occupant === 'itself') {
        return { archivedTo: name, outcome: 'already-archived' };
      }
      if (occupant !== 'nobody') number += 1;
      else if (copy === undefined) {
        // A second name may be one in the archive already, and a copy is worth a look.
        const mayBeThere = tries === 0 && stats.nlink > 1;
        const claim = mayBeThere ? 'taken' : await claimHere(file.path, name, io);
        const earlier =
          claim === 'other-device' || mayBeThere
            ? await earlierNumber((next) => numberedPath(target, next), file, stats, io)
            : undefined;
        if (earlier !== undefined) number = earlier;
        else if (claim === 'other-device') copy = await copyProven(file, stats, dirname(name), io);
        else if (claim !== 'taken') return await finishMove(file, stats, name, claim, io);
      } else if ((await claimName(copy, name, io)) !== 'taken') {
        return await finishCopy(file, stats, name, io);
      }
    }
  } finally {
    // What cannot be removed now is swept later; the outcome stands either way.
    if (copy !== undefined) await io.fs.unlink(copy).catch(() => undefined);
  }
  throw new Error(say`${MAX_NAMES} names beside "${basename(target)}" are taken`);
}

/**
 * A later name that holds the bytes already, though the first one is free: an earlier try ended there while the rest of
 * its group had their number. Looks no further than the first free name.
 */
export async function earlierNumber(
  nameAt: (number: number) => string,
  file: UploadedFile,
  stats: Stats,
  io: FileIo,
): Promise<number | undefined> {
  for (let number = 2; number <= MAX_NAMES; number += 1) {
    const occupant = await occupantOf(nameAt(number), file, stats, io);
    if (occupant === 'same-bytes') return number;
    if (occupant === 'nobody') return undefined;
  }
  return undefined;
}

/** What holds a name. An empty file may be about to be filled by another instance: it gets a second for that. */
export async function occupantInTime(
  name: string,
  file: UploadedFile,
  stats: Stats | undefined,
  io: FileIo,
): Promise<Occupant> {
  for (let looks = 1; ; looks += 1) {
    const occupant = await occupantOf(name, file, stats, io);
    if (occupant !== 'empty' || looks === EMPTY_LOOKS) return occupant;
    await io.pause(EMPTY_PAUSE_MS, io.signal);
  }
}

/** The file is another one than was proven. */
export function changedError({ path }: UploadedFile): ArchiveError {
  return new ArchiveError('changed', say`"${path}" changed after its upload, so it stays where it is.`);
}

/** Gives a file a name in the archive, unless that is another device. */
export async function claimHere(from: string, to: string, io: FileIo): Promise<Claim | 'other-device'> {
  try {
    return await claimName(from, to, io);
  } catch (error) {
    if (errorCode(error) === 'EXDEV') return 'other-device';
    throw error;
  }
}

/** Makes sure that it was the proven version that got the name, then drops the old one. */
async function finishMove(
  file: UploadedFile,
  stats: Stats,
  name: string,
  claim: Claim,
  io: FileIo,
): Promise<Move> {
  const placed = await lookAtPlaced(file, stats, name, io);
  if (claim === 'linked') await dropOldName(file, stats, name, placed, io);
  return { archivedTo: name, outcome: 'moved' };
}

/**
 * Makes sure that it was the proven version that got a name in the archive.
 * @throws ArchiveError `changed` for another one, which has its old name again
 */
export async function lookAtPlaced(
  file: UploadedFile,
  stats: Stats,
  name: string,
  io: FileIo,
): Promise<Stats> {
  const placed = await io.fs.lstat(name);
  const isUntouched =
    isSameInode(placed, stats) && placed.size === stats.size && placed.mtimeMs === stats.mtimeMs;
  if (!isUntouched && (!placed.isFile() || (await sha1OfFile(name, io)) !== file.sha1)) {
    await takeBack(name, placed, file, io);
  }
  return placed;
}

/** Drops the old name of a file that has one in the archive, too. */
export async function dropOldName(
  file: UploadedFile,
  stats: Stats,
  name: string,
  placed: Stats,
  io: FileIo,
): Promise<void> {
  const left = await unlessCode(GONE, io.fs.lstat(file.path));
  const isSame = left !== undefined && isSameInode(left, placed);
  const end = isSame ? await removeSeen(file.path, placed, io) : 'another';
  // Written to at the last moment, and the archive has the same inode.
  if (end === 'changed') await takeBack(name, placed, file, io);
  if (end === 'another') await removeOriginal(file, seenIn(stats), io);
}

async function finishCopy(file: UploadedFile, stats: Stats, name: string, io: FileIo): Promise<Move> {
  await syncFolder(dirname(name), io);
  await removeOriginal(file, seenIn(stats), io);
  return { archivedTo: name, outcome: 'moved' };
}

/** Undoes a move that caught a version that nobody proved. */
async function takeBack(name: string, placed: Stats, file: UploadedFile, io: FileIo): Promise<never> {
  await putBack(name, placed, file.path, io);
  throw changedError(file);
}

/** Removes the original if it still has the proven bytes. A newer version stays: folder-watch finds it. */
export async function removeOriginal(file: UploadedFile, seen: Seen, io: FileIo): Promise<void> {
  const look = await lookAtOriginal(file, seen, io);
  if (look.state === 'unchanged') await removeSeen(file.path, look.stats, io);
}

import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type FileIo, GONE, unlessCode } from '../file-io.js';
import type { UploadedFile } from '../media-file.js';
import { syncFolder } from './archive-folder.js';
import { claimName } from './claim-name.js';
import { copyProven } from './copy-file.js';
import { claimHere, dropOldName, lookAtPlaced, removeOriginal } from './place-file.js';
import { isSameInode, lookAtOriginal, seenIn } from './proven-file.js';
import { putBack } from './remove-original.js';

/** A file that has a name in the archive, while its original still stands wherever there are hard links or two devices. */
export interface Placed {
  readonly file: UploadedFile;
  readonly name: string;
  /** Of the original. */
  readonly stats: Stats;
  /** `there`: the archive had its bytes before; `itself`: it lies in the archive. */
  readonly how: 'linked' | 'renamed' | 'copied' | 'there' | 'itself';
  /** Of the new name; undefined where none was given. */
  readonly placed: Stats | undefined;
}

/**
 * Gives a proven file one name in the archive that was free a moment ago; undefined when it is taken by now.
 * @throws ArchiveError, the system's error, or the reason of the signal; no name was given then
 */
export async function placeMember(
  file: UploadedFile,
  stats: Stats,
  name: string,
  io: FileIo,
): Promise<Placed | undefined> {
  io.signal.throwIfAborted();
  const claim = await claimHere(file.path, name, io);
  if (claim === 'taken') return undefined;
  if (claim === 'other-device') return placeCopy(file, stats, name, io);
  return { file, name, stats, how: claim, placed: await lookAtPlaced(file, stats, name, io) };
}

async function placeCopy(
  file: UploadedFile,
  stats: Stats,
  name: string,
  io: FileIo,
): Promise<Placed | undefined> {
  const copy = await copyProven(file, stats, dirname(name), io);
  try {
    if ((await claimName(copy, name, io)) === 'taken') return undefined;
    return { file, name, stats, how: 'copied', placed: await io.fs.lstat(name) };
  } finally {
    // What cannot be removed now is swept later.
    await io.fs.unlink(copy).catch(() => undefined);
  }
}

/** Takes a name back that was given; the original is then where it was, or a copy stays where it is gone. */
export async function unplaceMember({ file, name, stats, how, placed }: Placed, io: FileIo): Promise<void> {
  if (placed === undefined) return;
  if (how !== 'copied') return putBack(name, placed, file.path, io);
  const look = await lookAtOriginal(file, seenIn(stats), io);
  const there = await unlessCode(GONE, io.fs.lstat(name));
  const isOurs = there !== undefined && isSameInode(there, placed);
  if (look.state === 'unchanged' && isOurs) await unlessCode(GONE, io.fs.unlink(name));
}

/** Removes the original of a file that has its name in the archive. */
export async function finishMember({ file, name, stats, how, placed }: Placed, io: FileIo): Promise<void> {
  if (how === 'linked' && placed !== undefined) await dropOldName(file, stats, name, placed, io);
  if (how === 'copied') await syncFolder(dirname(name), io);
  if (how === 'copied' || how === 'there') await removeOriginal(file, seenIn(stats), io);
}

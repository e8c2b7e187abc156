import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type FileIo, GONE, isGone, unlessCode } from '../file-io.js';
import { toArchiveError } from './archive-error.js';
import { asidePath, numberedPath } from './archive-path.js';
import { claimName } from './claim-name.js';
import { isSameInode } from './proven-file.js';

const MAX_NAMES = 10_000;

/** How removing ended: `changed` is the file that was seen with other bytes, `another` a file that took its name. */
export type Removal = 'removed' | 'gone' | 'changed' | 'another';

/**
 * Removes the file that was seen at a path, and nothing else: a file that takes the name between the last look and
 * the removing would be gone for good. So the file steps aside first, and is looked at once more under a name that
 * nobody else has; what should stay gets its name back.
 * @throws ArchiveError that says that only the removing failed
 */
export async function removeSeen(path: string, seen: Stats, io: FileIo): Promise<Removal> {
  const aside = asidePath(path);
  try {
    await io.fs.rename(path, aside);
  } catch (error) {
    // Where no further name can be given (a full card), the last look has to do.
    return isGone(error) ? 'gone' : unlinkNow(path, path, io);
  }
  const there = await io.fs.lstat(aside);
  const isSame = isSameInode(there, seen);
  if (isSame && there.size === seen.size && there.mtimeMs === seen.mtimeMs) {
    return unlinkNow(aside, path, io);
  }
  await putBack(aside, there, path, io);
  return isSame ? 'changed' : 'another';
}

/** Gives a file its old name back, or a numbered one beside it where that is taken. */
export async function putBack(name: string, placed: Stats, path: string, io: FileIo): Promise<void> {
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    const old = numberedPath(path, number);
    const there = await unlessCode(GONE, io.fs.lstat(old));
    const isThere = there !== undefined && isSameInode(there, placed);
    const claim = isThere ? 'linked' : await claimName(name, old, io);
    if (claim === 'linked') await io.fs.unlink(name);
    if (claim !== 'taken') return;
  }
}

async function unlinkNow(name: string, path: string, io: FileIo): Promise<Removal> {
  try {
    await io.fs.unlink(name);
    return 'removed';
  } catch (error) {
    if (isGone(error)) return 'gone';
    // What cannot be removed gets its name back in one step: it could not be taken off a second name either.
    const isFree = name !== path && (await unlessCode(GONE, io.fs.lstat(path))) === undefined;
    if (isFree) await io.fs.rename(name, path);
    throw toArchiveError(error, path, dirname(path), 'remove');
  }
}

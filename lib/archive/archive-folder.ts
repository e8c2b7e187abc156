import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { type FileIo, GONE, unlessCode } from '../file-io.js';
import { say } from '../say.js';
import { ArchiveError } from './archive-error.js';
import { isBelow } from './archive-path.js';

const PART_NAME = /^\.immich-bridge-[0-9a-f]{16}\.part$/;
const LEFTOVER_AGE_MS = 3_600_000;

/** A fresh hidden name in a folder, for a file that is not whole yet. folder-watch takes no dotfiles. */
export function partPath(folder: string): string {
  return join(folder, `.immich-bridge-${randomBytes(8).toString('hex')}.part`);
}

/**
 * Makes sure that a folder does not lead out of the archive by a symbolic link. Creates nothing.
 * @returns whether it is there, and so is inside
 * @throws ArchiveError `outside-archive`; transient, because the link can be mended
 */
export async function checkInside(archiveFolder: string, folder: string, io: FileIo): Promise<boolean> {
  const root = await unlessCode(GONE, io.fs.realpath(archiveFolder));
  if (root === undefined) return false;
  let existing = folder;
  let real = await unlessCode(GONE, io.fs.realpath(existing));
  while (real === undefined && existing !== archiveFolder && dirname(existing) !== existing) {
    existing = dirname(existing);
    real = await unlessCode(GONE, io.fs.realpath(existing));
  }
  if (real === undefined || real === root || isBelow(root, real))
    return real !== undefined && existing === folder;
  throw new ArchiveError(
    'outside-archive',
    say`Nothing is moved into "${folder}", because a symbolic link takes it out of the archive folder "${archiveFolder}" to "${real}". Remove the link, or choose that place as the archive folder.`,
    { isTransient: true },
  );
}

/** Creates a folder of the archive with all that is missing above it, without following a link out of it. */
export async function prepareFolder(archiveFolder: string, folder: string, io: FileIo): Promise<void> {
  if (await checkInside(archiveFolder, folder, io)) return;
  await io.fs.mkdir(archiveFolder, { recursive: true });
  await checkInside(archiveFolder, folder, io);
  await io.fs.mkdir(folder, { recursive: true });
  await checkInside(archiveFolder, folder, io);
}

/**
 * Whether two paths lead to one folder, be it by links, bind mounts or a network share of this machine's own
 * disk. What only a share can hide is found out with a hidden empty file in `a`.
 */
export async function isSameFolder(a: string, b: string, io: FileIo): Promise<boolean> {
  const [first, second] = await Promise.all([io.fs.stat(a), io.fs.stat(b)]);
  if (first.dev === second.dev && first.ino === second.ino) return true;
  const probe = partPath(a);
  await (await io.fs.open(probe, 'wx')).close();
  try {
    return (await unlessCode(GONE, io.fs.lstat(join(b, basename(probe))))) !== undefined;
  } finally {
    await unlessCode(GONE, io.fs.unlink(probe));
  }
}

/**
 * Removes what interrupted copies left in a folder over an hour ago; once a folder and `io`. Goes by the change
 * time too, since a copy in progress bears the mtime of its original. All wait for it, because after a jump of the
 * clock a copy that is under way looks old.
 */
export async function sweepLeftovers(folder: string, io: FileIo): Promise<void> {
  const sweep = io.swept.get(folder) ?? sweepOnce(folder, io);
  io.swept.set(folder, sweep);
  try {
    await sweep;
  } catch (error) {
    io.swept.set(folder, Promise.resolve());
    throw error;
  }
}

async function sweepOnce(folder: string, io: FileIo): Promise<void> {
  for await (const { name } of await io.fs.opendir(folder)) {
    if (!PART_NAME.test(name)) continue;
    const path = join(folder, name);
    const stats = await unlessCode(GONE, io.fs.lstat(path));
    if (stats?.isFile() && io.now() - Math.max(stats.mtimeMs, stats.ctimeMs) > LEFTOVER_AGE_MS) {
      await unlessCode(GONE, io.fs.unlink(path));
    }
  }
}

/** Writes a folder's entries to the disk, where the system can: a name that is not there after a power cut is no archive. */
export async function syncFolder(folder: string, io: FileIo): Promise<void> {
  const refusals = ['EINVAL', 'EISDIR', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF'];
  const handle = await unlessCode(refusals, io.fs.open(folder, 'r'));
  if (handle === undefined) return;
  try {
    await unlessCode(refusals, handle.sync());
  } finally {
    await handle.close();
  }
}

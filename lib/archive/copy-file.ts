import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type FileIo, unlessCode } from '../file-io.js';
import type { UploadedFile } from '../media-file.js';
import { READ_NO_LINK } from '../regular-file.js';
import { say } from '../say.js';
import { ArchiveError } from './archive-error.js';
import { partPath, sweepLeftovers } from './archive-folder.js';
import { lookAtOriginal, sha1OfFile } from './proven-file.js';

const PIECE_BYTES = 1024 * 1024;

/** What file systems without owners, modes or times answer when asked to keep them. */
const NOT_KEPT = ['EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Copies a proven file into a folder under a hidden name: whole, on the disk, read again and proven, with the
 * original's times, and its mode and owner where possible.
 * @returns the path of the copy; on failure or abort there is none
 * @throws ArchiveError `changed` or `failed` when the copy does not have the proven bytes, or the system's error
 */
export async function copyProven(
  file: UploadedFile,
  stats: Stats,
  folder: string,
  io: FileIo,
): Promise<string> {
  await sweepLeftovers(folder, io);
  await checkRoom(folder, stats.size, io);
  const copy = partPath(folder);
  try {
    await writeCopy(file.path, copy, stats, io);
    if ((await sha1OfFile(copy, io)) !== file.sha1) await refuseCopy(file, folder, io);
    return copy;
  } catch (error) {
    // The failure that is under way matters more than a leftover, which is swept later.
    await io.fs.unlink(copy).catch(() => undefined);
    throw error;
  }
}

/** Fails at once where the disk says that it has no room, instead of filling it up first. */
async function checkRoom(folder: string, sizeBytes: number, io: FileIo): Promise<void> {
  const disk = await unlessCode(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM'], io.fs.statfs(folder));
  if (disk === undefined || disk.blocks === 0 || disk.bsize === 0) return;
  if (disk.bavail * disk.bsize >= sizeBytes) return;
  throw Object.assign(new Error(say`no room for ${sizeBytes} bytes`), { code: 'ENOSPC' });
}

async function writeCopy(from: string, to: string, stats: Stats, io: FileIo): Promise<void> {
  const source = await io.fs.open(from, READ_NO_LINK);
  try {
    const target = await io.fs.open(to, 'wx', 0o600);
    try {
      await pump(source, target, stats.size, io);
      await keepTraits(target, stats);
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Stops after `sizeBytes`: what is longer has changed, and may grow for ever. */
async function pump(source: FileHandle, target: FileHandle, sizeBytes: number, io: FileIo): Promise<void> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let position = 0;
  while (position < sizeBytes) {
    io.signal.throwIfAborted();
    const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, null);
    if (bytesRead === 0) return;
    for (let written = 0; written < bytesRead; ) {
      written += (await target.write(piece, written, bytesRead - written, position + written)).bytesWritten;
    }
    position += bytesRead;
  }
}

async function keepTraits(target: FileHandle, stats: Stats): Promise<void> {
  await unlessCode(NOT_KEPT, target.chown(stats.uid, stats.gid));
  await unlessCode(NOT_KEPT, target.chmod(stats.mode & 0o777));
  // Dates, because a negative number means now to Node, and photos of 1955 have one.
  await unlessCode(NOT_KEPT, target.utimes(stats.atime, stats.mtime));
}

/** Finds out whose fault it is that a copy has other bytes: hashes the original, whatever its times say. */
async function refuseCopy(file: UploadedFile, folder: string, io: FileIo): Promise<never> {
  const look = await lookAtOriginal(file, { ...file, ctimeMs: Number.NaN }, io);
  if (look.state !== 'unchanged') {
    throw new ArchiveError(
      'changed',
      say`"${file.path}" changed while it was copied, so it stays where it is.`,
    );
  }
  throw new ArchiveError(
    'failed',
    say`The copy of "${file.path}" in "${folder}" did not have the same bytes, so it was removed and the original stays. Check that disk. It is tried again by itself.`,
    { isTransient: true },
  );
}

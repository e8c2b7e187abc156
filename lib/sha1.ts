import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const PIECE_BYTES = 1024 * 1024;

/**
 * SHA-1 (40 lower-case hex digits) of an open file from its beginning, read in pieces of 1 MiB; of its first
 * `sizeBytes` only, because a file that is being written may grow as fast as it is read.
 * @throws the system's error, or the reason of the signal
 */
export async function sha1OfHandle(
  handle: FileHandle,
  signal?: AbortSignal,
  sizeBytes = Number.POSITIVE_INFINITY,
): Promise<string> {
  const hash = createHash('sha1');
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let position = 0; position < sizeBytes; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(piece, 0, Math.min(PIECE_BYTES, sizeBytes - position), position);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest('hex');
}

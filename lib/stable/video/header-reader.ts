import { openRegularFile } from '../../regular-file.js';

/** Whether a video is all there; if not, why, as part of a sentence for a person ("the moov box is missing"). */
export type VideoStructure =
  | { readonly isWhole: true }
  | { readonly isWhole: false; readonly reason: string };

/** The answer for a video that is all there. */
export const WHOLE: VideoStructure = { isWhole: true };

/** The answer for a video of which something is missing. */
export function notWhole(reason: string): VideoStructure {
  return { isWhole: false, reason };
}

/** A file has more parts than any real video: somebody made it so, or it is none. */
export class TooManyPartsError extends Error {
  override readonly name = 'TooManyPartsError';
}

/** Reads small pieces of a file whose length was taken once, when it was opened. */
export interface HeaderReader {
  readonly sizeBytes: number;
  /**
   * Up to `length` bytes (at most 4,096) from a byte position: fewer only at the end of the file.
   * @throws TooManyPartsError when it was asked too often
   */
  read(position: number, length: number): Promise<Buffer>;
  /** Whether the file ends in nothing but zeros: 64 KiB of them, or an eighth of a small file. */
  hasZeroTail(): Promise<boolean>;
}

const WINDOW_BYTES = 4_096;

/** How much may be read of one file: how many headers, and in how many pieces of 4,096 bytes. */
export interface ReadLimits {
  readonly headers: number;
  readonly pieces: number;
}

/** More than a day of half-second fragments, however they lie. */
const MOST: ReadLimits = { headers: 500_000, pieces: 200_000 };
const ZERO_TAIL_BYTES = 65_536;

/**
 * Opens a file, lets `work` read its headers and closes it again, whatever happens.
 * @throws what the file system throws
 */
export async function withHeaderReader<Result>(
  path: string,
  work: (reader: HeaderReader) => Promise<Result>,
  most = MOST,
): Promise<Result> {
  const { file, stats } = await openRegularFile(path);
  try {
    const { size } = stats;
    const readAt = async (position: number, length: number): Promise<Buffer> => {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    return await work(makeReader(size, readAt, most));
  } finally {
    await file.close();
  }
}

/** Headers often lie close together, so one window of the file answers for several of them. */
function makeReader(
  sizeBytes: number,
  readAt: (position: number, length: number) => Promise<Buffer>,
  most: ReadLimits,
): HeaderReader {
  let headers = 0;
  let pieces = 0;
  let windowStart = 0;
  let window: Buffer = Buffer.alloc(0);
  return {
    sizeBytes,
    async read(position, length) {
      headers += 1;
      if (headers > most.headers || pieces > most.pieces) throw new TooManyPartsError();
      if (position < windowStart || position + length > windowStart + window.length) {
        pieces += 1;
        windowStart = position;
        window = await readAt(position, WINDOW_BYTES);
      }
      return window.subarray(position - windowStart, position - windowStart + length);
    },
    async hasZeroTail() {
      const length = Math.min(ZERO_TAIL_BYTES, Math.ceil(sizeBytes / 8));
      return isAllZeros(await readAt(sizeBytes - length, length));
    },
  };
}

/** Whether there is no byte in it but zero. */
export function isAllZeros(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

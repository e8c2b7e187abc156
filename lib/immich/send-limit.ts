/** So many bytes a second, over all bodies that are sent under this limit. */
export interface SendLimit {
  /** Bytes that are best sent in one go, so that all who send get on in turn. */
  readonly pieceBytes: number;
  /** Milliseconds to wait before these bytes may leave; 0 for none. They count from now on. */
  reserve(bytes: number): number;
}

/** So much may leave at once after a rest, in milliseconds of sending. */
const BURST_MS = 250;

const LARGEST_PIECE = 64 * 1024;
const SMALLEST_PIECE = 1_024;

/**
 * Makes a limit. Whoever asks gets its place in a line of time, so that nothing is kept of those who wait and one slow
 * connection takes no more than its own bytes. `now` is in milliseconds that only ever grow.
 */
export function createSendLimit(
  bytesPerSecond: number,
  now: () => number = () => performance.now(),
): SendLimit {
  const msPerByte = 1_000 / bytesPerSecond;
  /** Up to here the line is spoken for. */
  let takenMs = Number.NEGATIVE_INFINITY;
  return {
    pieceBytes: Math.round(
      Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, (bytesPerSecond * BURST_MS) / 1_000)),
    ),
    reserve(bytes) {
      const atMs = now();
      const startMs = Math.max(takenMs, atMs - BURST_MS);
      takenMs = startMs + bytes * msPerByte;
      return Math.max(0, takenMs - atMs);
    },
  };
}

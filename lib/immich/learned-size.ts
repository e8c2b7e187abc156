/** What the bodies that went to an address have taught of the limit of a proxy there. */
export interface LearnedSize {
  /** Bytes of the largest body that got through; null before the first one. */
  readonly acceptedBytes: number | null;
  /** Bytes of the smallest body that was refused; null while none was, or a larger one got through since. */
  readonly refusedBytes: number | null;
  accept(bytes: number): void;
  refuse(bytes: number): void;
  /** Whether so much would be refused again. */
  isRefused(bytes: number): boolean;
  /** Whether so much was refused so long ago that only a try can tell. */
  isDoubtful(bytes: number): boolean;
}

/** So long a limit is believed in before it is tried again: somebody may have raised it. */
const FORGET_MS = 3_600_000;

/** Makes what learns of one address; `now` is in milliseconds that only ever grow. */
export function createLearnedSize(now: () => number): LearnedSize {
  let accepted = 0;
  let refused = Number.POSITIVE_INFINITY;
  let refusedAt = 0;
  const isBelieved = () => now() - refusedAt < FORGET_MS;
  return {
    get acceptedBytes() {
      return accepted === 0 ? null : accepted;
    },
    get refusedBytes() {
      return Number.isFinite(refused) ? refused : null;
    },
    accept(bytes) {
      if (bytes > accepted) accepted = bytes;
      // The limit was raised.
      if (bytes >= refused) refused = Number.POSITIVE_INFINITY;
    },
    refuse(bytes) {
      refused = isBelieved() ? Math.min(bytes, refused) : bytes;
      refusedAt = now();
      // It was lowered.
      if (bytes <= accepted) accepted = 0;
    },
    isRefused: (bytes) => bytes >= refused && isBelieved(),
    isDoubtful: (bytes) => bytes >= refused && !isBelieved(),
  };
}

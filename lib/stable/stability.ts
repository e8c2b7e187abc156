/** When a file counts as completely written. Times are milliseconds, sizes are bytes. */
export interface StabilityRules {
  /** How long size and mtime must stand still. */
  readonly quietMs: number;
  /** The same for files of `largeSizeBytes` and more: big copies pause for longer. */
  readonly quietMsLarge: number;
  readonly largeSizeBytes: number;
  /** Whether a video must also have a whole structure. */
  readonly hasVideoCheck: boolean;
  /** After how long without any change an empty file or an unfinished video is given up. */
  readonly giveUpMs: number;
  /** After how long without any change an empty file goes on as it is; never, unless it belongs to others. */
  readonly emptyMs: number;
}

/** The defaults of the Python uploader that this pack succeeds, and an hour until a file is given up. */
export const DEFAULT_STABILITY_RULES: StabilityRules = {
  quietMs: 5_000,
  quietMsLarge: 30_000,
  largeSizeBytes: 100 * 1_024 * 1_024,
  hasVideoCheck: true,
  giveUpMs: 3_600_000,
  emptyMs: Number.POSITIVE_INFINITY,
};

/** What a file looked like at a moment. `atMs` is the time of a clock that is never set, not the time of day. */
export interface Look {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly atMs: number;
}

/** The longest pause between two looks at a file that was given no sign of life, in milliseconds. */
const LONGEST_PAUSE_MS = 60_000;

/** How long a file of this size must stand still, in milliseconds. */
export function requiredQuietMs(sizeBytes: number, rules: StabilityRules): number {
  return sizeBytes >= rules.largeSizeBytes ? Math.max(rules.quietMs, rules.quietMsLarge) : rules.quietMs;
}

/** Whether two looks saw the same size and mtime. */
export function isUnchanged(first: Look, now: Look): boolean {
  return first.sizeBytes === now.sizeBytes && first.mtimeMs === now.mtimeMs;
}

/**
 * Whether a file stood still for the quiet time; an empty one never did, because many writers create it first
 * and fill it later.
 *
 * Only the time between our own looks counts. An old mtime proves nothing: `rsync --inplace`, SMB clients and
 * copies from cameras can hold an old mtime, or one from a clock that runs behind, while bytes still arrive, and
 * a copy onto a preallocated file has its full size from the start. The plain wait costs an archive of 10,000
 * old photos the quiet time once, for all of them together.
 */
export function isStable(first: Look, now: Look, quietMs: number): boolean {
  return now.sizeBytes > 0 && isUnchanged(first, now) && now.atMs - first.atMs >= quietMs;
}

/**
 * When to look again at a file that was looked at at `firstMs` and must stand still for `quietMs`: looks at one file
 * keep the pace of its first one.
 */
export function nextPaceMs(firstMs: number, quietMs: number, intervalMs: number): number {
  // A thousandth less: 0.3 is a little more than three times 0.1.
  return firstMs + Math.max(0, Math.ceil(quietMs / intervalMs - 0.001)) * intervalMs;
}

/**
 * How long to wait before the next look at a file that stands still and is yet not whole, in milliseconds: as
 * long as it has stood still already, so that 10,000 of them cost next to nothing, and never past the giving up.
 */
export function nextLookMs(stillMs: number, quietMs: number, giveUpMs: number): number {
  const pauseMs = Math.min(Math.max(stillMs, quietMs), Math.max(LONGEST_PAUSE_MS, quietMs));
  return Math.max(0, Math.min(pauseMs, giveUpMs - stillMs));
}

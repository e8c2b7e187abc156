import * as nodeFs from 'node:fs/promises';
import { delay } from './backoff.js';

/** What moving files needs from the outside world, so that a test can make a disk full or read-only. */
export interface FileIo {
  readonly fs: typeof nodeFs;
  /** Ends reading and copying at the next piece. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** By folder, the search for leftovers of interrupted copies in it: under way, or over. */
  readonly swept: Map<string, Promise<void>>;
}

/** The real file system and clock, except for what is given. */
export function fileIo(given: Partial<FileIo> = {}): FileIo {
  return {
    fs: nodeFs,
    signal: new AbortController().signal,
    now: Date.now,
    pause: delay,
    swept: new Map(),
    ...given,
  };
}

/** The code of a system error, as in `ENOENT`; undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What `work` gives, or undefined when it fails with one of the codes; any other failure is thrown. */
export async function unlessCode<T>(codes: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Codes that say that a path leads to nothing. */
export const GONE = ['ENOENT', 'ENOTDIR'] as const;

/** Whether an error of the file system says that the file is not there. */
export function isGone(error: unknown): boolean {
  return GONE.some((code) => code === errorCode(error));
}

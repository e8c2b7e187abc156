import { basename } from 'node:path';
import type { StableFile, UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import type { Failure } from './failed-file.js';
import type { AttemptMemory } from './upload-file.js';

/** A second message about a file that is in hand already: one of the two is dropped, and the file goes on. */
export class SupersededError extends Error {
  readonly code = 'superseded';
  constructor(path: string) {
    super(say`${basename(path)} is in hand already.`);
  }
}

/** The file failed for good and was put away; why was told before. */
export class SetAsideError extends Error {
  readonly code = 'set-aside';
  constructor(path: string) {
    super(say`${basename(path)} was put away.`);
  }
}

/** The file is there but cannot be read; it is tried again. */
export class UnreadableError extends Error {
  readonly code = 'unreadable';
  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    super(say`${path} cannot be read (${reason}). Check its rights and its disk; it is tried again.`, {
      cause,
    });
  }
  override toString(): string {
    return this.message;
  }
}

/** Where a file in the queue stands; `held` is too large for the address in use, and waits for another. */
export type Phase = 'pending' | 'active' | 'settling' | 'delayed' | 'held' | 'failed' | 'left';

/** One file in the queue. `context` is what came with it and goes out with its problems. */
export interface Entry<Context> {
  file: StableFile;
  phase: Phase;
  /** Tries since it came, changed or was retried by hand. */
  attempts: number;
  /** Times in a row that trouble with the server came up just while this file was in work. */
  holds: number;
  /** Bytes sent in this try. */
  sentBytes: number;
  /** Whether it was taken up as the one that goes ahead after trouble. */
  isAhead: boolean;
  /** Why it waits for a person or is left alone, as long as it does. */
  failure: Failure | undefined;
  /** The last reason that was told about it. */
  told: string | undefined;
  /** Settles when the try that is under way has ended. */
  tryEnded: Promise<void>;
  readonly context: Context;
  readonly memory: AttemptMemory;
  /** Settles when the file is uploaded or dropped. */
  readonly promise: Promise<UploadedFile>;
  readonly resolve: (file: UploadedFile) => void;
  readonly reject: (reason: unknown) => void;
}

/** A file that has just come into the queue. */
export function makeEntry<Context>(file: StableFile, context: Context): Entry<Context> {
  let resolve: Entry<Context>['resolve'] = () => undefined;
  let reject: Entry<Context>['reject'] = () => undefined;
  const promise = new Promise<UploadedFile>((onUploaded, onDropped) => {
    resolve = onUploaded;
    reject = onDropped;
  });
  const begin = {
    phase: 'pending',
    attempts: 0,
    holds: 0,
    sentBytes: 0,
    isAhead: false,
    failure: undefined,
    told: undefined,
  } as const;
  return { ...begin, file, tryEnded: Promise.resolve(), context, memory: {}, promise, resolve, reject };
}

/** Whether two records are of the same version of a file, with the same versions of the same companions. */
export function isSameFile(a: StableFile, b: StableFile): boolean {
  const [ours = [], theirs = []] = [a.companions, b.companions];
  if (!isSameVersion(a, b) || ours.length !== theirs.length) return false;
  return ours.every((companion) => theirs.some((other) => isSameVersion(companion, other)));
}

type Version = Pick<StableFile, 'path' | 'sizeBytes' | 'mtimeMs'>;

function isSameVersion(a: Version, b: Version): boolean {
  return a.path === b.path && a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;
}

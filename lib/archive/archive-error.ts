import { basename, dirname } from 'node:path';
import { errorCode } from '../file-io.js';
import { say } from '../say.js';

/**
 * Why an original was not archived. `changed` and `vanished` are no failures: the file is another one now, or
 * somebody else dealt with it.
 */
export type ArchiveProblem =
  | 'disk-full'
  | 'no-disk'
  | 'no-permission'
  | 'read-only'
  | 'vanished'
  | 'changed'
  | 'outside-archive'
  | 'unproven'
  | 'failed';

interface Details {
  /** True when trying again later can work, with or without a person's help. */
  readonly isTransient?: boolean;
  readonly cause?: unknown;
}

/** Thrown when an original stays where it is. The sentence names the file and says what to do. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly isTransient: boolean;
  constructor(
    readonly code: ArchiveProblem,
    message: string,
    { isTransient = false, cause }: Details = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.isTransient = isTransient;
  }
  override toString(): string {
    return this.message;
  }
}

/** Whether the original stays only for now. */
export function isTransient(error: unknown): error is ArchiveError {
  return error instanceof ArchiveError && error.isTransient;
}

/** Whether there is nothing to archive any more: folder-watch finds a changed file anew, a vanished one is somebody else's. */
export function isNoLongerOurs(error: unknown): error is ArchiveError {
  return error instanceof ArchiveError && (error.code === 'changed' || error.code === 'vanished');
}

/** What was being done when the system said no: putting the file into the archive, or removing the original. */
export type ArchiveStep = 'archive' | 'remove';

const PROBLEMS: Readonly<Record<string, ArchiveProblem>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EROFS: 'read-only',
};

/** Turns a system error into a sentence about the file at `path` and the archive folder `folder`; transient. */
export function toArchiveError(
  error: unknown,
  path: string,
  folder: string,
  step: ArchiveStep = 'archive',
): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const code = errorCode(error);
  const problem = PROBLEMS[code ?? ''] ?? 'failed';
  const reason = reasonOf(error, code);
  const sentence =
    step === 'remove'
      ? removeSentence(problem, path, reason)
      : archiveSentence(problem, path, folder, reason);
  return new ArchiveError(problem, sentence, { isTransient: true, cause: error });
}

function archiveSentence(problem: ArchiveProblem, path: string, folder: string, reason: string): string {
  const [name, place] = [basename(path), dirname(path)];
  if (problem === 'disk-full') {
    return say`The archive folder "${folder}" is on a full disk, so "${name}" stays in "${place}". Free some space there. It is tried again by itself.`;
  }
  if (problem === 'no-permission') {
    return say`No permission to move "${name}" from "${place}" to "${folder}", so it stays. Allow this user to read the first folder and to write into both. It is tried again by itself.`;
  }
  if (problem === 'read-only') {
    return say`The archive folder "${folder}" is read-only, so "${name}" stays in "${place}". Mount it writable, or choose another one. It is tried again by itself.`;
  }
  return say`"${name}" stays in "${place}", because it could not be moved to "${folder}". Reason: ${reason}. It is tried again by itself.`;
}

function removeSentence(problem: ArchiveProblem, path: string, reason: string): string {
  const [name, place] = [basename(path), dirname(path)];
  if (problem === 'no-permission') {
    return say`"${name}" could not be removed from "${place}": no permission. Allow this user to write into that folder. It is tried again by itself.`;
  }
  if (problem === 'read-only') {
    return say`"${name}" could not be removed from "${place}": it is read-only. Unlock the card or mount it writable, or choose the mode "keep". It is tried again by itself.`;
  }
  return problem === 'failed'
    ? say`"${name}" could not be removed from "${place}". Reason: ${reason}. It is tried again by itself.`
    : say`"${name}" could not be removed from "${place}". It is tried again by itself.`;
}

const REASONS: Readonly<Record<string, () => string>> = {
  ENAMETOOLONG: () => say`the name is too long for that disk`,
  ENOTDIR: () => say`a file stands where a folder is needed`,
  EEXIST: () => say`a file stands where a folder is needed`,
  EIO: () => say`the disk does not answer properly (EIO)`,
  ENOENT: () => say`a folder on the way went away`,
};

function reasonOf(error: unknown, code: string | undefined): string {
  return REASONS[code ?? '']?.() ?? code ?? (error instanceof Error ? error.message : String(error));
}

import { basename } from 'node:path';
import { say } from '../say.js';
import { SettingError } from '../settings.js';
import type { FailedFile } from '../store/store-record.js';
import type { Entry } from './upload-entry.js';

/** Why a file waits for a person, as long as it does. */
export type Failure = Pick<FailedFile, 'kind' | 'sentence' | 'attempts' | 'at'>;

/** A file that waits for a person, or is left alone. */
export interface FailureReport extends Failure {
  readonly path: string;
  /** Nothing is wrong with it: it was deleted in Immich, so it is not uploaded again. */
  readonly isLeftAlone: boolean;
}

/** This version of the file failed before a restart; it is not tried again without being asked. */
export class FailedBeforeError extends Error {
  readonly code: string;
  constructor(readonly failure: FailedFile) {
    super(failure.sentence);
    this.code = failure.kind;
  }
  override toString(): string {
    return this.message;
  }
}

/** A person wants to hear no more of this version of the file. */
export class DismissedError extends Error {
  readonly code = 'dismissed';
  constructor(path: string) {
    super(say`${basename(path)} was dismissed, and stays where it is.`);
  }
}

/** Immich had these bytes and has them no more: whoever deleted them there does not want them back. */
export class LeftAloneError extends Error {
  readonly code = 'deleted-in-immich';
  constructor(path: string, uploadedAt: string) {
    const name = basename(path);
    super(
      say`${name} was in Immich (${uploadedAt.slice(0, 10)}) and has been deleted there, so it is left alone. To bring it back, retry this file.`,
    );
  }
  override toString(): string {
    return this.message;
  }
}

/** What is noted of an entry that failed. */
export function failureOf({ attempts }: Pick<Entry<unknown>, 'attempts'>, error: Error, now: Date): Failure {
  if (error instanceof FailedBeforeError) {
    const { kind, sentence, attempts: earlier, at } = error.failure;
    return { kind, sentence, attempts: earlier, at };
  }
  const kind = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { kind, sentence: error.message, attempts, at: now.toISOString() };
}

/** The failure of a version of a file, to be kept over a restart. */
export function failedFileOf(
  { file }: Pick<Entry<unknown>, 'file'>,
  failure: Failure,
  isDismissed = false,
): FailedFile {
  const { path, sizeBytes, mtimeMs } = file;
  const { kind, sentence, attempts, at } = failure;
  return { path, sizeBytes, mtimeMs, kind, sentence, attempts, at, isDismissed };
}

/**
 * The path that a command such as `{ path }` names; undefined when it names none.
 * @throws SettingError for a path that is no text
 */
export function pathInCommand(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('path' in payload)) return undefined;
  if (typeof payload.path === 'string' && payload.path !== '') return payload.path;
  throw new SettingError(say`path: it must be the full path of a file, as in {"path": "/photos/a.jpg"}.`);
}

/** Thrown when a command names a file that does not wait for a person. */
export function noFailureError(path: string): SettingError {
  return new SettingError(
    say`No failed file lies at "${path}". Take the path from the list of failed files.`,
  );
}

import { FileVersionError } from '../file-version.js';
import { ImmichError } from '../immich/immich-error.js';
import { DismissedError, FailedBeforeError, LeftAloneError } from './failed-file.js';
import { NoPhotoError } from './late-companions.js';
import type { Entry } from './upload-entry.js';

/**
 * What becomes of a file after a try that did not work: `drop` it (it is gone), let it `settle` (it changed), `hold`
 * all files (the server is in trouble), `requeue` this one (it had not begun when the trouble came, so that was no
 * try), `retry` this one later, let it `fail` until a person retries it, or `reread` it later because the file itself
 * cannot be read. It may `fail-again` as it did before a restart, or be one to `leave` alone because it was deleted in
 * Immich. One that is too large for the address in use has to `wait` for another.
 */
export type Verdict =
  | 'drop'
  | 'settle'
  | 'hold'
  | 'requeue'
  | 'retry'
  | 'fail'
  | 'reread'
  | 'fail-again'
  | 'leave'
  | 'wait';

const MOST_HOLDS = 3;

/** Judges the error of a try of an entry; `trouble` is that of the server. */
export function verdictOn(
  error: unknown,
  { attempts, holds }: Pick<Entry<unknown>, 'attempts' | 'holds'>,
  trouble: ImmichError | undefined,
): Verdict {
  if (trouble !== undefined && error === trouble) return 'requeue';
  if (error instanceof FailedBeforeError) return 'fail-again';
  if (error instanceof LeftAloneError) return 'leave';
  if (error instanceof DismissedError) return 'drop';
  if (error instanceof FileVersionError) return error.code === 'vanished' ? 'drop' : 'settle';
  if (error instanceof NoPhotoError) return 'drop';
  if (!(error instanceof ImmichError)) return 'reread';
  // The server answered each question in between: then it is this file that breaks the connection.
  if (error.scope === 'server' && error.willPass && holds >= MOST_HOLDS) return 'retry';
  if (error.scope === 'server') return 'hold';
  if (error.heldBytes !== undefined) return 'wait';
  return attempts < error.tries ? 'retry' : 'fail';
}

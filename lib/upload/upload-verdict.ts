import { FileVersionError } from '../file-version.js';
import { ImmichError } from '../immich/immich-error.js';

/**
 * What becomes of a file after a try that did not work: `drop` it (it is gone), let it `settle` (it changed), `hold`
 * all files (the server is in trouble), `retry` this one later, let it `fail` until a person retries it, or `reread`
 * it later because the file itself cannot be read.
 */
export type Verdict = 'drop' | 'settle' | 'hold' | 'retry' | 'fail' | 'reread';

/** Judges the error of a try; `attempts` counts the tries of this file so far. */
export function verdictOn(error: unknown, attempts: number): Verdict {
  if (error instanceof FileVersionError) return error.code === 'vanished' ? 'drop' : 'settle';
  if (!(error instanceof ImmichError)) return 'reread';
  if (error.scope === 'server') return 'hold';
  return attempts < error.tries ? 'retry' : 'fail';
}

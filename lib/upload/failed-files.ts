import {
  DismissedError,
  FailedBeforeError,
  failedFileOf,
  failureOf,
  type LeftAloneError,
} from './failed-file.js';
import type { UploadQueueOptions } from './queue-options.js';
import { type Entry, SetAsideError } from './upload-entry.js';
import type { createUploadLine } from './upload-line.js';

interface FailedFilesOptions<Context> {
  readonly line: ReturnType<typeof createUploadLine<Context>>;
  readonly options: Pick<
    UploadQueueOptions<Context>,
    'onProblem' | 'onFailed' | 'onLeft' | 'setAside' | 'signal' | 'now'
  >;
  /** Counts a failure and tells it. */
  readonly onProblem: (error: Error, context: Context) => void;
  readonly drop: (entry: Entry<Context>, reason: unknown) => void;
  readonly pump: () => void;
}

/** The files of a queue that wait for a person, or are left alone, and what a person can say about them. */
export function createFailedFiles<Context>(given: FailedFilesOptions<Context>) {
  const { line, options, onProblem, drop, pump } = given;
  const { now = () => new Date() } = options;
  const keep = (entry: Entry<Context>, error: Error) => {
    entry.phase = 'failed';
    entry.failure = failureOf(entry, error, now());
    entry.memory.hasFailed = true;
    // What failed before a restart was counted and noted then.
    if (error instanceof FailedBeforeError) options.onProblem(error, entry.context);
    else {
      onProblem(error, entry.context);
      options.onFailed?.(failedFileOf(entry, entry.failure));
    }
  };

  /** A file that was put away waits for nobody here; why it failed is told all the same. */
  async function putAway(entry: Entry<Context>, error: Error): Promise<void> {
    // Nobody takes it up while it is moved.
    entry.phase = 'settling';
    const isAway = await options.setAside?.(entry.file, error);
    if (options.signal.aborted || !line.has(entry)) return;
    if (isAway) {
      onProblem(error, entry.context);
      drop(entry, new SetAsideError(entry.file.path));
    } else keep(entry, error);
    pump();
  }

  return {
    fail(entry: Entry<Context>, thrown: unknown): void {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (options.setAside === undefined) keep(entry, error);
      else void putAway(entry, error);
    },
    leave(entry: Entry<Context>, error: LeftAloneError): void {
      entry.phase = 'left';
      entry.failure = failureOf(entry, error, now());
      options.onLeft?.(error, entry.context);
    },
    /**
     * Puts every failed file back into the line, or the one at a path; also one that was left alone, then.
     * @throws SettingError when no file there waits for a person
     */
    retryFailed(path?: string): void {
      if (path === undefined) line.reviveFailed();
      else line.reviveAt(path);
      pump();
    },
    /**
     * Lets a file go that waits for a person, and stays silent about this version of it.
     * @throws SettingError when no file there does
     */
    dismiss(path: string): void {
      const entry = line.failedAt(path);
      if (entry.failure !== undefined) options.onFailed?.(failedFileOf(entry, entry.failure, true));
      drop(entry, new DismissedError(path));
    },
    /** All files that wait for a person or are left alone, and why. */
    failures: line.failures,
  };
}

import type { AddressView } from '../immich/address.js';
import type { Way } from '../immich/address-book.js';
import type { ImmichError } from '../immich/immich-error.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import type { FailedFile } from '../store/store-record.js';
import type { Pause } from './pause.js';
import type { UploadCounts } from './upload-counts.js';
import type { Attempt } from './upload-file.js';
import type { UploadOrder } from './waiting-line.js';

/** What an upload queue works with. `Context` goes in with a file and comes out with its problems. */
export interface UploadQueueOptions<Context> {
  readonly upload: (file: StableFile, attempt: Attempt) => Promise<UploadedFile>;
  /** Waits until a file that changed under way is completely written again. */
  readonly settle: (file: StableFile) => Promise<StableFile>;
  /** One small request that resolves when the server works again. */
  readonly probe: (trouble: ImmichError) => Promise<unknown>;
  /** Whether a request of so many bytes gets through now; it never sends anything. Without it a way is always open. */
  readonly wayFor?: (bytes: number) => Promise<Way>;
  /** The addresses of the server, for the state. */
  readonly addresses?: () => readonly AddressView[];
  readonly signal: AbortSignal;
  /** Files that are sent at the same time, 1 to 16. While they are, some more are hashed, asked about and proven. */
  readonly concurrency: number;
  /** In which order waiting files go; as they came by default. */
  readonly order?: UploadOrder;
  /** How it begins. */
  readonly pause?: Pause;
  /** What was counted before a restart. */
  readonly counts?: UploadCounts;
  /** A file needs a person, or cannot be read for now; it stays in hand. `context` is what `add` was given. */
  readonly onProblem: (error: Error, context: Context) => void;
  /** A file failed and waits for a person, or a person dismissed it: to be remembered over a restart. */
  readonly onFailed?: (failure: FailedFile) => void;
  /** A file was deleted in Immich and is left alone. */
  readonly onLeft?: (error: Error, context: Context) => void;
  /**
   * Puts away a file that failed for good, before that is told; resolves with whether it did, and never rejects. Without
   * it such a file stays in hand.
   */
  readonly setAside?: ((file: StableFile, error: Error) => Promise<boolean>) | undefined;
  /** A file is tried again later, for a reason that will pass; told once a reason. */
  readonly onDelay: (error: Error, context: Context) => void;
  /** The state may have changed; comes often, and when a new day begins. */
  readonly onChange: () => void;
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** How often it is asked whether there is a way for files that wait for another address (60,000 ms). */
  readonly lookMs?: number;
  readonly random?: () => number;
  /** Says which day it is. */
  readonly now?: () => Date;
}

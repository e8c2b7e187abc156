import type { StableFile, UploadedFile } from '../media-file.js';
import { DismissedError, FailedBeforeError } from '../upload/failed-file.js';
import type { Attempt, AttemptMemory } from '../upload/upload-file.js';
import type { FileStore } from './file-store.js';
import type { FailedFile } from './store-record.js';

/** One try to bring a file into Immich. */
export type Upload = (file: StableFile, attempt: Attempt) => Promise<UploadedFile>;

export interface RememberingOptions {
  readonly store: FileStore;
  /** `serverId` of the library that is sent to. */
  readonly server: string;
  /** Under which name the failures of this uploader are remembered. */
  readonly node: string;
  /** Whether a failure is out of date, because the settings for this file have changed. */
  readonly isOutdated?: (failure: FailedFile, file: StableFile) => boolean;
}

/**
 * The same upload with a memory: bytes that were hashed before a restart are not hashed again while the file is the
 * same version, what failed before a restart fails again without a try, and what is proven is noted. Whether Immich has
 * it is asked all the same.
 */
export function remembering(upload: Upload, options: RememberingOptions): Upload {
  const { store, server, node } = options;
  const recalled = recalling(upload, options);
  return async (file, attempt) => {
    const { memory = {} } = attempt;
    const uploaded = { ...(await recalled(file, { ...attempt, memory })), serverId: server };
    store.noteUploaded(server, uploaded);
    for (const companion of uploaded.companions ?? [])
      store.noteUploaded(server, { ...companion, uploadedAt: uploaded.uploadedAt });
    if (memory.hasFailed) store.forgetFailure(node, file.path);
    return uploaded;
  };
}

/** The same with what is remembered, and nothing new is noted: for a dry run. */
export function recalling(upload: Upload, { store, server, node, isOutdated }: RememberingOptions): Upload {
  return async (file, attempt) => {
    const { memory = {} } = attempt;
    if (file.staysInPlace) memory.isWanted = true;
    if (!memory.isRecalled) {
      memory.isRecalled = true;
      await recall(file, memory);
    }
    return upload(file, { ...attempt, memory });
  };

  /** @throws FailedBeforeError or DismissedError for a version that failed before a restart */
  async function recall(file: StableFile, memory: AttemptMemory): Promise<void> {
    const { known, failure } = await store.recall(server, node, file);
    if (known !== undefined) memory.hashed ??= { version: known, sha1: known.sha1 };
    if (failure === undefined) return;
    memory.hasFailed = true;
    if (isOutdated?.(failure, file)) return;
    throw failure.isDismissed ? new DismissedError(file.path) : new FailedBeforeError(failure);
  }
}

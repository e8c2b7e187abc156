import type { StableFile } from '../media-file.js';
import { LeftAloneError } from '../upload/failed-file.js';
import type { AttemptMemory } from '../upload/upload-file.js';
import type { FileStore } from './file-store.js';

/** What to do with a photo that was deleted in Immich and lies here still: leave it alone, or upload it again. */
export type DeletedPolicy = 'leave' | 'upload';

export interface TombstoneOptions {
  readonly store: Pick<FileStore, 'receipt'>;
  readonly server: string;
  /** What holds for a file. */
  readonly policyOf: (file: StableFile) => DeletedPolicy;
}

/** Makes the check before bytes are sent that Immich does not have. It throws LeftAloneError for those that it had. */
export function tombstoneCheck({ store, server, policyOf }: TombstoneOptions) {
  return async (file: StableFile, sha1: string, { isWanted }: AttemptMemory = {}): Promise<void> => {
    if (isWanted || policyOf(file) === 'upload') return;
    const receipt = await store.receipt(server, sha1);
    if (receipt !== undefined) throw new LeftAloneError(file.path, receipt.uploadedAt);
  };
}

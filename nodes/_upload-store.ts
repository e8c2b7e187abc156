import { isBelow } from '../lib/archive/archive-path.js';
import type { StableFile } from '../lib/media-file.js';
import type { FileStore } from '../lib/store/file-store.js';
import { pruneFailures } from '../lib/store/prune-failures.js';
import { recalling, remembering, type Upload } from '../lib/store/remembering.js';
import { sweepDaily } from '../lib/store/sweep-files.js';
import { type DeletedPolicy, tombstoneCheck } from '../lib/store/tombstone.js';
import type { UploadQueueOptions } from '../lib/upload/queue-options.js';
import type { TrashPolicy, UploadFileOptions } from '../lib/upload/upload-file.js';
import type { NodeTools } from './_node-tools.js';

/** What the settings say of photos that Immich had and has no more. */
export interface BringBackSettings {
  readonly trashPolicy: TrashPolicy;
  readonly deletedPolicy: DeletedPolicy;
  /** Folders whose photos are brought back, be they in Immich's trash or deleted for good. */
  readonly bringBack: readonly string[];
  /** Whether all of it is only read. */
  readonly isDryRun: boolean;
}

/** What an uploader does with the store. */
export interface UploadStore {
  readonly store: FileStore;
  /** How this file is to be uploaded. */
  rulesFor(file: StableFile): Pick<UploadFileOptions, 'trashPolicy' | 'mayCreate'>;
  /** The same upload with a memory, which a dry run only reads. */
  remembering(upload: Upload): Upload;
  /** Forgets that the file at a path failed. */
  forgetFailure(path: string): void;
  /** What the queue tells it. */
  readonly told: Pick<UploadQueueOptions<unknown>, 'onFailed' | 'onLeft'>;
}

/** The store in the hands of an immich-upload node that sends to a library. */
export function uploadStoreOf(tools: NodeTools<BringBackSettings>, libraryId: string): UploadStore {
  const { options, signal } = tools;
  const store = tools.fileStore();
  tools.parts.sendsTo(libraryId, signal);
  // Another server or user is another matter: there nothing has failed yet.
  const node = `${tools.id} ${libraryId}`;
  const isBroughtBack = ({ path }: StableFile) => options.bringBack.some((folder) => isBelow(folder, path));
  const trashPolicyOf = (file: StableFile) => (isBroughtBack(file) ? 'restore' : options.trashPolicy);
  const policyOf = (file: StableFile) => (isBroughtBack(file) ? 'upload' : options.deletedPolicy);
  const mayCreate = tombstoneCheck({ store, server: libraryId, policyOf });
  if (!options.isDryRun) {
    void pruneFailures(store, node, signal);
    sweepDaily({ store, server: libraryId, signal });
  }
  return {
    store,
    rulesFor: (file) => ({ trashPolicy: trashPolicyOf(file), mayCreate }),
    remembering: (upload) =>
      (options.isDryRun ? recalling : remembering)(upload, {
        store,
        server: libraryId,
        node,
        isOutdated: ({ kind }, file) =>
          (kind === 'trashed' && trashPolicyOf(file) !== 'hold') ||
          (kind === 'deleted-in-immich' && policyOf(file) === 'upload'),
      }),
    forgetFailure: (path) => store.forgetFailure(node, path),
    told: {
      ...(!options.isDryRun && { onFailed: (failure) => store.noteFailed(node, failure) }),
      onLeft: (error) => tools.log('info', 'left-alone', { reason: error.message }),
    },
  };
}

import type { StableFile, UploadedFile } from '../media-file.js';
import type { Attempt } from '../upload/upload-file.js';
import type { FileStore } from './file-store.js';

/** One try to bring a file into Immich. */
export type Upload = (file: StableFile, attempt: Attempt) => Promise<UploadedFile>;

export interface RememberingOptions {
  readonly store: FileStore;
  /** `serverId` of the library that is sent to. */
  readonly server: string;
}

/**
 * The same upload with a memory: bytes that were hashed before a restart are not hashed again while the file is the same
 * version, and what is proven is noted. Whether Immich has it is asked all the same.
 */
export function remembering(upload: Upload, { store, server }: RememberingOptions): Upload {
  return async (file, attempt) => {
    const { memory = {} } = attempt;
    if (!memory.isRecalled && memory.hashed === undefined) {
      const known = await store.file(server, file.path);
      if (known?.sizeBytes === file.sizeBytes && known.mtimeMs === file.mtimeMs)
        memory.hashed = { version: known, sha1: known.sha1 };
    }
    memory.isRecalled = true;
    const uploaded = { ...(await upload(file, { ...attempt, memory })), serverId: server };
    store.noteUploaded(server, uploaded);
    for (const companion of uploaded.companions ?? [])
      store.noteUploaded(server, { ...companion, uploadedAt: uploaded.uploadedAt });
    return uploaded;
  };
}

import type { FileIo } from '../file-io.js';
import { type FileVersion, versionOf } from '../file-version.js';
import type { ArchivedFile } from '../media-file.js';
import type { FileStore } from './file-store.js';

/**
 * Notes what became of the original of a file, in every library that it was proven in; `keeper` is who dealt with it.
 */
export async function rememberArchived(
  store: FileStore,
  file: ArchivedFile,
  keeper: string,
  { fs }: Pick<FileIo, 'fs'>,
): Promise<void> {
  const { uploadedAt, archivedAt, companions = [], archiveOutcome } = file;
  const libraries = librariesOf(file);
  if (libraries.length === 0) return;
  const group = [file, ...companions.map((companion) => ({ ...companion, uploadedAt, archivedAt }))];
  for (const one of group) {
    const place = archiveOutcome === 'kept' ? undefined : await placeOf(one, fs);
    for (const { server, ...proof } of libraries) {
      // What another library calls a companion its record does not say: a receipt that is there keeps its own name for it.
      const theirs = one === file ? proof : { assetId: null };
      const noted = server === file.serverId ? one : { ...one, ...theirs };
      if (archiveOutcome === 'kept') store.noteKept(server, noted, keeper);
      else store.noteArchived(server, noted, place);
    }
  }
}

interface Library extends Pick<ArchivedFile, 'assetId' | 'uploadOutcome' | 'uploadedAt'> {
  /** Its `serverId`. */
  readonly server: string;
}

/** The libraries that have proven a file, each once, and what each said of it. */
function librariesOf(file: ArchivedFile): Library[] {
  const own = { ...file, outcome: file.uploadOutcome };
  const known = new Map<string, Library>();
  for (const { serverId: server, assetId, outcome: uploadOutcome, uploadedAt } of [
    own,
    ...(file.uploads ?? []),
  ]) {
    if (typeof server === 'string' && !known.has(server))
      known.set(server, { server, assetId, uploadOutcome, uploadedAt });
  }
  return [...known.values()];
}

/** How the file lies in the archive; unknown where it cannot be asked: an audit hashes it then. */
async function placeOf(
  { archivedTo, sizeBytes }: Pick<ArchivedFile, 'archivedTo' | 'sizeBytes'>,
  fs: FileIo['fs'],
): Promise<FileVersion | undefined> {
  const stats = archivedTo === null ? undefined : await fs.lstat(archivedTo).catch(() => undefined);
  return stats?.isFile() && stats.size === sizeBytes ? versionOf(stats) : undefined;
}

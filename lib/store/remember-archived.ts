import type { FileIo } from '../file-io.js';
import { type FileVersion, versionOf } from '../file-version.js';
import type { ArchivedFile } from '../media-file.js';
import type { FileStore } from './file-store.js';

/** Notes what became of the original of a file, in the library that it was proven in; `keeper` is who dealt with it. */
export async function rememberArchived(
  store: FileStore,
  file: ArchivedFile,
  keeper: string,
  { fs }: Pick<FileIo, 'fs'>,
): Promise<void> {
  const { serverId: server, uploadedAt, archivedAt, companions = [] } = file;
  if (typeof server !== 'string') return;
  const group = [file, ...companions.map((companion) => ({ ...companion, uploadedAt, archivedAt }))];
  for (const one of group) {
    if (file.archiveOutcome === 'kept') store.noteKept(server, one, keeper);
    else store.noteArchived(server, one, await placeOf(one, fs));
  }
}

/** How the file lies in the archive; unknown where it cannot be asked: an audit hashes it then. */
async function placeOf(
  { archivedTo, sizeBytes }: Pick<ArchivedFile, 'archivedTo' | 'sizeBytes'>,
  fs: FileIo['fs'],
): Promise<FileVersion | undefined> {
  const stats = archivedTo === null ? undefined : await fs.lstat(archivedTo).catch(() => undefined);
  return stats?.isFile() && stats.size === sizeBytes ? versionOf(stats) : undefined;
}

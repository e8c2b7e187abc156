import type { FileIo } from '../file-io.js';
import type { UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { ArchiveError } from './archive-error.js';
import type { ArchivePolicy } from './archive-file.js';
import { archivePath, isBelow } from './archive-path.js';

/** That originals are moved, and where to. */
export type MovePolicy = ArchivePolicy & { readonly mode: 'move' };

/** Whether a file was watched by mistake: an archived file must not go round and round. */
export function isInArchive({ path, folder }: UploadedFile, archiveFolder: string): boolean {
  return isBelow(archiveFolder, path) && !isBelow(archiveFolder, folder) && folder !== archiveFolder;
}

/**
 * Where a file goes in the archive. A late sidecar goes by the date of its photo, and so does a companion.
 * @throws ArchiveError `outside-archive`
 */
export function targetOf(
  file: UploadedFile,
  { archiveFolder, template }: MovePolicy,
  io: FileIo,
  dated: { readonly mtimeMs: number } = file.sidecarOf ?? file,
): string {
  const { mtimeMs } = dated;
  return archivePath({ archiveFolder, template, file: { ...file, mtimeMs }, now: new Date(io.now()) });
}

/**
 * Lets a file be deleted, unless Immich is about to.
 * @throws ArchiveError `unproven`
 */
export function mustBeKept(file: UploadedFile): void {
  if (!file.isTrashed) return;
  throw new ArchiveError(
    'unproven',
    say`"${file.path}" lies in Immich's trash, which empties itself, so it was not deleted. Restore it in Immich first.`,
  );
}

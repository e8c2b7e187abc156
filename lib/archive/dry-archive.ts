import { type FileIo, fileIo } from '../file-io.js';
import type { ArchivedFile, UploadedFile } from '../media-file.js';
import type { ArchivePolicy } from './archive-file.js';
import { isInArchive, mustBeKept, targetOf } from './archive-target.js';

/**
 * Says what would become of the original of a file, and does nothing. A name that is taken would get a number.
 * @throws ArchiveError where the file could not be dealt with
 */
export function dryArchive(
  file: UploadedFile,
  policy: ArchivePolicy,
  given: Partial<FileIo> = {},
): ArchivedFile & { readonly isDryRun: true } {
  const io = fileIo(given);
  const { companions: _, ...alone } = file;
  const said = { ...alone, archivedAt: new Date(io.now()).toISOString(), isDryRun: true } as const;
  if (policy.mode === 'keep') return { ...said, archivedTo: file.path, archiveOutcome: 'kept' };
  if (policy.mode === 'delete') {
    mustBeKept(file);
    return { ...said, archivedTo: null, archiveOutcome: 'deleted' };
  }
  if (isInArchive(file, policy.archiveFolder)) {
    return { ...said, archivedTo: file.path, archiveOutcome: 'already-archived' };
  }
  return { ...said, archivedTo: targetOf(file, policy, io), archiveOutcome: 'moved' };
}

import { type FileIo, fileIo } from '../file-io.js';
import type { ArchivedFile, UploadedFile } from '../media-file.js';
import type { ArchivePolicy } from './archive-file.js';
import { planMove } from './archive-group.js';
import { isInArchive, mustBeKept } from './archive-target.js';

type Result = Pick<ArchivedFile, 'archivedTo' | 'archiveOutcome' | 'companions'>;

/**
 * Says what would become of the originals of a file and its companions, and does nothing. Names that are taken count;
 * those that other files of the same dry run would take do not.
 * @throws ArchiveError where they could not be dealt with
 */
export async function dryArchive(
  file: UploadedFile,
  policy: ArchivePolicy,
  given: Partial<FileIo> = {},
): Promise<ArchivedFile & { readonly isDryRun: true }> {
  const io = fileIo(given);
  const { companions, ...alone } = file;
  const result = await planFor(file, policy, io);
  const group = companions === undefined ? {} : { companions: result.companions ?? [] };
  const { archivedTo, archiveOutcome } = result;
  const archivedAt = new Date(io.now()).toISOString();
  return { ...alone, ...group, archivedTo, archiveOutcome, archivedAt, isDryRun: true };
}

async function planFor(file: UploadedFile, policy: ArchivePolicy, io: FileIo): Promise<Result> {
  const { companions = [] } = file;
  const all = (placeOf: (path: string) => string | null) =>
    companions.map((companion) => ({ ...companion, archivedTo: placeOf(companion.path) }));
  const stay = { archivedTo: file.path, companions: all((path) => path) };
  if (policy.mode === 'keep') return { ...stay, archiveOutcome: 'kept' };
  if (policy.mode === 'delete') {
    mustBeKept(file);
    return { archivedTo: null, archiveOutcome: 'deleted', companions: all(() => null) };
  }
  if (file.staysInPlace || isInArchive(file, policy.archiveFolder))
    return { ...stay, archiveOutcome: 'already-archived' };
  return planMove(file, companions, policy, io);
}

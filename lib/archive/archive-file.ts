import { type FileIo, fileIo } from '../file-io.js';
import { type ArchivedFile, asUploadedFile, RecordError, type UploadedFile } from '../media-file.js';
import { SettingError, settingChoice } from '../settings.js';
import { ArchiveError } from './archive-error.js';
import { archivePath, isBelow, parseArchiveFolder, parseTemplate } from './archive-path.js';
import { deleteFile, moveFile } from './move-file.js';

/** What to do with the original of a proven file. */
export type ArchivePolicy =
  | { readonly mode: 'move'; readonly archiveFolder: string; readonly template: string }
  | { readonly mode: 'keep' }
  | { readonly mode: 'delete' };

/** The settings of a policy, as the editor delivers them. */
export interface ArchiveSettings {
  readonly archiveFolder?: string;
  readonly template?: string;
  readonly mode?: string;
}

/**
 * Turns the settings into a policy.
 * @throws SettingError for a mode or template that does not work, and for `move` without an archive folder
 */
export function parseArchivePolicy(settings: ArchiveSettings): ArchivePolicy {
  const mode = settingChoice('Original', settings.mode, ['move', 'keep', 'delete'], 'move');
  if (mode !== 'move') return { mode };
  const archiveFolder = parseArchiveFolder('Archive folder', settings.archiveFolder);
  if (archiveFolder === undefined) {
    throw new SettingError(
      'Archive folder: none is set. Type a folder such as /photos/archive, or set ARCHIVE_DIRECTORY in the environment.',
    );
  }
  return { mode, archiveFolder, template: parseTemplate('Path in the archive', settings.template) };
}

/**
 * Reads the file that may be archived from a message.
 * @throws ArchiveError `unproven` when Immich has not confirmed it
 */
export function provenFile(payload: unknown): UploadedFile {
  try {
    return asUploadedFile(payload);
  } catch (error) {
    if (error instanceof RecordError) throw new ArchiveError('unproven', error.message, { cause: error });
    throw error;
  }
}

/**
 * Deals with the original of a proven file as the policy says.
 * @throws ArchiveError when the original stays where it is, or the reason of `given.signal`
 */
export async function archiveFile(
  file: UploadedFile,
  policy: ArchivePolicy,
  given: Partial<FileIo> = {},
): Promise<ArchivedFile> {
  const io = fileIo(given);
  const result = await carryOut(file, policy, io);
  return { ...file, ...result, archivedAt: new Date(io.now()).toISOString() };
}

async function carryOut(
  file: UploadedFile,
  policy: ArchivePolicy,
  io: FileIo,
): Promise<Pick<ArchivedFile, 'archivedTo' | 'archiveOutcome'>> {
  if (policy.mode === 'keep') return { archivedTo: file.path, archiveOutcome: 'kept' };
  if (policy.mode === 'delete') {
    if (file.isTrashed) {
      throw new ArchiveError(
        'unproven',
        `"${file.path}" lies in Immich's trash, which empties itself, so it was not deleted. Restore it in Immich first.`,
      );
    }
    await deleteFile(file, io);
    return { archivedTo: null, archiveOutcome: 'deleted' };
  }
  const { archiveFolder, template } = policy;
  // Watched by mistake: an archived file must not go round and round.
  if (
    isBelow(archiveFolder, file.path) &&
    !isBelow(archiveFolder, file.folder) &&
    file.folder !== archiveFolder
  ) {
    return { archivedTo: file.path, archiveOutcome: 'already-archived' };
  }
  const target = archivePath({ archiveFolder, template, file, now: new Date(io.now()) });
  const { archivedTo, outcome } = await moveFile(file, target, archiveFolder, io);
  return { archivedTo, archiveOutcome: outcome };
}

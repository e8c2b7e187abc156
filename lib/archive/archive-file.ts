import { type FileIo, fileIo } from '../file-io.js';
import { type ArchivedFile, asUploadedFile, RecordError, type UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { SettingError, settingBoolean, settingChoice, settingNumber } from '../settings.js';
import { ArchiveError } from './archive-error.js';
import { archiveGroup } from './archive-group.js';
import { parseArchiveFolder, parseTemplate } from './archive-path.js';
import { isInArchive, mustBeKept, targetOf } from './archive-target.js';
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
  /** How many servers or users must have a file; 1 when it is unset. */
  readonly waitFor?: string;
  readonly dryRun?: string | boolean;
}

/** How archive-move works. */
export type ArchiveOptions = ArchivePolicy & { readonly waitFor: number; readonly isDryRun: boolean };

const MOST_UPLOADS = 16;

/**
 * Turns all settings into options.
 * @throws SettingError for one that does not work
 */
export function parseArchiveOptions(settings: ArchiveSettings): ArchiveOptions {
  const range = { min: 1, max: MOST_UPLOADS, isWhole: true };
  return {
    ...parseArchivePolicy(settings),
    waitFor: settingNumber(say`Wait for uploads`, settings.waitFor, 1, range),
    isDryRun: settingBoolean(say`Dry run`, settings.dryRun, false),
  };
}

/**
 * Turns the settings into a policy.
 * @throws SettingError for a mode or template that does not work, and for `move` without an archive folder
 */
export function parseArchivePolicy(settings: ArchiveSettings): ArchivePolicy {
  const mode = settingChoice(say`Original`, settings.mode, ['move', 'keep', 'delete'], 'move');
  if (mode !== 'move') return { mode };
  const archiveFolder = parseArchiveFolder(say`Archive folder`, settings.archiveFolder);
  if (archiveFolder === undefined) {
    throw new SettingError(
      say`Archive folder: none is set. Type a folder such as /photos/archive, or set ARCHIVE_DIRECTORY in the environment.`,
    );
  }
  return { mode, archiveFolder, template: parseTemplate(say`Path in the archive`, settings.template) };
}

/**
 * Reads the file that may be archived from a message.
 * @throws ArchiveError `unproven` when Immich has not confirmed it, a dry run among them unless this is one itself
 */
export function provenFile(payload: unknown, { isDryRun = false } = {}): UploadedFile {
  try {
    const file = asUploadedFile(payload);
    if (file.isDryRun !== true || isDryRun) return file;
    throw new RecordError(
      say`"${file.path}" comes from a dry run, so Immich does not have it, and nothing was moved. Let this node do a dry run, too, or the upload a real one.`,
    );
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
  const { companions, ...alone } = file;
  const result =
    companions === undefined
      ? await carryOut(alone, policy, io)
      : await archiveGroup(alone, companions, policy, io);
  return { ...alone, ...result, archivedAt: new Date(io.now()).toISOString() };
}

async function carryOut(
  file: UploadedFile,
  policy: ArchivePolicy,
  io: FileIo,
): Promise<Pick<ArchivedFile, 'archivedTo' | 'archiveOutcome'>> {
  if (file.staysInPlace) return { archivedTo: file.path, archiveOutcome: 'already-archived' };
  if (policy.mode === 'keep') return { archivedTo: file.path, archiveOutcome: 'kept' };
  if (policy.mode === 'delete') {
    mustBeKept(file);
    await deleteFile(file, io);
    return { archivedTo: null, archiveOutcome: 'deleted' };
  }
  if (isInArchive(file, policy.archiveFolder)) {
    return { archivedTo: file.path, archiveOutcome: 'already-archived' };
  }
  const { archivedTo, outcome } = await moveFile(file, targetOf(file, policy, io), policy.archiveFolder, io);
  return { archivedTo, archiveOutcome: outcome };
}

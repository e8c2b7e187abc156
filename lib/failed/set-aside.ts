import { basename } from 'node:path';
import { archiveFile } from '../archive/archive-file.js';
import { numberedPath } from '../archive/archive-path.js';
import { dryArchive } from '../archive/dry-archive.js';
import type { UploadedCompanion } from '../companions/companion.js';
import { errorCode, type FileIo, fileIo, unlessCode } from '../file-io.js';
import { FileVersionError, hashFile } from '../file-version.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { companionFile, hashCompanion, unlessVanished } from '../upload/group-parts.js';

const MAX_NAMES = 10_000;

/**
 * Moves a file that failed for good into a folder of such files, with its companions or not at all, its folders kept, and
 * writes beside it why it is there. Nothing is overwritten, and only the version that failed is moved.
 * @returns where the file is now
 * @throws FileVersionError or ArchiveError when it stays where it is, or the reason of the signal
 */
export async function setAside(
  file: StableFile,
  failedFolder: string,
  reason: Error,
  given: Partial<FileIo> = {},
): Promise<string> {
  const io = fileIo(given);
  const moved = await archiveFile(await withSums(file, io), policyOf(failedFolder), io);
  const place = moved.archivedTo ?? file.path;
  // The folder lies in the way of the file itself: it is where it should be.
  if (place === file.path) throw new FileVersionError('changed', file.path);
  const others = (moved.companions ?? []).flatMap(({ archivedTo }) => archivedTo ?? []);
  await writeReason(`${place}.txt`, textOf(file, reason, others, new Date(io.now())), io);
  return place;
}

/**
 * Where `setAside` would move a file and its companions; nothing is moved.
 * @throws as `setAside` does
 */
export async function planAside(
  file: StableFile,
  failedFolder: string,
  given: Partial<FileIo> = {},
): Promise<string[]> {
  const io = fileIo(given);
  const planned = await dryArchive(await withSums(file, io), policyOf(failedFolder), io);
  return [planned, ...(planned.companions ?? [])].flatMap(({ archivedTo }) => archivedTo ?? []);
}

/** Into the folder, with the folders that the file was in. */
function policyOf(archiveFolder: string) {
  return { mode: 'move', archiveFolder, template: '' } as const;
}

/** The file as one whose bytes are known: that is all that moving it asks for. */
async function withSums(file: StableFile, io: FileIo): Promise<UploadedFile> {
  const { companions = [], ...alone } = file;
  const { sha1, version } = await hashFile(alone, alone, { signal: io.signal });
  const proof = { assetId: '', uploadOutcome: 'created', isTrashed: false, uploadedAt: '' } as const;
  const known = { ...alone, ...version, sha1, ...proof };
  if (companions.length === 0) return known;
  const summed: UploadedCompanion[] = [];
  for (const companion of companions) {
    const one = companionFile(alone, companion);
    const sum = await unlessVanished(() => hashCompanion(one, companion, io.signal));
    if (sum === undefined) continue;
    const { ctimeMs } = sum.version;
    summed.push({ ...companion, sha1: sum.sha1, ctimeMs, assetId: null, uploadOutcome: 'created' });
  }
  return { ...known, companions: summed };
}

function textOf(file: StableFile, reason: Error, others: readonly string[], at: Date): string {
  const name = basename(file.path);
  const together = others.map((path) => basename(path)).join(', ');
  return [
    together === ''
      ? say`${name} could not be brought into Immich.`
      : say`${name} could not be brought into Immich. With it: ${together}.`,
    '',
    say`Why:   ${withoutStays(reason.message)}`,
    say`When:  ${at.toISOString()}`,
    say`From:  ${file.path}`,
    '',
    say`What to do: when the reason is gone, move the file back to where it was (and what came with it): it is tried again. If\nit is of no use, delete it. Nothing looks at this text; it can be deleted at any time.`,
    '',
  ].join('\n');
}

/** The sentence was made for a file that stays, and this one does not. */
function withoutStays(sentence: string): string {
  const stays = say`the file stays where it is`.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return sentence.replace(new RegExp(`[;.；。]?\\s*${stays}(?=[.。])`, 'i'), '');
}

/** A text that cannot be written is no reason to put the file back: the log says it, too. */
async function writeReason(path: string, text: string, io: FileIo): Promise<void> {
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    try {
      const handle = await unlessCode(['EEXIST'], io.fs.open(numberedPath(path, number), 'wx'));
      if (handle === undefined) continue;
      await handle.writeFile(text).finally(() => handle.close());
      return;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return;
    }
  }
}

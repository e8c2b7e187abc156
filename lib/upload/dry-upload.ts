import { hashFile } from '../file-version.js';
import type { ImmichClient } from '../immich/immich-client.js';
import type { UploadExtras } from '../immich/upload-extras.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import { dryAssetId } from './dry-client.js';
import type { DryStep } from './dry-step.js';
import { type Attempt, inTrashError, stillKnown, type UploadFileOptions } from './upload-file.js';

/** What saying what would become of one file needs. */
export interface DryUploadOptions extends Pick<UploadFileOptions, 'trashPolicy' | 'mayCreate'> {
  readonly client: Pick<ImmichClient, 'check'>;
  /** `serverId` of the library that would be sent to. */
  readonly library: string;
  readonly note: (step: DryStep) => void;
  readonly now?: () => Date;
}

/**
 * Says what would become of one file, without its companions: hashes it and asks Immich whether it has it, and sends
 * nothing. The record is marked, so that nobody takes it for a proof.
 * @throws as `uploadFile` does
 */
export async function dryUpload(
  file: StableFile,
  options: DryUploadOptions,
  { signal, memory = {}, extras = {} }: Attempt = {},
): Promise<UploadedFile> {
  const { client, library, trashPolicy, mayCreate, note, now = () => new Date() } = options;
  const { companions: _, ...alone } = file;
  memory.hashed = (await stillKnown(file, memory)) ?? (await hashFile(file, file, { signal }));
  const { sha1, version } = memory.hashed;
  const known = await client.check(sha1);
  const tell = (does: DryStep['does'], ...words: string[]) => note({ does, path: file.path, with: words });
  if (known.isKnown) {
    if (known.isTrashed && trashPolicy === 'hold') throw inTrashError(file);
    tell(known.isTrashed ? (trashPolicy === 'restore' ? 'restore' : 'trashed') : 'known');
  } else {
    await mayCreate?.(file, sha1, memory);
    tell('create');
    for (const [does, word] of travelling(extras)) tell(does, word);
  }
  return {
    ...alone,
    sha1,
    ctimeMs: version.ctimeMs,
    assetId: known.isKnown ? known.assetId : dryAssetId(library, sha1),
    uploadOutcome: known.isKnown ? 'duplicate' : 'created',
    isTrashed: known.isKnown && known.isTrashed && trashPolicy === 'accept',
    uploadedAt: now().toISOString(),
    isDryRun: true,
  };
}

/** What would go along in the request; the video of a live photo is told by who knows its path. */
function travelling({ sidecar, visibility, takenAtMs, isFavorite }: UploadExtras) {
  const taken = takenAtMs === undefined ? undefined : new Date(takenAtMs).toISOString();
  const words = [
    ['carry', sidecar?.path],
    ['favorite', isFavorite === true ? 'true' : undefined],
    ['visibility', visibility],
    ['date', taken],
  ] as const;
  return words.flatMap(([does, word]) => (word === undefined ? [] : [[does, word] as const]));
}

import { hashFile } from '../file-version.js';
import type { ImmichClient } from '../immich/immich-client.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import type { Attempt } from './upload-file.js';

/** The asset of a file that would only be made. */
export const NO_ASSET = 'dry-run';

/**
 * Says what would become of a file: hashes it and asks Immich whether it has it, and sends nothing. The record is marked,
 * so that nobody takes it for a proof.
 * @throws as `uploadFile` does
 */
export async function dryUpload(
  file: StableFile,
  client: Pick<ImmichClient, 'check'>,
  { signal }: Attempt = {},
  now: () => Date = () => new Date(),
): Promise<UploadedFile> {
  const { companions: _, ...alone } = file;
  const { sha1, version } = await hashFile(file, file, { signal });
  const known = await client.check(sha1);
  return {
    ...alone,
    sha1,
    ctimeMs: version.ctimeMs,
    assetId: known.isKnown ? known.assetId : NO_ASSET,
    uploadOutcome: known.isKnown ? 'duplicate' : 'created',
    isTrashed: known.isKnown && known.isTrashed,
    uploadedAt: now().toISOString(),
    isDryRun: true,
  };
}

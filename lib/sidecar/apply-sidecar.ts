import { basename } from 'node:path';
import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import { MOST_SIDECAR_BYTES, readSidecar, type SidecarPart } from '../immich/upload-extras.js';
import { say } from '../say.js';
import { readXmp } from './read-xmp.js';

/** What changing an asset needs of a server. */
export type SidecarCalls = Pick<ImmichClient, 'updateAsset' | 'upsertTags' | 'tagAssets'>;

/**
 * Applies one version of a sidecar to an asset that is there already: no call of Immich adds the file itself. Needs
 * `asset.update`, and for tags `tag.create` and `tag.asset`.
 * @returns whether there was anything to read in it
 * @throws ImmichError, a missing permission with what to do; FileVersionError when another version is there, or none
 */
export async function applySidecar(
  client: SidecarCalls,
  assetId: string,
  sidecar: SidecarPart,
): Promise<boolean> {
  if (sidecar.version.sizeBytes > MOST_SIDECAR_BYTES) return false;
  const facts = await readXmp((await readSidecar(sidecar)).toString('utf8'));
  if (facts === undefined) return false;
  try {
    if (Object.keys(facts.changes).length > 0) await client.updateAsset(assetId, facts.changes);
    if (facts.tags.length > 0) await client.tagAssets(await client.upsertTags(facts.tags), [assetId]);
  } catch (error) {
    throw inWords(error, sidecar);
  }
  return true;
}

function inWords(error: unknown, { path }: SidecarPart): unknown {
  if (!(error instanceof ImmichError) || error.kind !== 'forbidden') return error;
  const permission = error.permission ?? 'asset.update';
  return new ImmichError(
    'forbidden',
    say`${basename(path)} belongs to a photo that is in Immich already, and the key may not change it: give it the permission ${permission}, then retry. Both files stay where they are.`,
    { status: 403, scope: 'file', permission },
  );
}

import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';

/** Whether RAW and developed photo, and the shots of a burst, go on a stack, and which of the first two is on top. */
export const STACK_POLICIES = ['jpeg', 'raw', 'off'] as const;

export type StackPolicy = (typeof STACK_POLICIES)[number];

/** Links a live video to a still that was there before; needs `asset.update`, and `asset.read` to do it once only. */
export async function linkVideo(
  client: Pick<ImmichClient, 'asset' | 'updateAsset'>,
  stillId: string,
  livePhotoVideoId: string,
): Promise<void> {
  const still = await client.asset(stillId);
  if (still?.livePhotoVideoId === livePhotoVideoId) return;
  await client.updateAsset(stillId, { livePhotoVideoId });
}

/**
 * Puts assets on one stack, the first one on top. Where none of them `isNew`, one that is on a stack stays on it:
 * somebody may have changed that since.
 */
export async function stackAssets(
  client: Pick<ImmichClient, 'asset' | 'createStack'>,
  ids: readonly string[],
  isNew: boolean,
): Promise<void> {
  const [first] = ids;
  if (first === undefined || ids.length < 2) return;
  if (!isNew && (await client.asset(first))?.stackId != null) return;
  await client.createStack(ids);
}

/** Does work that a missing permission of the key need not hold up: then it is told, and everything else goes on. */
export async function forbiddenIsNotice(
  onNotice: (notice: ImmichError) => void,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ImmichError) || error.kind !== 'forbidden') throw error;
    onNotice(error);
  }
}

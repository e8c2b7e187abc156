import type { StableFile } from '../media-file.js';
import { companionFile } from './group-parts.js';

/**
 * Waits until a file and all its companions are completely written again. A companion that is gone, or comes in a message
 * of its own, leaves the group.
 * @throws what the wait for the file itself throws
 */
export async function settleGroup(
  file: StableFile,
  settle: (file: StableFile) => Promise<StableFile>,
): Promise<StableFile> {
  const { companions = [], ...alone } = file;
  const [own, ...others] = await Promise.allSettled([
    settle(alone),
    ...companions.map((companion) => settle(companionFile(file, companion))),
  ]);
  if (own.status === 'rejected') throw own.reason;
  const left = companions.flatMap((companion, at) => {
    const settled = others[at];
    if (settled?.status !== 'fulfilled') return [];
    const { sizeBytes, mtimeMs } = settled.value;
    return [{ ...companion, sizeBytes, mtimeMs }];
  });
  return left.length === 0 ? own.value : { ...own.value, companions: left };
}

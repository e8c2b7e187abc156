import type { StableFile } from '../media-file.js';
import { EMPTY_SIDECAR_MS } from '../stable/group-gate.js';
import type { StabilityRules } from '../stable/stability.js';
import { companionFile } from './group-parts.js';

/**
 * Waits until a file and all its companions are completely written again, under the rules that stable-file had for
 * them. A companion that is gone, or comes in a message of its own, leaves the group.
 * @throws what the wait for the file itself throws
 */
export async function settleGroup(
  file: StableFile,
  settle: (file: StableFile, rules: Partial<StabilityRules>) => Promise<StableFile>,
): Promise<StableFile> {
  const { companions = [], ...alone } = file;
  const [own, ...others] = await Promise.allSettled([
    settle(alone, rulesOf(file)),
    ...companions.map((companion) => {
      const isSidecar = companion.kind === 'sidecar';
      const rules = { ...rulesOf(file), ...(isSidecar && { emptyMs: EMPTY_SIDECAR_MS }) };
      return settle(companionFile(file, companion), rules);
    }),
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

function rulesOf({ quietMs, hasVideoCheck }: StableFile): Partial<StabilityRules> {
  return { quietMs, quietMsLarge: quietMs, hasVideoCheck };
}

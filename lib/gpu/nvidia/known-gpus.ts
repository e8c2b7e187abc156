import { recordOf, textOf } from '../../fields.js';

/** A GPU as it is remembered over a restart. */
export interface KnownGpu {
  /** Under which it was told first. */
  readonly id: string;
  /** Null until it was awake once. */
  readonly uuid: string | null;
  readonly name: string | null;
}

/** GPUs by their PCI slots. */
export type KnownGpus = Readonly<Record<string, KnownGpu>>;

/** More than any machine has. */
const MOST_GPUS = 64;

/** What a file remembers; undefined when it is something else. */
export function asKnownGpus(content: unknown): { readonly gpus: KnownGpus } | undefined {
  const gpus = recordOf(recordOf(content)?.gpus);
  if (gpus === undefined) return undefined;
  const known = Object.entries(gpus).flatMap(([slot, gpu]) => {
    const { id, uuid, name } = recordOf(gpu) ?? {};
    const knownId = textOf(id);
    return knownId === null ? [] : [[slot, { id: knownId, uuid: textOf(uuid), name: textOf(name) }] as const];
  });
  return { gpus: Object.fromEntries(known.slice(0, MOST_GPUS)) };
}

import { isDeepStrictEqual } from 'node:util';
import { type GpuSample, sampleOf, silentSample } from '../gpu-sample.js';
import type { NvidiaGpu } from '../text/nvidia-csv.js';
import type { KnownGpu, KnownGpus } from './known-gpus.js';

/** Which GPUs were seen in which PCI slot, so that one that sleeps or is lost keeps its id. */
export interface NvidiaMemory {
  /** Slots of those that were seen since the start. */
  readonly slots: readonly string[];
  /** The GPU under the id that was told first for it. */
  remember(gpu: NvidiaGpu): NvidiaGpu;
  /** The GPU in a slot that does not answer. Its id is the slot, if it never did. */
  silent(slot: string, state: 'asleep' | 'lost'): GpuSample;
}

export interface NvidiaMemoryOptions {
  /** What was kept before the restart. */
  readonly known?: KnownGpus | undefined;
  /** Gets what should be kept over a restart, whenever that changes. */
  readonly keep?: ((known: KnownGpus) => void) | undefined;
}

/** A GPU that sleeps cannot be asked for its UUID: what it was called before is the only name that it can have. */
export function createNvidiaMemory({ known = {}, keep }: NvidiaMemoryOptions = {}): NvidiaMemory {
  const bySlot = new Map<string, KnownGpu>(Object.entries(known));
  const seen = new Map<string, GpuSample>();

  const note = (slot: string, gpu: KnownGpu) => {
    const { uuid } = gpu;
    if (isDeepStrictEqual(bySlot.get(slot), gpu)) return;
    // A card that was moved to another slot.
    for (const [other, one] of bySlot) if (uuid !== null && one.uuid === uuid) bySlot.delete(other);
    bySlot.set(slot, gpu);
    keep?.(Object.fromEntries(bySlot));
  };
  return {
    get slots() {
      return [...seen.keys()];
    },
    remember(gpu) {
      const { slot, uuid } = gpu;
      if (slot === null) return gpu;
      const before = bySlot.get(slot);
      const isOther = before !== undefined && before.uuid !== null && uuid !== null && before.uuid !== uuid;
      const id = isOther || before === undefined ? gpu.sample.id : before.id;
      const sample = {
        ...gpu.sample,
        id,
        name: gpu.sample.name ?? (isOther ? null : (before?.name ?? null)),
      };
      note(slot, { id, uuid: uuid ?? before?.uuid ?? null, name: sample.name });
      seen.set(slot, sample);
      return { ...gpu, sample };
    },
    silent(slot, state) {
      const gpu = bySlot.get(slot) ?? { id: slot, uuid: null, name: null };
      note(slot, gpu);
      const before = seen.get(slot) ?? sampleOf({ id: gpu.id, name: gpu.name, vendor: 'nvidia' });
      seen.set(slot, before);
      const sample = silentSample(before, state);
      return state === 'lost' ? { ...sample, problem: 'gpu-lost' } : sample;
    },
  };
}

import { type GpuSample, sampleOf, silentSample } from '../gpu-sample.js';
import type { NvidiaGpu } from '../text/nvidia-csv.js';

/** Which GPUs were seen in which PCI slot, so that one that sleeps or is lost keeps its id. */
export interface NvidiaMemory {
  readonly slots: readonly string[];
  /** The GPU under the id that was told first for its slot. */
  remember(gpu: NvidiaGpu): NvidiaGpu;
  /** The GPU in a slot that does not answer. Its id is the slot, if it never did. */
  silent(slot: string, state: 'asleep' | 'lost'): GpuSample;
}

export function createNvidiaMemory(): NvidiaMemory {
  const bySlot = new Map<string, GpuSample>();
  return {
    get slots() {
      return [...bySlot.keys()];
    },
    remember(gpu) {
      if (gpu.slot === null) return gpu;
      const sample = { ...gpu.sample, id: bySlot.get(gpu.slot)?.id ?? gpu.sample.id };
      bySlot.set(gpu.slot, sample);
      return { ...gpu, sample };
    },
    silent(slot, state) {
      const before = bySlot.get(slot) ?? sampleOf({ id: slot, vendor: 'nvidia' });
      bySlot.set(slot, before);
      const sample = silentSample(before, state);
      return state === 'lost' ? { ...sample, problem: 'gpu-lost' } : sample;
    },
  };
}

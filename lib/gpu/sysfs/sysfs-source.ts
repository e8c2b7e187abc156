import { type GpuSample, sampleOf } from '../gpu-sample.js';
import type { GpuSource } from '../gpu-source.js';
import { readAmdCard } from './amd-card.js';
import { type DrmCard, listDrmCards } from './drm-cards.js';
import { type IntelCounters, readIntelCard } from './intel-card.js';
import { AsleepError, isAsleep } from './sysfs-folder.js';

export interface SysfsSourceOptions {
  /** The folder that holds `sys`; `/` on most machines. */
  readonly root?: string;
  /** Milliseconds of a clock that does not run backwards. */
  readonly now?: () => number;
}

const VENDORS: Readonly<Record<string, 'amd' | 'intel'>> = {
  amdgpu: 'amd',
  radeon: 'amd',
  i915: 'intel',
  xe: 'intel',
};

/** AMD's and Intel's GPUs, read from the files of the kernel without root and without starting anything. */
export function createSysfsSource({
  root = '/',
  now = () => performance.now(),
}: SysfsSourceOptions = {}): GpuSource {
  const countersOf = new Map<string, IntelCounters>();
  let hasSeenAny = false;

  const read = async (card: DrmCard, vendor: 'amd' | 'intel', index: number): Promise<GpuSample> => {
    if (vendor === 'amd') return readAmdCard(card, index);
    const { sample, counters } = await readIntelCard(card, index, now(), countersOf.get(card.slot));
    countersOf.set(card.slot, counters);
    return sample;
  };
  const readUnlessAsleep = async (card: DrmCard, vendor: 'amd' | 'intel', index: number) => {
    try {
      // To ask anything else would wake it, for seconds, and tell a load that is our own.
      if (!(await isAsleep(card.device))) return await read(card, vendor, index);
    } catch (error) {
      if (!(error instanceof AsleepError)) throw error;
    }
    countersOf.delete(card.slot);
    const name = `${vendor === 'amd' ? 'AMD' : 'Intel'} ${card.pciId}`;
    return sampleOf({ id: card.slot, index, name, vendor, driver: card.driver, state: 'asleep' });
  };

  return {
    name: 'sysfs',
    async look() {
      const cards = (await listDrmCards(root)).flatMap((card) => {
        const vendor = VENDORS[card.driver];
        return vendor === undefined ? [] : [{ card, vendor }];
      });
      // Those that were there before are lost.
      if (cards.length === 0) return { samples: hasSeenAny ? [] : null, problem: null };
      hasSeenAny = true;
      const samples = await Promise.all(
        cards.map(({ card, vendor }, index) => readUnlessAsleep(card, vendor, index)),
      );
      return { samples, problem: null };
    },
    async close() {},
  };
}

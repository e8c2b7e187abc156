import type { GpuReading } from './gpu-reading.js';

/** What one look says of one GPU: a reading without its time, and without alerts, which take several looks. */
export type GpuSample = Omit<GpuReading, 'at' | 'alerts'>;

export type GpuProcess = NonNullable<GpuReading['processes']>[number];

export const BYTES_PER_MIB = 1_024 * 1_024;

/** A sample of which nothing is known but what `known` says. */
export function sampleOf({
  id,
  vendor,
  ...known
}: Pick<GpuSample, 'id' | 'vendor'> & Partial<GpuSample>): GpuSample {
  return {
    id,
    index: null,
    name: null,
    vendor,
    driver: null,
    state: 'ok',
    loadPercent: null,
    encoderPercent: null,
    decoderPercent: null,
    memoryUsedBytes: null,
    memoryTotalBytes: null,
    memoryPercent: shareOf(known.memoryUsedBytes, known.memoryTotalBytes),
    temperatureC: null,
    powerW: null,
    powerLimitW: null,
    fanPercent: null,
    clockMhz: null,
    memoryClockMhz: null,
    performanceState: null,
    throttleReasons: null,
    processes: null,
    ...known,
  };
}

/** The same GPU, of which nothing can be said now but that it is asleep or lost. */
export function silentSample(
  { id, index, name, vendor, driver }: GpuSample,
  state: 'asleep' | 'lost',
): GpuSample {
  return sampleOf({ id, index, name, vendor, driver, state });
}

/** A percentage from 0 to 100 with one decimal; null when it is not known. */
export function percent(value: number | null): number | null {
  return value === null ? null : Math.round(Math.min(100, Math.max(0, value)) * 10) / 10;
}

function shareOf(used: number | null | undefined, total: number | null | undefined): number | null {
  return typeof used === 'number' && typeof total === 'number' && total > 0
    ? percent((100 * used) / total)
    : null;
}

/**
 * A PCI slot as sysfs writes it, `0000:01:00.0`: NVIDIA's tools have eight digits before the first colon and
 * capital letters.
 */
export function pciSlot(text: string): string {
  return text.toLowerCase().replace(/^[0-9a-f]*?([0-9a-f]{4}):/, '$1:');
}

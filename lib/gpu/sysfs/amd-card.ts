import { type GpuSample, percent, sampleOf } from '../gpu-sample.js';
import type { DrmCard } from './drm-cards.js';
import { scaled, sensorsOf, share } from './sensors.js';
import type { SysfsFolder } from './sysfs-folder.js';

/**
 * What the amdgpu driver says of a card, without root. The video engine counts encoding and decoding together, and only
 * recent ones count at all. Who uses the card is not to be had here. (Kernel documentation: gpu/amdgpu/thermal.)
 */
export async function readAmdCard(card: DrmCard, index: number): Promise<GpuSample> {
  const { device, slot, driver, pciId } = card;
  const sensors = await sensorsOf(device);
  const microwatts = (await sensors.number('power1_average')) ?? (await sensors.number('power1_input'));
  return sampleOf({
    id: slot,
    index,
    name: (await device.text('product_name')) || `AMD ${pciId}`,
    vendor: 'amd',
    driver,
    loadPercent: percent(await device.number('gpu_busy_percent')),
    encoderPercent: percent(await device.number('vcn_busy_percent')),
    memoryUsedBytes: await device.number('mem_info_vram_used'),
    memoryTotalBytes: await device.number('mem_info_vram_total'),
    temperatureC: scaled(await sensors.value('temp', 'input', 'edge', 'junction', 'temp1'), 1_000),
    powerW: scaled(microwatts, 1_000_000),
    powerLimitW: scaled(await sensors.number('power1_cap'), 1_000_000),
    fanPercent: share(await sensors.number('pwm1'), await sensors.number('pwm1_max')),
    clockMhz:
      scaled(await sensors.value('freq', 'input', 'sclk'), 1_000_000) ??
      (await currentLevel(device, 'pp_dpm_sclk')),
    memoryClockMhz:
      scaled(await sensors.value('freq', 'input', 'mclk'), 1_000_000) ??
      (await currentLevel(device, 'pp_dpm_mclk')),
  });
}

/** The clock of the level that is marked with a star: `2: 900Mhz *`. */
async function currentLevel(device: SysfsFolder, file: string): Promise<number | null> {
  const mhz = /^\d+: (\d+)Mhz \*/m.exec((await device.text(file)) ?? '')?.[1];
  return mhz === undefined ? null : Number(mhz);
}

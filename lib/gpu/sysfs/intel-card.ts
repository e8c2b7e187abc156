import { type GpuSample, percent, sampleOf } from '../gpu-sample.js';
import type { DrmCard } from './drm-cards.js';
import { type Sensors, scaled, sensorsOf, share } from './sensors.js';
import type { SysfsFolder } from './sysfs-folder.js';

/** What only grows, as it was at one look: how much it grew by the next look is the reading. */
export interface IntelCounters {
  /** When, in milliseconds of a clock that does not run backwards. */
  readonly at: number;
  /** For how many milliseconds each engine group idled. */
  readonly renderIdleMs: number | null;
  readonly mediaIdleMs: number | null;
  readonly microjoules: number | null;
}

/**
 * What the i915 or xe driver says of a card, without root. Load and power are differences: they are null at the first
 * look (no `before`). The media engine encodes and decodes, and only xe counts it by itself. Integrated GPUs have
 * neither temperature nor power nor memory of their own. (Kernel documentation: ABI sysfs-driver-intel-i915-hwmon.)
 */
export async function readIntelCard(
  card: DrmCard,
  index: number,
  now: number,
  before?: IntelCounters,
): Promise<{ sample: GpuSample; counters: IntelCounters }> {
  const { device, slot, driver, pciId } = card;
  const sensors = await sensorsOf(device);
  const groups = driver === 'xe' ? await xeGroups(device) : await i915Groups(card.folder);
  const counters: IntelCounters = {
    at: now,
    renderIdleMs: groups.renderIdleMs,
    mediaIdleMs: groups.mediaIdleMs,
    microjoules: await sensors.value('energy', 'input', 'card', 'pkg', 'energy1'),
  };
  const powerLimit = (await sensors.number('power1_cap')) ?? (await sensors.number('power1_max'));
  const sample = sampleOf({
    id: slot,
    index,
    name: `Intel ${pciId}`,
    vendor: 'intel',
    driver,
    loadPercent: busyPercent(counters, before, 'renderIdleMs'),
    encoderPercent: busyPercent(counters, before, 'mediaIdleMs'),
    temperatureC: scaled(await sensors.value('temp', 'input', 'pkg', 'temp1'), 1_000),
    powerW: meanPower(counters, before),
    powerLimitW: scaled(powerLimit, 1_000_000),
    fanPercent: await fanShare(sensors),
    clockMhz: groups.clockMhz,
    throttleReasons: groups.throttleReasons,
  });
  return { sample, counters };
}

interface EngineGroups {
  readonly renderIdleMs: number | null;
  readonly mediaIdleMs: number | null;
  readonly clockMhz: number | null;
  readonly throttleReasons: readonly string[] | null;
}

async function i915Groups(folder: SysfsFolder): Promise<EngineGroups> {
  const gt = folder.folder('gt/gt0');
  return {
    renderIdleMs: await gt.number('rc6_residency_ms'),
    mediaIdleMs: null,
    clockMhz: (await folder.number('gt_act_freq_mhz')) ?? (await gt.number('rps_act_freq_mhz')),
    throttleReasons: await reasonsIn(gt, /^throttle_reason_(?!status$)(.+)$/),
  };
}

async function xeGroups(device: SysfsFolder): Promise<EngineGroups> {
  const groups: EngineGroups[] = [];
  for (const tile of (await device.list()).filter((name) => /^tile\d+$/.test(name))) {
    for (const gt of (await device.folder(tile).list()).filter((name) => /^gt\d+$/.test(name))) {
      const folder = device.folder(`${tile}/${gt}`);
      const idleMs = await folder.number('gtidle/idle_residency_ms');
      const isMedia = (await folder.text('gtidle/name'))?.endsWith('-mc') === true;
      groups.push({
        renderIdleMs: isMedia ? null : idleMs,
        mediaIdleMs: isMedia ? idleMs : null,
        clockMhz: isMedia ? null : await folder.number('freq0/act_freq'),
        throttleReasons: await reasonsIn(folder.folder('freq0/throttle'), /^reason_(.+)$/),
      });
    }
  }
  const all = groups.flatMap(({ throttleReasons }) => throttleReasons ?? []);
  return {
    // Of several tiles the first: each has a counter of its own.
    renderIdleMs: groups.find(({ renderIdleMs }) => renderIdleMs !== null)?.renderIdleMs ?? null,
    mediaIdleMs: groups.find(({ mediaIdleMs }) => mediaIdleMs !== null)?.mediaIdleMs ?? null,
    clockMhz: groups.find(({ clockMhz }) => clockMhz !== null)?.clockMhz ?? null,
    throttleReasons: groups.some(({ throttleReasons }) => throttleReasons) ? [...new Set(all)] : null,
  };
}

/** Files of a 0 or a 1, whose names are the reasons. */
async function reasonsIn(folder: SysfsFolder, pattern: RegExp): Promise<string[] | null> {
  const reasons: string[] = [];
  let isKnown = false;
  for (const file of await folder.list()) {
    const reason = pattern.exec(file)?.[1];
    const value = reason === undefined ? null : await folder.number(file);
    if (reason === undefined || value === null) continue;
    isKnown = true;
    if (value !== 0) reasons.push(reason);
  }
  return isKnown ? reasons : null;
}

function busyPercent(
  now: IntelCounters,
  before: IntelCounters | undefined,
  counter: 'renderIdleMs' | 'mediaIdleMs',
): number | null {
  const idleMs = growth(now[counter], before?.[counter]);
  const pastMs = now.at - (before?.at ?? now.at);
  return idleMs === null || pastMs <= 0 ? null : percent(100 * (1 - idleMs / pastMs));
}

function meanPower(now: IntelCounters, before: IntelCounters | undefined): number | null {
  const microjoules = growth(now.microjoules, before?.microjoules);
  const pastMs = now.at - (before?.at ?? now.at);
  // A counter that stands at 0 does not count: kernel 6.16 has such.
  if (microjoules === null || pastMs <= 0 || now.microjoules === 0) return null;
  return Math.round(microjoules / pastMs / 10) / 100;
}

/** A counter that stepped back began anew: nothing is known then. */
function growth(now: number | null, before: number | null | undefined): number | null {
  return now === null || before === null || before === undefined || now < before ? null : now - before;
}

async function fanShare(sensors: Sensors): Promise<number | null> {
  return share(await sensors.number('fan1_input'), await sensors.number('fan1_max'));
}

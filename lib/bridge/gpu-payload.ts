import {
  alertsOf,
  choiceOf,
  fieldsOf,
  listOf,
  numberOf,
  numbersOf,
  recordOf,
  textOf,
  textsOf,
  timeOf,
} from '../fields.js';
import { GPU_ALERTS, type GpuAlert } from '../gpu/gpu-reading.js';
import { slugOf } from '../slug.js';
import type { PayloadOptions } from './detail.js';

/** The numbers of a reading: their names on the wire, and in the record. */
const NUMBERS = {
  index: 'index',
  load_percent: 'loadPercent',
  encoder_percent: 'encoderPercent',
  decoder_percent: 'decoderPercent',
  memory_used_bytes: 'memoryUsedBytes',
  memory_total_bytes: 'memoryTotalBytes',
  memory_percent: 'memoryPercent',
  temperature_c: 'temperatureC',
  power_w: 'powerW',
  power_limit_w: 'powerLimitW',
  fan_percent: 'fanPercent',
  clock_mhz: 'clockMhz',
  memory_clock_mhz: 'memoryClockMhz',
} as const;

/** One look at one GPU, as it goes over the wire. Every key is always there; null means unknown. */
export interface GpuStatePayload extends Readonly<Record<keyof typeof NUMBERS, number | null>> {
  readonly v: 1;
  readonly ts: string;
  /** As in its topic, `[a-z0-9_-]+`. */
  readonly id: string;
  readonly name: string | null;
  readonly vendor: string | null;
  readonly driver: string | null;
  readonly state: 'ok' | 'asleep' | 'lost' | null;
  readonly performance_state: string | null;
  /** Empty when nothing holds the clocks down. */
  readonly throttle_reasons: readonly string[] | null;
  /** At most 32; null when nobody was asked. */
  readonly processes: readonly GpuProcessPayload[] | null;
  /** What is raised now. */
  readonly alerts: Readonly<Record<GpuAlert, boolean | null>>;
}

/** Who uses a GPU. */
export interface GpuProcessPayload {
  readonly pid: number | null;
  readonly name: string | null;
  readonly memory_bytes: number | null;
  readonly encoder_percent: number | null;
  /** The systemd unit or container it belongs to. */
  readonly owner: string | null;
}

/**
 * What the payload of a `gpu/reading` message says; undefined for no such record, as one without an id, which has no
 * topic. Never throws.
 */
export function gpuStatePayload(
  record: unknown,
  { now = () => new Date() }: PayloadOptions = {},
): GpuStatePayload | undefined {
  const reading = recordOf(record);
  const id = gpuIdOf(reading?.id);
  if (reading === undefined || id === null) return undefined;
  return {
    v: 1,
    ts: timeOf(reading.at) ?? now().toISOString(),
    id,
    name: textOf(reading.name),
    vendor: textOf(reading.vendor),
    driver: textOf(reading.driver),
    state: choiceOf(reading.state, ['ok', 'asleep', 'lost']),
    ...numbersOf(reading, NUMBERS),
    // It becomes part of a name and an id.
    index: Number.isInteger(reading.index) && Number(reading.index) >= 0 ? Number(reading.index) : null,
    performance_state: textOf(reading.performanceState),
    throttle_reasons: textsOf(reading.throttleReasons),
    processes: listOf(reading.processes)?.map(processOf) ?? null,
    alerts: alertsOf(reading.alerts, GPU_ALERTS),
  };
}

/** A UUID or PCI slot as it goes into topics and unique ids, `[a-z0-9_-]+`; null when nothing is left of it. */
export function gpuIdOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const id = slugOf(value, 64);
  return id === '' ? null : id;
}

function processOf(entry: unknown): GpuProcessPayload {
  const { pid, name, memoryBytes, encoderPercent, owner } = fieldsOf(entry);
  return {
    pid: numberOf(pid),
    name: textOf(name),
    memory_bytes: numberOf(memoryBytes),
    encoder_percent: numberOf(encoderPercent),
    owner: textOf(owner),
  };
}

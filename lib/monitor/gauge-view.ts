import { fieldsOf, flagOf, numberOf, textOf } from '../fields.js';

/** What is shown of a server. */
export interface ServerGauge {
  readonly url: string | null;
  readonly isReachable: boolean;
  readonly version: string | null;
  readonly latencyMs: number | null;
  /** 0 to 100; null where the key may not see it. */
  readonly storagePercent: number | null;
  readonly storageFreeBytes: number | null;
  readonly quotaPercent: number | null;
  /** Jobs that wait in all queues; null where the key may not see it. */
  readonly backlog: number | null;
  /** Names of the raised alerts. */
  readonly alerts: readonly string[];
  /** What is wrong with it, or unusual about its addresses, as a sentence. */
  readonly problem: string | null;
}

/** What is shown of a GPU. */
export interface GpuGauge {
  readonly id: string;
  readonly name: string | null;
  readonly state: 'ok' | 'asleep' | 'lost';
  readonly loadPercent: number | null;
  readonly encoderPercent: number | null;
  readonly memoryPercent: number | null;
  readonly temperatureC: number | null;
  readonly powerW: number | null;
  readonly alerts: readonly string[];
}

/** Reads a report of `immich-health`; null for what is none. */
export function serverGauge(report: unknown): ServerGauge | null {
  const fields = fieldsOf(report);
  const isReachable = flagOf(fields.isReachable);
  if (isReachable === null) return null;
  const storage = fieldsOf(fields.storage);
  return {
    url: textOf(fields.url),
    isReachable,
    version: textOf(fields.version),
    latencyMs: numberOf(fields.latencyMs),
    storagePercent: numberOf(storage.usedPercent),
    storageFreeBytes: numberOf(storage.freeBytes),
    quotaPercent: numberOf(fieldsOf(fields.quota).usedPercent),
    backlog: sumOf(fields.backlog),
    alerts: raisedIn(fields.alerts),
    problem: textOf(fieldsOf(fields.problem).message) ?? textOf(fields.addressNotice),
  };
}

/** Reads a reading of `gpu-stats`; null for what is none. */
export function gpuGauge(reading: unknown): GpuGauge | null {
  const fields = fieldsOf(reading);
  const id = textOf(fields.id);
  if (id === null) return null;
  const { state } = fields;
  return {
    id,
    name: textOf(fields.name),
    state: state === 'asleep' || state === 'lost' ? state : 'ok',
    loadPercent: numberOf(fields.loadPercent),
    encoderPercent: numberOf(fields.encoderPercent),
    memoryPercent: numberOf(fields.memoryPercent),
    temperatureC: numberOf(fields.temperatureC),
    powerW: numberOf(fields.powerW),
    alerts: raisedIn(fields.alerts),
  };
}

function raisedIn(alerts: unknown): string[] {
  return Object.entries(fieldsOf(alerts)).flatMap(([name, isRaised]) => (isRaised === true ? [name] : []));
}

function sumOf(counts: unknown): number | null {
  const known = Object.values(fieldsOf(counts)).flatMap((count) => numberOf(count) ?? []);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}

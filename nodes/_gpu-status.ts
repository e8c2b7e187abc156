import type { GpuError } from '../lib/gpu/gpu-error.js';
import type { GpuReading } from '../lib/gpu/gpu-reading.js';
import type { StatusFill, Values } from './_node-status.js';

type Status = [fill: StatusFill, key: string, values?: Values];

/** How it stands with one source of readings. */
export interface Standing {
  /** There is no such hardware. */
  readonly isNowhere: boolean;
  readonly problem: GpuError | null;
}

/** The status of the node, the worst first: what needs a person, then what will pass, then what is normal. */
export function statusOf(
  standings: readonly Standing[],
  readings: readonly GpuReading[],
  isInputOnly: boolean,
): Status {
  const problems = standings.flatMap(({ problem }) => problem ?? []);
  const needsPerson = problems.find(({ willPass }) => !willPass);
  if (needsPerson !== undefined) return ['red', needsPerson.kind];
  const trouble = readings.find(({ state, problem }) => state === 'lost' || problem === 'gpu-needs-reset');
  if (trouble !== undefined) return ['red', trouble.state === 'lost' ? 'gpu-lost' : 'gpu-needs-reset'];
  const alert = alertStatus(readings);
  if (alert?.[0] === 'red') return alert;
  const [passing] = problems;
  if (passing !== undefined) return ['yellow', passing.kind];
  if (readings.some(({ problem }) => problem === 'field-error')) return ['yellow', 'field-error'];
  return alert ?? normalStatus(standings, readings, isInputOnly);
}

function alertStatus(readings: readonly GpuReading[]): Status | undefined {
  const raised = (name: keyof GpuReading['alerts']) => readings.find(({ alerts }) => alerts[name]);
  const hot = raised('temperature');
  if (hot !== undefined) return ['red', 'hot', { temperature: rounded(hot.temperatureC) }];
  const full = raised('memory');
  if (full !== undefined) return ['yellow', 'memory', { percent: rounded(full.memoryPercent) }];
  if (raised('throttling') !== undefined) return ['yellow', 'throttling'];
  const busy = raised('encoder');
  return busy && ['blue', 'encoder', { percent: rounded(busy.encoderPercent) }];
}

function normalStatus(
  standings: readonly Standing[],
  readings: readonly GpuReading[],
  isInputOnly: boolean,
): Status {
  const awake = readings.filter(({ state }) => state === 'ok');
  const [one] = awake;
  if (one === undefined) {
    if (readings.length > 0) return ['grey', 'asleep'];
    if (isInputOnly) return ['grey', 'waiting'];
    return ['grey', standings.some(({ isNowhere }) => isNowhere) ? 'no-gpu' : 'looking'];
  }
  const temperatures = awake.flatMap(({ temperatureC }) => temperatureC ?? []);
  const temperature = temperatures.length === 0 ? null : rounded(Math.max(...temperatures));
  const load = awake.length === 1 && one.loadPercent !== null ? rounded(one.loadPercent) : null;
  if (awake.length > 1) {
    return temperature === null
      ? ['green', 'many', { gpus: awake.length }]
      : ['green', 'many-warm', { gpus: awake.length, temperature }];
  }
  if (load !== null && temperature !== null) return ['green', 'one', { load, temperature }];
  if (temperature !== null) return ['green', 'one-warm', { temperature }];
  return load === null ? ['green', 'one-plain'] : ['green', 'one-load', { load }];
}

/** A whole number; a question mark where an alert goes on, but this look did not tell. */
function rounded(value: number | null): number | string {
  return value === null ? '?' : Math.round(value);
}

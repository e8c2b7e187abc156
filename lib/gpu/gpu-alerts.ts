import type { Alert } from '../alert.js';
import { type AlertChange, createAlertWatch } from '../alert-watch.js';
import { say } from '../say.js';
import { GPU_ALERTS, type GpuAlert, type GpuReading } from './gpu-reading.js';
import type { GpuSample } from './gpu-sample.js';

/** When an alert is raised. Null, or false, leaves it out. */
export interface GpuAlertLimits {
  readonly temperatureC: number | null;
  readonly memoryPercent: number | null;
  readonly encoderPercent: number | null;
  readonly hasThrottling: boolean;
  readonly hasLost: boolean;
  /** How long it must last, and be over, before it is told; a GPU is told at once when it is lost. */
  readonly holdMs: number;
}

/** The alerts of one GPU over its looks. */
export interface GpuAlerts {
  /** What is raised now, every alert named. */
  readonly raised: GpuReading['alerts'];
  /** Takes one look, `now` in milliseconds of a clock that does not run backwards, and answers with what changed. */
  look(sample: GpuSample, now: number, at: string): Alert[];
}

/** How far below its limit a value must be before its alert is cleared. */
const CLEARANCE = 5;

/** What is over when a GPU sleeps. */
const OVER: Record<GpuAlert, (gpu: string) => string> = {
  temperature: (gpu) => say`${gpu} is asleep: it is no longer hot.`,
  memory: (gpu) => say`${gpu} is asleep: its memory is no longer full.`,
  throttling: (gpu) => say`${gpu} is asleep: it is no longer slowed down.`,
  encoder: (gpu) => say`${gpu} is asleep: its video encoder is no longer busy.`,
  lost: (gpu) => say`${gpu} is asleep: it is no longer lost.`,
};

/** Reasons that hold no clock down, or only because somebody set it so. */
const HARMLESS = new Set(['gpu_idle', 'applications_clocks_setting', 'display_clocks_setting', 'sync_boost']);

export function createGpuAlerts(limits: GpuAlertLimits): GpuAlerts {
  const { holdMs } = limits;
  const above = (name: GpuAlert, limit: number | null) =>
    limit === null
      ? undefined
      : createAlertWatch({ name, raiseAbove: limit, clearBelow: Math.max(0, limit - CLEARANCE), holdMs });
  const watches = {
    temperature: above('temperature', limits.temperatureC),
    memory: above('memory', limits.memoryPercent),
    encoder: above('encoder', limits.encoderPercent),
    throttling: limits.hasThrottling ? createAlertWatch({ name: 'throttling', holdMs }) : undefined,
    lost: limits.hasLost ? createAlertWatch({ name: 'lost', clearHoldMs: holdMs }) : undefined,
  } satisfies Record<GpuAlert, unknown>;
  return {
    get raised() {
      const raised = GPU_ALERTS.map((name) => [name, watches[name]?.isRaised ?? false]);
      return Object.fromEntries(raised) as Record<GpuAlert, boolean>;
    },
    look: (sample, now, at) =>
      GPU_ALERTS.flatMap((name) => {
        const change = watches[name]?.look(valueFor(name, sample), now);
        if (!change) return [];
        const { isRaised, value, limit } = change;
        const message = sentenceOf(name, change, sample);
        return { alert: name, isRaised, message, value, limit, at, gpu: sample.id };
      }),
  };
}

/** The reasons for which a GPU is slower than it could be; null when it does not say. */
export function slowdownsOf({ throttleReasons }: Pick<GpuSample, 'throttleReasons'>): string[] | null {
  return throttleReasons === null ? null : throttleReasons.filter((reason) => !HARMLESS.has(reason));
}

function valueFor(name: GpuAlert, sample: GpuSample): number | boolean | null {
  // It does nothing: whatever was wrong is over, although it has no value.
  if (sample.state === 'asleep') return false;
  switch (name) {
    case 'temperature':
      return sample.temperatureC;
    case 'memory':
      return sample.memoryPercent;
    case 'encoder':
      return sample.encoderPercent;
    case 'throttling': {
      const slowdowns = slowdownsOf(sample);
      return slowdowns === null ? null : slowdowns.length > 0;
    }
    case 'lost':
      return sample.state === 'lost' || sample.problem === 'gpu-needs-reset';
  }
}

function sentenceOf(name: GpuAlert, { isRaised, value, limit }: AlertChange, sample: GpuSample): string {
  const gpu = nameOf(sample);
  if (sample.state === 'asleep') return OVER[name](gpu);
  switch (name) {
    case 'temperature':
      return isRaised
        ? say`${gpu} is ${String(value)} °C hot; the limit is ${String(limit)} °C.`
        : say`${gpu} has cooled down to ${String(value)} °C.`;
    case 'memory':
      return isRaised
        ? say`The memory of ${gpu} is ${String(value)} % full; the limit is ${String(limit)} %.`
        : say`The memory of ${gpu} is down to ${String(value)} %.`;
    case 'encoder':
      return isRaised
        ? say`The video encoder of ${gpu} is ${String(value)} % busy; the limit is ${String(limit)} %.`
        : say`The video encoder of ${gpu} is down to ${String(value)} %.`;
    case 'throttling':
      return isRaised
        ? say`${gpu} is slowed down (${(slowdownsOf(sample) ?? []).join(', ')}).`
        : say`${gpu} is no longer slowed down.`;
    case 'lost':
      if (!isRaised) return say`${gpu} answers again.`;
      return sample.state === 'lost'
        ? say`${gpu} is lost: its driver no longer reaches it. Restart the machine.`
        : say`${gpu} needs a reset. Restart the machine.`;
  }
}

function nameOf({ name, index, id }: GpuSample): string {
  const number = index === null ? id : `GPU ${index}`;
  return name === null ? number : `${number} (${name})`;
}

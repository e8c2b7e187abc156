import type { Alert } from '../alert.js';
import { say } from '../say.js';
import { createGpuAlerts, type GpuAlertLimits, type GpuAlerts } from './gpu-alerts.js';
import { GpuError } from './gpu-error.js';
import type { GpuReading } from './gpu-reading.js';
import { type GpuSample, silentSample } from './gpu-sample.js';
import type { ProcessList } from './text/nvidia-csv.js';
import { joinProcesses } from './text/pmon.js';

export interface GpuRollOptions {
  readonly limits: GpuAlertLimits;
  /** Milliseconds of a clock that does not run backwards. */
  readonly now?: () => number;
  readonly today?: () => Date;
}

/** The readings of a look, and the alerts that it raised or cleared. */
export interface RollCall {
  readonly readings: readonly GpuReading[];
  readonly alerts: readonly Alert[];
}

/** All GPUs that were seen, each with its alerts. */
export interface GpuRoll {
  /** The last reading of each. */
  readonly readings: readonly GpuReading[];
  /**
   * Takes the samples of a source. `isWhole`: these are all GPUs of it; one that was there before is lost now, and
   * keeps telling so.
   */
  take(source: string, samples: readonly GpuSample[], isWhole: boolean): RollCall;
  /**
   * Adds processes to GPUs that a source told of.
   * @throws GpuError when it told of none of them
   */
  addProcesses(source: string, lists: readonly ProcessList[]): RollCall;
}

interface Entry {
  readonly source: string;
  readonly alerts: GpuAlerts;
  readonly sample: GpuSample;
  readonly reading: GpuReading;
}

/** Texts could name ever new GPUs; no machine has as many. */
const MOST_GPUS = 256;

export function createGpuRoll(options: GpuRollOptions): GpuRoll {
  const entries = new Map<string, Entry>();
  const samplesOf = (source: string) =>
    [...entries.values()].flatMap((entry) => (entry.source === source ? entry.sample : []));

  const call = (source: string, samples: readonly GpuSample[]): RollCall => {
    const changes = samples.flatMap((sample) => {
      const { alerts, entry } = enter(source, sample, entries.get(sample.id), options);
      entries.delete(sample.id);
      entries.set(sample.id, entry);
      return alerts;
    });
    for (const id of [...entries.keys()].slice(0, -MOST_GPUS)) entries.delete(id);
    return { readings: samples.flatMap(({ id }) => entries.get(id)?.reading ?? []), alerts: changes };
  };
  return {
    get readings() {
      return [...entries.values()].map(({ reading }) => reading);
    },
    take(source, samples, isWhole) {
      const missing = isWhole
        ? samplesOf(source).filter(({ id }) => !samples.some((one) => one.id === id))
        : [];
      return call(source, [...samples, ...missing.map((sample) => silentSample(sample, 'lost'))]);
    },
    addProcesses(source, lists) {
      const samples = lists.flatMap(({ gpu, processes }) => {
        const sample = samplesOf(source).find(({ id, index }) => id === gpu || index === gpu);
        if (sample === undefined) return [];
        return { ...sample, processes: joinProcesses(sample.processes ?? [], processes) };
      });
      if (samples.length === 0 && lists.length > 0) throw withoutGpu();
      return call(source, samples);
    },
  };
}

/** The next entry of one GPU, and the alerts that change with it. */
function enter(
  source: string,
  sample: GpuSample,
  before: Entry | undefined,
  { limits, now = () => performance.now(), today = () => new Date() }: GpuRollOptions,
): { entry: Entry; alerts: Alert[] } {
  const alerts = before?.alerts ?? createGpuAlerts(limits);
  const at = today().toISOString();
  const changes = alerts.look(sample, now(), at);
  const reading = { ...sample, at, alerts: alerts.raised };
  return { entry: { source, alerts, sample, reading }, alerts: changes };
}

function withoutGpu(): GpuError {
  return new GpuError(
    'unsupported-format',
    say`These are processes of a GPU that is not known yet. Send the output of "nvidia-smi --query-gpu=… --format=csv" first.`,
  );
}

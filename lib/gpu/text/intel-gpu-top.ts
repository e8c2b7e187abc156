import { type Fields, fieldsOf, recordOf } from '../../fields.js';
import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';
import { type GpuProcess, type GpuSample, percent, sampleOf } from '../gpu-sample.js';
import { numberValue, programName } from './tool-value.js';

/**
 * The GPU in the JSON of `intel_gpu_top -J`, a stream without an end: the last whole frame counts, for the first one
 * holds no measurement. The tool names no card: its id is `intel-0`.
 * @throws GpuError `partial-output` when there is no whole frame
 */
export function parseIntelGpuTop(text: string): GpuSample {
  const frame = framesOf(text).at(-1);
  if (frame === undefined) {
    throw new GpuError(
      'partial-output',
      say`The JSON of intel_gpu_top breaks off before the end of a frame.`,
    );
  }
  const busy = busyByClass(frame.engines);
  return sampleOf({
    id: 'intel-0',
    index: 0,
    vendor: 'intel',
    driver: 'i915',
    loadPercent: percent(highest(busy, 'Render/3D', 'Compute')),
    encoderPercent: percent(highest(busy, 'Video')),
    powerW: numberAt(frame, 'power', 'GPU'),
    clockMhz: numberAt(frame, 'frequency', 'actual'),
    processes: recordOf(frame.clients) ? Object.values(fieldsOf(frame.clients)).flatMap(processOf) : null,
  });
}

/**
 * The whole frames of a stream of JSON objects: with brackets around it or without, with commas or without, and with
 * a tail that breaks off.
 */
export function framesOf(text: string): Fields[] {
  const frames: Fields[] = [];
  let depth = 0;
  let start = 0;
  let isInText = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isInText && character === '\\') index += 1;
    else if (character === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (character === '{') {
      if (depth === 0) start = index;
      depth += 1;
    } else if (character === '}' && depth > 0) {
      depth -= 1;
      const frame = depth === 0 ? recordOf(parsed(text.slice(start, index + 1))) : undefined;
      if (frame !== undefined) frames.push(frame);
    }
  }
  return frames;
}

/** Share of each engine class; of several engines (`Video/0`, `Video/1`) the busiest. */
function busyByClass(engines: unknown): Map<string, number> {
  const busy = new Map<string, number>();
  for (const [name, engine] of Object.entries(fieldsOf(engines))) {
    const share = numberFrom(fieldsOf(engine).busy);
    const engineClass = name.replace(/\/\d+$/, '');
    if (share !== null) busy.set(engineClass, Math.max(share, busy.get(engineClass) ?? 0));
  }
  return busy;
}

function highest(busy: Map<string, number>, ...classes: string[]): number | null {
  const known = classes.flatMap((name) => busy.get(name) ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

function processOf(client: unknown): GpuProcess[] {
  const { pid: number, name, memory, 'engine-classes': engines } = fieldsOf(client);
  const pid = numberFrom(number);
  if (pid === null) return [];
  const resident = Object.values(fieldsOf(memory)).flatMap(
    (region) => numberFrom(fieldsOf(region).resident) ?? [],
  );
  return [
    {
      pid,
      name: typeof name === 'string' ? programName(name) : null,
      memoryBytes: resident.length === 0 ? null : resident.reduce((sum, bytes) => sum + bytes, 0),
      encoderPercent: percent(highest(busyByClass(engines), 'Video')),
      owner: null,
    },
  ];
}

function numberAt(frame: Fields, ...path: string[]): number | null {
  let value: unknown = frame;
  for (const key of path) value = fieldsOf(value)[key];
  return numberFrom(value);
}

/** Clients' numbers are strings, the others are not. */
function numberFrom(value: unknown): number | null {
  return typeof value === 'string' || typeof value === 'number' ? numberValue(String(value)) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not a frame: the caller counts those that are.
  }
}

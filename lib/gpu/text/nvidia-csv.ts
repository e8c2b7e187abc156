import { say } from '../../say.js';
import { GpuError, quoted } from '../gpu-error.js';
import { BYTES_PER_MIB, type GpuProcess, type GpuSample, pciSlot, percent, sampleOf } from '../gpu-sample.js';
import { type CsvTable, parseCsvTable } from './csv-table.js';
import { toolError } from './tool-error.js';
import {
  asksForRecovery,
  firstOf,
  type GpuTrouble,
  numberValue,
  programName,
  textValue,
  troubleIn,
} from './tool-value.js';

/** One GPU of nvidia-smi: its sample, and what decides how it is asked next time. */
export interface NvidiaGpu {
  readonly sample: GpuSample;
  readonly uuid: string | null;
  /** As sysfs writes it; null when the tool was not asked for it. */
  readonly slot: string | null;
  readonly isPersistent: boolean | null;
  /** True when it is split into MIG instances: then only `-q -x` knows their memory. */
  readonly isSplit: boolean;
}

/** Processes of one GPU, which is known by its UUID or by its place in the tool's list. */
export interface ProcessList {
  readonly gpu: string | number;
  readonly processes: readonly GpuProcess[];
}

type Row = ReadonlyMap<string, string>;

/**
 * The GPUs in the CSV of `nvidia-smi --query-gpu=… --format=csv`, with units or `nounits`. A GPU without uuid and
 * pci.bus_id gets the id `nvidia-<index>`.
 * @throws GpuError when there is no header, a row breaks off, or no GPU is in it
 */
export function parseNvidiaCsv(text: string): NvidiaGpu[] {
  const table = parseCsvTable(text);
  if (table === undefined) throw toolError(text) ?? headless(text);
  if (table.rows.length === 0) {
    throw (
      toolError(table.remarks.join('\n')) ??
      new GpuError('partial-output', say`nvidia-smi printed a header and no GPU below it.`)
    );
  }
  return table.rows.map((row, position) => gpuOf(row, position));
}

/** The GPUs that the tool says it lost, by PCI slot, in the lines between the rows. */
export function lostSlots(text: string): string[] {
  return (parseCsvTable(text)?.remarks ?? []).flatMap((line) => {
    const error = toolError(line);
    return error?.kind === 'gpu-lost' && error.about !== null ? [error.about] : [];
  });
}

/**
 * The processes in the CSV of `nvidia-smi --query-compute-apps=…`, one list a GPU.
 * @throws GpuError when it is something else
 */
export function parseComputeApps(text: string): ProcessList[] {
  const table = parseCsvTable(text);
  if (table === undefined || !isProcessTable(table)) {
    throw toolError(text) ?? new GpuError('unreadable', say`This is no list of processes from nvidia-smi.`);
  }
  const lists = new Map<string, GpuProcess[]>();
  for (const row of table.rows) {
    const gpu = textValue(row.get('gpu_uuid')) ?? pciSlot(textValue(row.get('gpu_bus_id')) ?? '');
    const pid = numberValue(row.get('pid'));
    if (pid === null) continue;
    const list = lists.get(gpu) ?? [];
    lists.set(gpu, list);
    list.push({
      pid,
      name: programName(row.get('process_name') ?? ''),
      memoryBytes: mebibytes(row.get('used_gpu_memory') ?? row.get('used_memory')),
      encoderPercent: null,
      owner: null,
    });
  }
  return [...lists].map(([gpu, processes]) => ({ gpu, processes }));
}

/** Whether a table lists processes, and not GPUs. */
export function isProcessTable({ columns }: CsvTable): boolean {
  return columns.includes('pid') && columns.some((name) => name === 'gpu_uuid' || name === 'gpu_bus_id');
}

/** Bytes of a field in MiB. */
export function mebibytes(raw: string | undefined): number | null {
  const number = numberValue(raw);
  return number === null ? null : number * BYTES_PER_MIB;
}

/** Why a GPU's clocks are held down: the names that read `Active`; null when none could be read. */
export function activeReasons(reasons: Iterable<readonly [name: string, value: string]>): string[] | null {
  const known = [...reasons].flatMap(([name, value]) => {
    const text = textValue(value);
    return text === null ? [] : [[name, text] as const];
  });
  if (known.length === 0) return null;
  return known.flatMap(([name, text]) => (/^active$/i.test(text) ? [name] : []));
}

/** The worst that the fields of one GPU say. */
export function troubleOf(values: Iterable<string>, recovery: string | undefined): GpuTrouble | null {
  const found = new Set([...values].map(troubleIn));
  if (found.has('gpu-lost')) return 'gpu-lost';
  if (found.has('gpu-needs-reset') || asksForRecovery(recovery)) return 'gpu-needs-reset';
  return found.has('field-error') ? 'field-error' : null;
}

/** Whether a mode is on; null when the tool does not say. */
export function isEnabled(mode: string | null): boolean | null {
  return mode === null ? null : /^enabled$/i.test(mode);
}

function gpuOf(row: Row, position: number): NvidiaGpu {
  const number = (...names: string[]) => firstOf(names, (name) => numberValue(row.get(name)));
  const text = (...names: string[]) => firstOf(names, (name) => textValue(row.get(name)));
  const uuid = text('uuid', 'gpu_uuid');
  const busId = text('pci.bus_id', 'gpu_bus_id');
  const slot = busId === null ? null : pciSlot(busId);
  const index = number('index') ?? position;
  const trouble = troubleOf(row.values(), row.get('gpu_recovery_action'));
  const sample = sampleOf({
    id: uuid ?? slot ?? `nvidia-${index}`,
    index,
    name: text('name', 'gpu_name'),
    vendor: 'nvidia',
    driver: text('driver_version')?.replace(/\s*\[Deprecated.*$/, '') ?? null,
    state: trouble === 'gpu-lost' ? 'lost' : 'ok',
    ...(trouble === null ? {} : { problem: trouble }),
    loadPercent: percent(number('utilization.gpu')),
    encoderPercent: percent(number('utilization.encoder')),
    decoderPercent: percent(number('utilization.decoder')),
    memoryUsedBytes: mebibytes(row.get('memory.used')),
    memoryTotalBytes: mebibytes(row.get('memory.total')),
    temperatureC: number('temperature.gpu'),
    powerW: number('power.draw.instant', 'power.draw', 'power.draw.average'),
    powerLimitW: number('enforced.power.limit', 'power.limit'),
    fanPercent: percent(number('fan.speed')),
    clockMhz: number('clocks.current.graphics', 'clocks.gr'),
    memoryClockMhz: number('clocks.current.memory', 'clocks.mem'),
    performanceState: text('pstate'),
    throttleReasons: activeReasons(reasonsOf(row)),
  });
  const isSplit = isEnabled(text('mig.mode.current')) === true;
  return { sample, uuid, slot, isPersistent: isEnabled(text('persistence_mode')), isSplit };
}

function headless(text: string): GpuError {
  return /^\s*[^\s,]+(?:, [^,\n]+){2,}$/m.test(text.slice(0, 2_000))
    ? new GpuError(
        'unreadable',
        say`The CSV of nvidia-smi has no header line. Leave out "noheader", so that the columns have names.`,
      )
    : new GpuError('unreadable', say`nvidia-smi printed ${quoted(text)}, which is no reading.`);
}

function* reasonsOf(row: Row): Generator<readonly [string, string]> {
  for (const [column, value] of row) {
    const name = /^clocks_(?:event|throttle)_reasons\.(?!supported$|active$)(.+)$/.exec(column)?.[1];
    if (name !== undefined) yield [name, value];
  }
}

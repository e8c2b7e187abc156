import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';
import { BYTES_PER_MIB, type GpuProcess, percent } from '../gpu-sample.js';
import type { ProcessList } from './nvidia-csv.js';
import { toolError } from './tool-error.js';
import { numberValue, textValue } from './tool-value.js';

/** One line of `nvidia-smi pmon`; null stands for `-`. */
export interface PmonRow {
  /** Place of the GPU in the tool's list. */
  readonly gpu: number;
  readonly pid: number | null;
  /** Cut by the tool at 15 or 16 characters, and with blanks in it on Windows. */
  readonly command: string | null;
  /** The columns with numbers, by the names in the header: sm, mem, enc, dec, jpg, ofa, fb, ccpm. */
  readonly numbers: Readonly<Record<string, number | null>>;
}

/**
 * The lines of `nvidia-smi pmon`, their columns by the header, which differs from driver to driver and can come again.
 * @throws GpuError when it is something else
 */
export function parsePmonRows(text: string): PmonRow[] {
  let columns: string[] | undefined;
  const rows: PmonRow[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^#\s*gpu\s/i.test(line)) columns = line.replace(/^#/, '').trim().toLowerCase().split(/\s+/);
    else if (columns !== undefined && /^\s*\d/.test(line)) rows.push(rowOf(columns, line.trim()));
  }
  if (columns?.includes('pid')) return rows;
  throw toolError(text) ?? new GpuError('unreadable', say`This is no output of "nvidia-smi pmon".`);
}

/**
 * Who uses each GPU, by several samples of `nvidia-smi pmon`: of each process the highest use of the encoder, for
 * single samples leave one out that is at work.
 */
export function parsePmon(text: string): ProcessList[] {
  const lists = new Map<number, Map<number, GpuProcess>>();
  for (const { gpu, pid, command, numbers } of parsePmonRows(text)) {
    const processes = lists.get(gpu) ?? new Map<number, GpuProcess>();
    lists.set(gpu, processes);
    if (pid === null) continue;
    const { enc = null, fb = null } = numbers;
    processes.set(pid, {
      pid,
      name: command,
      memoryBytes: fb === null ? null : fb * BYTES_PER_MIB,
      encoderPercent: larger(percent(enc), processes.get(pid)?.encoderPercent ?? null),
      owner: null,
    });
  }
  return [...lists].map(([gpu, processes]) => ({ gpu, processes: [...processes.values()] }));
}

/** The processes of one list, with what only another one knows: those of `pmon` beside those of `--query-compute-apps`. */
export function joinProcesses(
  apps: readonly GpuProcess[],
  monitored: readonly GpuProcess[],
): readonly GpuProcess[] {
  const byPid = new Map(monitored.map((process) => [process.pid, process]));
  const joined = apps.map((app) => {
    const other = byPid.get(app.pid);
    byPid.delete(app.pid);
    return other === undefined
      ? app
      : {
          ...app,
          name: app.name ?? other.name,
          memoryBytes: app.memoryBytes ?? other.memoryBytes,
          encoderPercent: other.encoderPercent,
        };
  });
  return [...joined, ...byPid.values()];
}

function rowOf(columns: readonly string[], line: string): PmonRow {
  const cells = line.split(/\s+/);
  const last = columns.length - 1;
  const numbers: Record<string, number | null> = {};
  for (const [index, name] of columns.slice(0, last).entries()) {
    if (name !== 'gpu' && name !== 'pid' && name !== 'type') numbers[name] = numberValue(cells[index]);
  }
  return {
    gpu: Number(cells[0]),
    pid: numberValue(cells[columns.indexOf('pid')]),
    command: textValue(cells.slice(last).join(' ')),
    numbers,
  };
}

function larger(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

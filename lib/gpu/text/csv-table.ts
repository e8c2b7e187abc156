import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';

/** The rows of a tool's CSV, each by the names in the header, without their units. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly ReadonlyMap<string, string>[];
  /** Lines that are no rows: what a tool says between them. */
  readonly remarks: readonly string[];
}

/** The columns of nvidia-smi by which a header is known. */
const KNOWN = /^(?:uuid|index|name|gpu_uuid|gpu_name|gpu_bus_id|pid|pci\.bus_id|timestamp)$/;
/** The columns that may hold the separator: nvidia-smi quotes nothing. */
const FREE_TEXT = ['process_name', 'name', 'gpu_name'];

/**
 * The CSV of `nvidia-smi --query-…`, its columns matched by the header; undefined when there is no header.
 * @throws GpuError `partial-output` when a row breaks off
 */
export function parseCsvTable(text: string): CsvTable | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const start = lines.findIndex(isHeader);
  if (start < 0) return undefined;
  const header = lines[start] ?? '';
  const separator = header.includes(', ') ? ', ' : ',';
  const columns = namesOf(header, separator);
  const rows: ReadonlyMap<string, string>[] = [];
  const remarks = lines.slice(0, start);
  for (const line of lines.slice(start + 1)) {
    const cells = line.split(separator);
    if (cells.length === 1 && columns.length > 1) remarks.push(line);
    // A stream says its header again after a restart.
    else if (!isHeader(line)) rows.push(rowOf(columns, cells, separator));
  }
  return { columns, rows, remarks };
}

/** Whether a line names columns, and is not a row of values. */
export function isHeader(line: string): boolean {
  const names = namesOf(line, ',');
  return names.length > 1 && names.some((name) => KNOWN.test(name));
}

function namesOf(header: string, separator: string): string[] {
  return header.split(separator).map((name) =>
    name
      .trim()
      .replace(/^([^[]*)\[[^\]]*\]$/, '$1')
      .trim(),
  );
}

function rowOf(
  columns: readonly string[],
  cells: readonly string[],
  separator: string,
): ReadonlyMap<string, string> {
  if (cells.length < columns.length) {
    throw new GpuError('partial-output', say`The output of nvidia-smi breaks off in the middle of a line.`);
  }
  const surplus = cells.length - columns.length;
  const free =
    FREE_TEXT.map((name) => columns.indexOf(name)).find((index) => index >= 0) ?? columns.length - 1;
  const whole = [
    ...cells.slice(0, free),
    cells.slice(free, free + surplus + 1).join(separator),
    ...cells.slice(free + surplus + 1),
  ];
  return new Map(columns.map((name, index) => [name, (whole[index] ?? '').trim()]));
}

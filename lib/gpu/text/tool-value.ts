import type { GpuReading } from '../gpu-reading.js';

/** What a GPU can say is wrong with it. */
export type GpuTrouble = NonNullable<GpuReading['problem']>;

/**
 * The words of nvidia-smi, rocm-smi and their relatives for "there is no value", in brackets or without
 * (collected from drivers 384 to 610).
 */
const NO_VALUE =
  /^(?:|-|n\/a\b.*|not supported|not found|not available in .*|unknown error|insufficient permissions|gpu is lost|gpu requires reset|err!|requested functionality has been deprecated)$/i;

/** The text of a field; null for every spelling of "not available". */
export function textValue(raw: string | undefined): string | null {
  const text = (raw ?? '').trim();
  return NO_VALUE.test(text.replace(/^\[(.*)\]$/, '$1').trim()) ? null : text;
}

/** The number of a field, with its unit or without: `7 %`, `1474 MiB`, `(500Mhz)`, `45.0`. Null for anything else. */
export function numberValue(raw: string | undefined): number | null {
  const number = /^\(?([+-]?\d+(?:\.\d+)?)\s*[a-z%°/]*\)?$/i.exec(textValue(raw) ?? '')?.[1];
  return number === undefined ? null : Number(number);
}

/** What is wrong with a GPU, when a field says so in place of its value. */
export function troubleIn(raw: string): GpuTrouble | null {
  if (/\bGPU is lost\b/i.test(raw)) return 'gpu-lost';
  if (/\bGPU requires reset\b/i.test(raw)) return 'gpu-needs-reset';
  return /^\W*Unknown Error\W*$/i.test(raw) ? 'field-error' : null;
}

/** Whether a recovery action of nvidia-smi asks for something: `None` and "not available" do not. */
export function asksForRecovery(action: string | undefined): boolean {
  const text = textValue(action);
  return text !== null && !/^none$/i.test(text);
}

/**
 * The base name of a program, without its arguments, which may hold secrets. A Windows path keeps its blanks, for
 * such paths are told without arguments.
 */
export function programName(raw: string): string | null {
  const text = textValue(raw);
  if (text === null) return null;
  if (text.includes('\\')) return text.slice(text.lastIndexOf('\\') + 1);
  const program = text.split(/\s/, 1)[0] ?? '';
  return program.slice(program.lastIndexOf('/') + 1) || null;
}

/** The first of several names under which something is known; null when none of them says anything. */
export function firstOf<Value>(names: readonly string[], read: (name: string) => Value | null): Value | null {
  for (const name of names) {
    const value = read(name);
    if (value !== null) return value;
  }
  return null;
}

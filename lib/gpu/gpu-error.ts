import { say } from '../say.js';

/**
 * Why a GPU cannot be read:
 * - `binary-missing`, `binary-not-runnable`: no such program, or one that this system cannot start
 * - `driver-not-loaded`, `nvml-library-missing`, `driver-library-mismatch`: the driver is there in part, or not at all
 * - `container-lost-device`: the container no longer reaches the GPU
 * - `permission-denied`
 * - `no-devices`: the driver works, but finds no GPU
 * - `unsupported-driver`: this tool does not know this GPU's driver
 * - `gpu-lost`, `gpu-needs-reset`, `field-error`: one GPU is in trouble
 * - `unsupported-query-field`: this driver does not know one field
 * - `unsupported-format`: text of a kind that is not read
 * - `partial-output`, `unreadable`: the end is missing, or it is no reading at all
 * - `timeout`, `hung`: the tool took too long and was killed, or cannot even be killed
 * - `stale`, `busy`: no news for long, or the look before has not ended
 * - `tool-failed`: anything else that a tool says
 */
export type GpuErrorKind =
  | 'binary-missing'
  | 'binary-not-runnable'
  | 'driver-not-loaded'
  | 'nvml-library-missing'
  | 'driver-library-mismatch'
  | 'container-lost-device'
  | 'permission-denied'
  | 'no-devices'
  | 'unsupported-driver'
  | 'gpu-lost'
  | 'gpu-needs-reset'
  | 'field-error'
  | 'unsupported-query-field'
  | 'unsupported-format'
  | 'partial-output'
  | 'unreadable'
  | 'timeout'
  | 'hung'
  | 'stale'
  | 'busy'
  | 'tool-failed';

/** Those that mostly pass by themselves; all others need a person. */
const PASSING: ReadonlySet<GpuErrorKind> = new Set(['timeout', 'stale', 'busy', 'partial-output']);

/** Thrown when a GPU cannot be read. The sentence says why and what to do. */
export class GpuError extends Error {
  override readonly name = 'GpuError';
  /** The same as `kind`, where Catch nodes look for it. */
  readonly code: GpuErrorKind;
  constructor(
    readonly kind: GpuErrorKind,
    message: string,
    /** Which GPU (PCI slot) or which field it is about, where the tool names one. */
    readonly about: string | null = null,
  ) {
    super(message);
    this.code = kind;
  }
  get willPass(): boolean {
    return PASSING.has(this.kind);
  }
  override toString(): string {
    return this.message;
  }
}

/** Whatever was thrown, as an error of a GPU; its sentence holds no secret, for none is handled here. */
export function asGpuError(error: unknown): GpuError {
  if (error instanceof GpuError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GpuError('tool-failed', say`The GPU could not be read: ${reason}`);
}

/** The first line of what a tool said, short enough for a sentence. */
export function quoted(text: string): string {
  const line = text
    .split('\n')
    .map((part) => part.trim())
    .find((part) => part !== '');
  if (line === undefined) return say`nothing`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is cut out
  return `"${line.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 120)}"`;
}

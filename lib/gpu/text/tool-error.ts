import { say } from '../../say.js';
import { GpuError, type GpuErrorKind, quoted } from '../gpu-error.js';
import { pciSlot } from '../gpu-sample.js';

type Rule = readonly [sign: RegExp, kind: GpuErrorKind, sentence: () => string];

/** What the tools say, the first that fits. A group in the pattern is what it is about. */
const RULES: readonly Rule[] = [
  [
    /Field "([^"]+)" is not a valid field/i,
    'unsupported-query-field',
    () => say`This NVIDIA driver does not know the field that was asked for. Leave it out.`,
  ],
  [
    /couldn't communicate with the NVIDIA driver/i,
    'driver-not-loaded',
    () =>
      say`nvidia-smi is there, but the NVIDIA driver is not loaded. Load it (modprobe nvidia), or restart the machine.`,
  ],
  [
    /couldn't find lib(?:nvidia-ml|nvml)|libnvidia-ml\.so.*(?:not found|cannot open)/i,
    'nvml-library-missing',
    () =>
      say`The library libnvidia-ml.so is missing. Install the whole NVIDIA driver, or give the container its "utility" capability.`,
  ],
  [
    /Driver\/library version mismatch/i,
    'driver-library-mismatch',
    () =>
      say`The NVIDIA driver was updated, but the old one is still loaded. Restart the machine, or load the module anew.`,
  ],
  [
    /Failed to initialize NVML: Unknown Error/i,
    'container-lost-device',
    () => say`The container no longer reaches the GPU. Restart the container.`,
  ],
  [
    /Insufficient Permissions|PMU permission|perf_event_paranoid|Permission denied/i,
    'permission-denied',
    () => say`The GPU may not be read by this user. Give it the right to, or run the tool as one who has it.`,
  ],
  [
    /No devices were found/i,
    'no-devices',
    () =>
      say`The NVIDIA driver works, but finds no GPU. Look at the kernel log, or give the container the GPU.`,
  ],
  [
    /Failed to detect engines/i,
    'unsupported-driver',
    () =>
      say`intel_gpu_top does not work with the driver of this GPU. Let the node read it from /sys in place of that.`,
  ],
  [
    // Some drivers write the number of the GPU, or just "GPU", right before the slot.
    /Unable to determine the device handle (?:for [^\n]*?([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])\b)?|GPU is lost/i,
    'gpu-lost',
    () => say`The driver no longer reaches a GPU. Restart the machine.`,
  ],
  [/GPU requires reset/i, 'gpu-needs-reset', () => say`A GPU needs a reset. Restart the machine.`],
];

/** What a tool says when it fails is short; to look through all of a flood would hold up Node-RED. */
const LONGEST_SAYING = 8_000;

/**
 * What went wrong, by what a tool printed (stdout and stderr together) and then by how it ended; null when nothing
 * did. Its words are looked at only where they are no reading: call it for text that could not be parsed.
 */
export function toolError(said: string, exitCode: number | null = 0): GpuError | null {
  const text = said.slice(0, LONGEST_SAYING);
  for (const [sign, kind, sentence] of RULES) {
    const match = sign.exec(text);
    if (match) return new GpuError(kind, sentence(), aboutOf(kind, match[1]));
  }
  if (exitCode === 127) {
    return new GpuError('binary-not-runnable', say`The GPU tool cannot be started: ${quoted(text)}.`);
  }
  if (exitCode === 0) return null;
  return new GpuError(
    'tool-failed',
    say`The GPU tool failed (exit code ${String(exitCode)}) and said ${quoted(text)}.`,
  );
}

function aboutOf(kind: GpuErrorKind, about: string | undefined): string | null {
  if (about === undefined) return null;
  return kind === 'gpu-lost' ? pciSlot(about) : about;
}

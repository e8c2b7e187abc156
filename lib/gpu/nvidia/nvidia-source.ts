import { asGpuError, type GpuError, type GpuErrorKind } from '../gpu-error.js';
import type { GpuLook, GpuSource } from '../gpu-source.js';
import { createToolRunner, type ToolRunnerOptions } from '../tool/tool-runner.js';
import { createNvidiaAsker } from './nvidia-asker.js';
import { listNvidiaDevices, type NvidiaDevice, sleepersIn } from './nvidia-devices.js';
import { createNvidiaMemory, type NvidiaMemory, type NvidiaMemoryOptions } from './nvidia-memory.js';
import { withDetails } from './nvidia-processes.js';
import { processOwner } from './process-owner.js';

export interface NvidiaSourceOptions extends Omit<ToolRunnerOptions, 'program'>, NvidiaMemoryOptions {
  /** `nvidia-smi`, or the path of it. */
  readonly program?: string;
  /** The folder that holds `sys` and `proc`; `/` on most machines. */
  readonly root?: string;
  /** How often it will be looked, in milliseconds. */
  readonly intervalMs: number;
  /** From which duration on a start of the tool counts as slow. */
  readonly slowMs?: number;
  readonly hasProcesses?: boolean;
  readonly hasEncoderByProcess?: boolean;
}

const DEFAULT_PROGRAM = 'nvidia-smi';

/** What a tool says that is installed where no NVIDIA GPU is. */
const LEFT_OVER: ReadonlySet<GpuErrorKind> = new Set([
  'binary-not-runnable',
  'driver-not-loaded',
  'nvml-library-missing',
  'no-devices',
]);

/** NVIDIA's GPUs, as nvidia-smi tells of them. A sleeping one is not asked, for that would wake it. */
export function createNvidiaSource(options: NvidiaSourceOptions): GpuSource {
  const { program = DEFAULT_PROGRAM, root = '/', timeoutMs = 10_000 } = options;
  const runner = createToolRunner({ ...options, program, timeoutMs });
  const asker = createNvidiaAsker({ ...options, program, runner, timeoutMs });
  const memory = createNvidiaMemory(options);
  const wishes = { ...options, runner, timeoutMs, ownerOf: (pid: number) => processOwner(pid, root) };

  const lookAt = async (devices: readonly NvidiaDevice[] | null): Promise<GpuLook> => {
    const asleep = await sleepersIn(devices ?? []);
    const others = devices?.map(({ slot }) => slot).filter((slot) => !asleep.includes(slot));
    const sleepers = () => asleep.map((slot) => memory.silent(slot, 'asleep'));
    if (asleep.length > 0 && others?.length === 0) return { samples: sleepers(), problem: null };
    const { gpus, lost } = await asker.ask({
      devices,
      slots: others !== undefined && others.length > 0 ? others : memory.slots,
      awake: asleep.length > 0 ? others : undefined,
    });
    const problems: GpuError[] = [];
    const isWhole = asleep.length === 0 && lost.length === 0;
    const slots = isWhole ? undefined : gpus.flatMap(({ slot }) => slot ?? []);
    const samples = await withDetails(gpus.map(memory.remember), { ...wishes, slots }, (error) =>
      problems.push(asGpuError(error)),
    );
    const gone = lost.map((slot) => memory.silent(slot, 'lost'));
    return { samples: [...samples, ...gone, ...sleepers()], problem: problems[0] ?? null };
  };
  return {
    name: 'nvidia',
    async look() {
      const devices = await listNvidiaDevices(root);
      try {
        return await lookAt(devices);
      } catch (error) {
        return lookOfFailure(asGpuError(error), { devices, memory, program });
      }
    },
    close: () => asker.close(),
  };
}

interface Surroundings {
  readonly devices: readonly NvidiaDevice[] | null;
  readonly memory: NvidiaMemory;
  readonly program: string;
}

/** What a look saw that failed. @throws GpuError when that is nothing */
function lookOfFailure(problem: GpuError, surroundings: Surroundings): GpuLook {
  const { devices, memory } = surroundings;
  if (isNoGpuHere(problem, surroundings)) return { samples: null, problem: null };
  // The driver works and has no GPU any more: those that were there are lost.
  if (problem.kind === 'no-devices' && memory.slots.length > 0) return { samples: [], problem };
  // It names none, and there is only one that it can mean.
  const slots = memory.slots.length > 0 ? memory.slots : (devices ?? []).map(({ slot }) => slot);
  const [only, ...more] = slots;
  if (problem.kind === 'gpu-lost' && only !== undefined && more.length === 0) {
    return { samples: [memory.silent(only, 'lost')], problem: null };
  }
  throw problem;
}

/** On a machine without such a GPU, a tool that is missing, or that finds none, is no trouble. */
function isNoGpuHere({ kind }: GpuError, { devices, memory, program }: Surroundings): boolean {
  if (memory.slots.length > 0 || (devices !== null && devices.length > 0)) return false;
  if (kind === 'binary-missing') return program === DEFAULT_PROGRAM;
  return devices !== null && LEFT_OVER.has(kind);
}

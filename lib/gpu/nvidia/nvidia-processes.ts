import type { GpuError } from '../gpu-error.js';
import type { GpuProcess, GpuSample } from '../gpu-sample.js';
import { type NvidiaGpu, type ProcessList, parseComputeApps } from '../text/nvidia-csv.js';
import { parseNvidiaXml } from '../text/nvidia-xml.js';
import { joinProcesses, parsePmon } from '../text/pmon.js';
import { toolError } from '../text/tool-error.js';
import type { ToolRunner } from '../tool/tool-runner.js';
import { chosen } from './nvidia-fields.js';

/** The name of a program comes last: nvidia-smi quotes nothing, and names may hold the separator. */
const APPS = ['--query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name', '--format=csv'];
/** Single samples leave out processes that are at work. */
const PMON_SAMPLES = 3;
/** The whole document takes seconds on servers with several GPUs. */
const XML_TIMEOUT_FACTOR = 3;

export interface ProcessAsk {
  readonly runner: ToolRunner;
  readonly timeoutMs: number;
  /** The slots of the GPUs to ask about; undefined for all. To ask about one that sleeps would wake it. */
  readonly slots?: readonly string[] | undefined;
  readonly hasProcesses?: boolean;
  readonly hasEncoderByProcess?: boolean;
  readonly ownerOf: (pid: number) => Promise<string | null>;
}

/**
 * The samples of the GPUs, with their processes where they are wished for and with the parts of split GPUs. Who could
 * not be asked leaves null, and the reason goes to `onProblem`: that is not the same as no process.
 */
export async function withDetails(
  gpus: readonly NvidiaGpu[],
  ask: ProcessAsk,
  onProblem: (problem: unknown) => void,
): Promise<GpuSample[]> {
  if (gpus.length === 0) return [];
  const attempt = async <Value>(work: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await work();
    } catch (error) {
      onProblem(error);
      return null;
    }
  };
  const whole = gpus.some(({ isSplit }) => isSplit) ? await attempt(() => askForXml(ask)) : null;
  const apps = ask.hasProcesses ? await attempt(() => askForApps(ask)) : null;
  const monitored = ask.hasEncoderByProcess ? await attempt(() => askForPmon(ask)) : null;
  return Promise.all(
    gpus.map(async (gpu) => {
      const { sample, uuid } = gpu;
      const inXml = whole?.find((other) => other.uuid === uuid)?.sample;
      const { partitions } = inXml ?? {};
      const lists = [
        apps && processesOf(apps, gpu),
        ask.hasProcesses ? (inXml?.processes ?? null) : null,
        monitored && processesOf(monitored, gpu),
      ].flatMap((list) => (list === null ? [] : [list]));
      const processes =
        lists.length === 0 ? null : await withOwners(lists.reduce(joinProcesses), ask.ownerOf);
      return { ...sample, processes, ...(partitions === undefined ? {} : { partitions }) };
    }),
  );
}

async function askForXml({ runner, timeoutMs, slots }: ProcessAsk): Promise<NvidiaGpu[]> {
  const { text } = await runner.run(['-q', '-x', ...chosen(slots)], XML_TIMEOUT_FACTOR * timeoutMs);
  return parseNvidiaXml(text);
}

async function askForApps({ runner, slots }: ProcessAsk): Promise<ProcessList[]> {
  const { text, stderr, exitCode } = await runner.run([...APPS, ...chosen(slots)]);
  throwIfFailed(text, stderr, exitCode);
  return parseComputeApps(text);
}

async function askForPmon({ runner, timeoutMs, slots }: ProcessAsk): Promise<ProcessList[]> {
  const args = ['pmon', '-c', String(PMON_SAMPLES), '-s', 'um', ...chosen(slots)];
  const { text, stderr, exitCode } = await runner.run(args, timeoutMs + 1_000 * PMON_SAMPLES);
  throwIfFailed(text, stderr, exitCode);
  return parsePmon(text);
}

function throwIfFailed(text: string, stderr: string, exitCode: number | null): void {
  const error: GpuError | null = exitCode === 0 ? null : toolError(`${text}\n${stderr}`, exitCode);
  if (error !== null) throw error;
}

function processesOf(
  lists: readonly ProcessList[],
  { uuid, slot, sample }: NvidiaGpu,
): readonly GpuProcess[] {
  return lists.find(({ gpu }) => gpu === uuid || gpu === slot || gpu === sample.index)?.processes ?? [];
}

function withOwners(
  processes: readonly GpuProcess[],
  ownerOf: (pid: number) => Promise<string | null>,
): Promise<GpuProcess[]> {
  return Promise.all(processes.map(async (process) => ({ ...process, owner: await ownerOf(process.pid) })));
}

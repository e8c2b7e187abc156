import { GpuError } from '../gpu-error.js';
import { lostSlots, type NvidiaGpu, parseNvidiaCsv } from '../text/nvidia-csv.js';
import { toolError } from '../text/tool-error.js';
import type { ToolResult, ToolRunner } from '../tool/tool-runner.js';
import type { NvidiaFields } from './nvidia-fields.js';

/** What nvidia-smi answered: the GPUs, those it says it lost (by slot), and how long it took. */
export interface NvidiaAnswer {
  readonly gpus: readonly NvidiaGpu[];
  readonly lost: readonly string[];
  readonly durationMs: number;
}

/** More fields than are asked for: a tool that refuses every one is given up. */
const MOST_TRIES = 40;

/**
 * Asks nvidia-smi for the GPUs in some slots, or for all. A field that the driver does not know is left out from now
 * on, and it is asked again. A lost GPU makes the whole query fail: then the others (`slots`) are asked for by name.
 * @throws GpuError when no GPU can be told of
 */
export async function askNvidia(
  runner: ToolRunner,
  fields: NvidiaFields,
  slots: readonly string[],
  only: readonly string[] | undefined,
): Promise<NvidiaAnswer> {
  const lost = new Set<string>();
  let asked = only;
  for (let attempt = 1; ; attempt += 1) {
    const result = await runner.run(fields.queryArgs(asked));
    try {
      const gpus = parseAnswer(result);
      for (const slot of lostSlots(`${result.stderr}\n${result.text}`)) lost.add(slot);
      fields.noteDriver(gpus[0]?.sample.driver ?? null);
      return { gpus, lost: [...lost], durationMs: result.durationMs };
    } catch (error) {
      if (!(error instanceof GpuError) || attempt >= MOST_TRIES) throw error;
      if (error.kind === 'unsupported-query-field' && fields.leaveOut(error.about ?? '')) continue;
      if (error.kind !== 'gpu-lost' || error.about === null || lost.has(error.about)) throw error;
      lost.add(error.about);
      asked = (asked ?? slots).filter((slot) => !lost.has(slot));
      if (asked.length === 0) return { gpus: [], lost: [...lost], durationMs: result.durationMs };
    }
  }
}

/** The tool says what went wrong on its output too, and often with the exit code 0: the text decides. */
function parseAnswer({ text, stderr, exitCode }: ToolResult): NvidiaGpu[] {
  try {
    return parseNvidiaCsv(text);
  } catch (error) {
    if (error instanceof GpuError && error.kind === 'partial-output' && exitCode === 0) throw error;
    throw toolError(`${text}\n${stderr}`, exitCode) ?? error;
  }
}

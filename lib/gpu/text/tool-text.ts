import { say } from '../../say.js';
import { GpuError, quoted } from '../gpu-error.js';
import type { GpuSample } from '../gpu-sample.js';
import { parseCsvTable } from './csv-table.js';
import { framesOf, parseIntelGpuTop } from './intel-gpu-top.js';
import { isProcessTable, type ProcessList, parseComputeApps, parseNvidiaCsv } from './nvidia-csv.js';
import { parseNvidiaXml } from './nvidia-xml.js';
import { parsePmon } from './pmon.js';
import { parseRocmSmi } from './rocm-smi.js';
import { toolError } from './tool-error.js';

/** What the text of a GPU tool holds: GPUs, or the processes of GPUs that another text told of. */
export type ToolText =
  | { readonly kind: 'gpus'; readonly samples: readonly GpuSample[] }
  | { readonly kind: 'processes'; readonly lists: readonly ProcessList[] };

const hint = () =>
  say`Send the output of "nvidia-smi --query-gpu=… --format=csv", "nvidia-smi -q -x", "nvidia-smi pmon", "rocm-smi -a --json" or "intel_gpu_top -J".`;

/** Twenty times the longest document of nvidia-smi that is known. */
const LONGEST = 4_000_000;

/** Texts for people, whose layout is no promise. */
const REFUSED: readonly (readonly [sign: RegExp, what: () => string])[] = [
  [/^\+-{20,}\+?[\s\S]*NVIDIA-SMI/m, () => say`the table of nvidia-smi`],
  [/=+NVSMI LOG=+/, () => say`the plain text of "nvidia-smi -q"`],
  [/^#\s*gpu\s+(?!.*\bpid\b)/im, () => say`the output of "nvidia-smi dmon"`],
  [/^GPU \d+: .*\(UUID: /m, () => say`the list of "nvidia-smi -L"`],
  [/^NVIDIA-SMI version/im, () => say`the version of nvidia-smi`],
  [/\bRAM \d+\/\d+MB\b[\s\S]*\b(?:GR3D_FREQ|EMC_FREQ)\b/, () => say`the output of tegrastats`],
  [/=+ Concise Info =+/, () => say`the table of rocm-smi`],
];

/**
 * Reads what a GPU tool printed, whichever of them: CSV, XML and pmon of nvidia-smi, the JSON of rocm-smi and of
 * intel_gpu_top.
 * @throws GpuError `unsupported-format` for tables and other texts for people, and for what the tool itself says
 */
export function parseToolText(text: string): ToolText {
  if (text.length > LONGEST) {
    throw new GpuError(
      'unsupported-format',
      say`This text is far longer than any output of a GPU tool. ${hint()}`,
    );
  }
  if (text.includes('<nvidia_smi_log')) return gpus(parseNvidiaXml(text).map(({ sample }) => sample));
  if (/^#\s*gpu\s.*\bpid\b/im.test(text)) return { kind: 'processes', lists: parsePmon(text) };
  const head = text.slice(0, 4_000);
  const refused = REFUSED.find(([sign]) => sign.test(head));
  if (refused !== undefined) {
    throw new GpuError(
      'unsupported-format',
      say`This is ${refused[1]()}, which is made for people. ${hint()}`,
    );
  }
  const table = parseCsvTable(text);
  if (table !== undefined && isProcessTable(table))
    return { kind: 'processes', lists: parseComputeApps(text) };
  if (table !== undefined) return gpus(parseNvidiaCsv(text).map(({ sample }) => sample));
  return gpus(fromJson(text) ?? fromHeadlessCsv(text));
}

function gpus(samples: readonly GpuSample[]): ToolText {
  return { kind: 'gpus', samples };
}

/** The samples in JSON; some tools print a warning before it. */
function fromJson(text: string): readonly GpuSample[] | undefined {
  const start = text.search(/[{[]/);
  if (start < 0) return undefined;
  const json = text.slice(start);
  const [frame] = framesOf(json);
  if (frame === undefined) {
    if (!/^[{[]\s*["{]/.test(json)) return undefined;
    throw new GpuError('partial-output', say`The JSON of the GPU tool breaks off before its end.`);
  }
  if ('engines' in frame || 'period' in frame) return [parseIntelGpuTop(json)];
  return Object.keys(frame).some((key) => /^card\d+$/.test(key)) ? parseRocmSmi(frame) : undefined;
}

function fromHeadlessCsv(text: string): never {
  const said = toolError(text);
  if (said !== null) throw said;
  if (/^\d+, [^\n,]+, /.test(text.trimStart())) parseNvidiaCsv(text);
  throw new GpuError('unsupported-format', say`This is no output of a GPU tool: ${quoted(text)}. ${hint()}`);
}

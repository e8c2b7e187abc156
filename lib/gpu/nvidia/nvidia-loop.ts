import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';
import { isHeader } from '../text/csv-table.js';
import { type NvidiaGpu, parseNvidiaCsv } from '../text/nvidia-csv.js';
import { startTool, type ToolProcess } from '../tool/tool-process.js';

export interface NvidiaLoopOptions {
  readonly path: string;
  /** A query, which is asked for again and again. */
  readonly args: readonly string[];
  readonly everyMs: number;
  /** How many GPUs each answer has. */
  readonly count: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that does not run backwards. */
  readonly now?: () => number;
  readonly start?: typeof startTool;
}

/** One nvidia-smi that goes on to answer, where each start of it takes long. */
export interface NvidiaLoop {
  readonly isRunning: boolean;
  /** The child itself, which may live on after `stop`. */
  readonly tool: ToolProcess;
  /** The last whole answer; undefined before the first. @throws GpuError `stale` when there was none for long */
  latest(): readonly NvidiaGpu[] | undefined;
  stop(): void;
}

/** A line of nvidia-smi is far shorter. */
const LONGEST_LINE = 100_000;

/** Starts `nvidia-smi --loop-ms`: it keeps the driver awake, which a machine without persistence mode lacks. */
export function startNvidiaLoop(options: NvidiaLoopOptions): NvidiaLoop {
  const {
    path,
    args,
    everyMs,
    count,
    env,
    signal,
    now = () => performance.now(),
    start = startTool,
  } = options;
  const reader = createAnswerReader(count, now);
  let isRunning = true;
  const end = () => {
    isRunning = false;
    signal.removeEventListener('abort', stop);
  };
  const stop = () => {
    tool.kill();
    end();
  };
  const tool = start(
    { program: path, args: [...args, `--loop-ms=${everyMs}`], env },
    {
      onText(text, isError) {
        if (!isError && !reader.take(text)) stop();
      },
      onEnd: end,
      onFailure: end,
    },
  );
  signal.addEventListener('abort', stop, { once: true });
  return {
    get isRunning() {
      return isRunning;
    },
    tool,
    stop,
    latest() {
      if (now() - reader.newestAt <= 3 * everyMs) return reader.newest;
      throw new GpuError(
        'stale',
        say`nvidia-smi still runs, but has told nothing new for long. It is started again.`,
      );
    },
  };
}

interface AnswerReader {
  readonly newest: readonly NvidiaGpu[] | undefined;
  /** When the newest came, or when it began to wait for one. */
  readonly newestAt: number;
  /** Takes the next piece of output. False when a line has no end. */
  take(piece: string): boolean;
}

/**
 * Puts the pieces of an endless output together to answers: the header comes once, and then a line for each GPU, again
 * and again.
 */
function createAnswerReader(count: number, now: () => number): AnswerReader {
  const answer = { newest: undefined as readonly NvidiaGpu[] | undefined, newestAt: now() };
  let tail = '';
  let header = '';
  let rows: string[] = [];
  const flush = () => {
    const text = [header, ...rows].join('\n');
    rows = [];
    try {
      answer.newest = parseNvidiaCsv(text);
      answer.newestAt = now();
    } catch (error) {
      // Lines that are no reading: when no other comes, the last answer gets old, and that is told.
      if (!(error instanceof GpuError)) throw error;
    }
  };
  const takeLine = (line: string) => {
    if (isHeader(line)) header = line;
    if (line.trim() === '' || isHeader(line)) return;
    const place = line.split(', ', 1)[0];
    // A GPU that comes again begins the next answer: one of them was left out.
    if (rows.some((row) => row.split(', ', 1)[0] === place)) flush();
    rows.push(line);
    if (rows.length >= count) flush();
  };
  return Object.assign(answer, {
    take(piece: string) {
      const lines = (tail + piece).split('\n');
      tail = lines.pop() ?? '';
      for (const line of lines) takeLine(line);
      return tail.length <= LONGEST_LINE;
    },
  });
}

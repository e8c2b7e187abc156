import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';
import { isGoneWithin, startTool, type ToolProcess } from './tool-process.js';
import { findProgram, startError, USUAL_FOLDERS } from './tool-program.js';

export interface ToolRunnerOptions {
  /** A name, or a path. */
  readonly program: string;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** How long the system may take to end a killed tool before it counts as hung. */
  readonly reapMs?: number;
  /** More output than this is no reading. */
  readonly maxLength?: number;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  readonly usualFolders?: readonly string[];
  readonly start?: typeof startTool;
}

export interface ToolResult {
  readonly text: string;
  /** What it said beside its output. */
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly durationMs: number;
}

/** Runs one tool, one call at a time. */
export interface ToolRunner {
  /**
   * @throws GpuError `busy` while a call runs, `timeout` when it took too long, `hung` as long as a killed tool lives
   * on (no second one is started then), `unreadable` when it floods
   */
  run(args: readonly string[], timeoutMs?: number): Promise<ToolResult>;
  /** Waits for what runs to end, for a second at most. */
  close(): Promise<void>;
}

/** Node's own limit of time sends a signal that a tool may ignore, and waits for ever: so this has its own. */
export function createToolRunner(options: ToolRunnerOptions): ToolRunner {
  const { program, signal, reapMs = 1_000, env = process.env, usualFolders = USUAL_FOLDERS } = options;
  let isBusy = false;
  let last: ToolProcess | undefined;

  const run = async (args: readonly string[], timeoutMs = options.timeoutMs ?? 10_000) => {
    if (isBusy) throw new GpuError('busy', say`${program} still runs from the last time.`);
    if (last !== undefined && !last.isGone) throw hung(program, last.pid);
    isBusy = true;
    try {
      const path = await findProgram(program, env, usualFolders);
      signal.throwIfAborted();
      const call = callTool({ ...options, args, path, env, timeoutMs });
      last = call.tool;
      const result = await call.result;
      if (!(result instanceof Error)) return result;
      if (!(await isGoneWithin(call.tool, reapMs))) throw hung(program, call.tool.pid);
      throw result;
    } finally {
      isBusy = false;
    }
  };
  return {
    run,
    close: async () => {
      if (last !== undefined) await isGoneWithin(last, 1_000);
    },
  };
}

interface Call extends ToolRunnerOptions {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/** One call: the process, and what it said or why it was killed. */
function callTool(call: Call): { tool: ToolProcess; result: Promise<ToolResult | Error> } {
  const { program, path, args, env, timeoutMs, maxLength = 4_000_000, signal, start = startTool } = call;
  const startedAt = performance.now();
  let settle: (result: ToolResult | Error) => void = () => {};
  const result = new Promise<ToolResult | Error>((resolve) => {
    settle = resolve;
  });
  const said = { text: '', stderr: '' };
  const tool = start(
    { program: path, args, env },
    {
      onText(text, isError) {
        said[isError ? 'stderr' : 'text'] += text;
        if (said.text.length + said.stderr.length > maxLength) giveUp(flooded(program));
      },
      onEnd: (exitCode) => end({ ...said, exitCode, durationMs: performance.now() - startedAt }),
      onFailure: (code) => end(startError(program, code)),
    },
  );
  const end = (outcome: ToolResult | Error) => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    settle(outcome);
  };
  const giveUp = (reason: Error) => {
    tool.kill();
    end(reason);
  };
  const onAbort = () => giveUp(signal.reason);
  const timer = setTimeout(() => giveUp(tooSlow(program, timeoutMs)), timeoutMs);
  timer.unref();
  signal.addEventListener('abort', onAbort, { once: true });
  return { tool, result };
}

function tooSlow(program: string, ms: number): GpuError {
  return new GpuError(
    'timeout',
    say`${program} did not answer within ${Math.round(ms / 100) / 10} seconds and was ended. It is tried again.`,
  );
}

function flooded(program: string): GpuError {
  return new GpuError('unreadable', say`${program} printed far more than a reading and was ended.`);
}

/** A tool that lives on although it was killed. */
export function hung(program: string, pid: number | undefined): GpuError {
  return new GpuError(
    'hung',
    say`${program} hangs and cannot be ended (process ${pid ?? say`unknown`}). The driver or the GPU is in trouble: restart the machine.`,
  );
}

import { type ChildProcess, spawn } from 'node:child_process';
import { delay } from '../../backoff.js';

export interface ToolStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** A running tool, as its runner sees it. */
export interface ToolProcess {
  readonly pid: number | undefined;
  /** False as long as the system still has it, killed or not. */
  readonly isGone: boolean;
  /** Settled when the system has let it go; never for a process that cannot be killed. */
  readonly gone: Promise<void>;
  /** Kills it with all that it started, and lets go of its output. It may live on. */
  kill(): void;
}

export interface ToolEvents {
  onText(text: string, isError: boolean): void;
  /** All output is there, and it has ended. */
  onEnd(exitCode: number | null): void;
  /** It could not be started. */
  onFailure(code: string | undefined): void;
}

/** Names of variables that hold what no GPU tool needs to know, and what a wrapper of it could print. */
const SECRET = /KEY|PASS|SECRET|TOKEN|CREDENTIAL/i;

/** Starts a tool without a shell, in the C locale, without secrets, in a process group of its own. */
export function startTool(
  { program, args, env }: ToolStart,
  events: ToolEvents,
  open: typeof spawn = spawn,
): ToolProcess {
  const isGroup = process.platform !== 'win32';
  const child: ChildProcess = open(program, args, {
    env: { ...withoutSecrets(env), LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // So that a wrapper script ends with what it started.
    detached: isGroup,
    windowsHide: true,
  });
  let isGone = false;
  const gone = new Promise<void>((resolve) => {
    const settle = () => {
      isGone = true;
      resolve();
    };
    child.once('exit', settle);
    child.once('error', () => child.pid === undefined && settle());
  });
  child.once('error', (error: NodeJS.ErrnoException) => events.onFailure(error.code));
  // There are none when the system has no file left to open.
  child.stdout?.setEncoding('utf8').on('data', (text: string) => events.onText(text, false));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => events.onText(text, true));
  child.once('close', (exitCode) => events.onEnd(exitCode));
  return {
    get pid() {
      return child.pid;
    },
    get isGone() {
      return isGone;
    },
    gone,
    kill() {
      child.stdout?.destroy();
      child.stderr?.destroy();
      killGroup(child, isGroup);
      child.unref();
    },
  };
}

/** Waits until the system has let a process go, for `ms` at most; whether it has. */
export async function isGoneWithin(tool: ToolProcess, ms: number): Promise<boolean> {
  const waiting = new AbortController();
  await Promise.race([tool.gone, delay(ms, waiting.signal).catch(() => undefined)]);
  waiting.abort();
  return tool.isGone;
}

function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRET.test(name)));
}

function killGroup(child: ChildProcess, isGroup: boolean): void {
  if (child.pid === undefined) return;
  try {
    process.kill(isGroup ? -child.pid : child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // The group is gone already: at most the child itself is left.
  }
}

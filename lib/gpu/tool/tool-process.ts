import { type ChildProcess, spawn } from 'node:child_process';

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

/** Starts a tool without a shell, in the C locale, in a process group of its own. */
export function startTool({ program, args, env }: ToolStart, events: ToolEvents): ToolProcess {
  const isGroup = process.platform !== 'win32';
  const child = spawn(program, args, {
    env: { ...env, LC_ALL: 'C' },
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
  child.stdout.setEncoding('utf8').on('data', (text: string) => events.onText(text, false));
  child.stderr.setEncoding('utf8').on('data', (text: string) => events.onText(text, true));
  child.once('error', (error: NodeJS.ErrnoException) => events.onFailure(error.code));
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
      child.stdout.destroy();
      child.stderr.destroy();
      killGroup(child, isGroup);
      child.unref();
    },
  };
}

function killGroup(child: ChildProcess, isGroup: boolean): void {
  if (child.pid === undefined) return;
  try {
    process.kill(isGroup ? -child.pid : child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // The group is gone already: at most the child itself is left.
  }
}

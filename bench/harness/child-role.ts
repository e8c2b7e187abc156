import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** Starts a module of the bench, given by its path below `bench/`, as a process of its own. */
export function forkRole(
  module: string,
  args: readonly string[] = [],
  options: ForkOptions = {},
): ChildProcess {
  return fork(resolve(import.meta.dirname, '..', module), args, { execArgv: ['--no-warnings'], ...options });
}

/** The next message of a child. @throws when it ends before */
export async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const over = new AbortController();
  try {
    const [answer] = await Promise.race([
      once(child, 'message', { signal: over.signal }),
      once(child, 'exit', { signal: over.signal }).then(() => {
        throw new Error('A program ended before its time.');
      }),
    ]);
    return answer as Answer;
  } finally {
    over.abort();
  }
}

import { answerOf, forkRole } from '../harness/child-role.js';
import type { NodeProgram } from '../harness/node-program.js';
import { followProcess } from '../harness/process-figures.js';
import type { Program } from './program.js';

/** What a program that is a module of this bench is told. */
export interface WorkerTask {
  readonly url: string;
  readonly apiKey: string;
  readonly paths: readonly string[];
  readonly concurrency: number;
}

/** A module below `bench/` in a process of its own, the start of Node.js included. */
export function worker(module: string, node: NodeProgram): Program {
  return async ({ server, files, concurrency }) => {
    const began = performance.now();
    const child = forkRole(module, [], { execPath: node.path });
    try {
      await answerOf(child);
      const figures = followProcess(child.pid ?? 0);
      const { url, apiKey } = server;
      child.send({ url, apiKey, paths: files.paths, concurrency } satisfies WorkerTask);
      await answerOf(child).finally(figures);
      const { peakMB, cpuSeconds } = figures();
      return { wholeSeconds: (performance.now() - began) / 1_000, cpuSeconds, peakMB };
    } finally {
      child.kill();
    }
  };
}

/** The side of the process: does its work once. */
export function workOnce(work: (task: WorkerTask) => Promise<void>): void {
  process.once('message', (task) => {
    work(task as WorkerTask).then(
      () => process.send?.('done'),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
}

import { openUploadMemory, type UploadMemory } from '../lib/upload/upload-memory.js';
import { memoryPath } from './_memory-path.js';
import type { NodeTools } from './_node-tools.js';

/** The memory of an immich-upload node; what goes wrong with it is said in the log. */
export function memoryOf(tools: NodeTools<{ readonly concurrency: number }>): UploadMemory {
  const { options, signal } = tools;
  const path = memoryPath(tools, 'upload');
  return openUploadMemory({
    path,
    concurrency: options.concurrency,
    signal,
    onProblem: (problem, reason) => tools.log('warn', problem, { path: path ?? '', reason }),
  });
}

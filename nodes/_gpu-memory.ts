import { errorCode } from '../lib/file-io.js';
import { asKnownGpus, type KnownGpus } from '../lib/gpu/nvidia/known-gpus.js';
import type { NvidiaMemoryOptions } from '../lib/gpu/nvidia/nvidia-memory.js';
import { openJsonFile } from '../lib/json-file.js';
import { say } from '../lib/say.js';
import { memoryPath } from './_memory-path.js';
import type { NodeTools } from './_node-tools.js';

/** What a gpu-stats node remembers over restarts: what each GPU was called, because one that sleeps does not say. */
export interface GpuMemory extends NvidiaMemoryOptions {
  /** Waits for what is being written, or deletes the file. */
  end(isDeleted: boolean): Promise<void>;
}

/** Opens it; what goes wrong with it is said in the log, once. */
export function gpuMemoryOf(tools: NodeTools<unknown>): GpuMemory {
  const path = memoryPath(tools, 'gpu');
  const file = openJsonFile(path, asKnownGpus);
  let hasTold = false;
  const tell = (problem: string, reason: string) => {
    if (!hasTold) tools.log('warn', problem, { path: path ?? '', reason });
    hasTold = true;
  };
  if (file.problem !== undefined) tell('memory-unreadable', file.problem);
  let saving: Promise<void> | undefined;
  return {
    known: file.initial?.gpus,
    keep(known: KnownGpus) {
      saving = file
        .save({ gpus: known })
        .catch((error) => tell('memory-unwritable', errorCode(error) ?? say`unknown reason`));
    },
    async end(isDeleted) {
      await saving;
      if (isDeleted) await file.remove();
    },
  };
}

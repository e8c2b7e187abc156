import { pathsOfGroup } from '../lib/companions/companion.js';
import { setAside } from '../lib/failed/set-aside.js';
import type { UploadQueueOptions } from '../lib/upload/queue-options.js';
import type { NodeTools } from './_node-tools.js';

interface AsideSettings {
  readonly failedFolder: string | undefined;
  readonly isDryRun: boolean;
}

/** Moves files that failed for good, and says where they are; undefined where they stay. `forget` forgets a failure. */
export function asideOf(
  { options, signal, log, returnFiles }: NodeTools<AsideSettings>,
  forget: (path: string) => void,
): UploadQueueOptions<unknown>['setAside'] {
  const { failedFolder, isDryRun } = options;
  if (failedFolder === undefined || isDryRun) return undefined;
  return async (file, reason) => {
    try {
      const place = await setAside(file, failedFolder, reason, { signal });
      log('warn', 'set-aside', { file: file.path, place });
      // Put back, it is tried anew, whatever was remembered of it.
      forget(file.path);
      // Put back at once, it may have been missed by nobody.
      returnFiles(pathsOfGroup(file));
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      log('warn', 'not-set-aside', {
        file: file.path,
        reason: error instanceof Error ? error.message : String(error),
      });
      return false;
    }
  };
}

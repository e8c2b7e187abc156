import { pathsOfGroup } from '../lib/companions/companion.js';
import { planAside, setAside } from '../lib/failed/set-aside.js';
import type { StableFile } from '../lib/media-file.js';
import type { UploadQueueOptions } from '../lib/upload/queue-options.js';
import type { NodeTools } from './_node-tools.js';

interface AsideSettings {
  readonly failedFolder: string | undefined;
  readonly isDryRun: boolean;
}

/**
 * Moves files that failed for good, and says where they are, or says where they would go in a dry run; undefined where they
 * stay. `forget` forgets a failure.
 */
export function asideOf(
  { options, signal, log, returnFiles }: NodeTools<AsideSettings>,
  forget: (path: string) => void,
): UploadQueueOptions<unknown>['setAside'] {
  const { failedFolder, isDryRun } = options;
  if (failedFolder === undefined) return undefined;

  async function putAway(file: StableFile, folder: string, reason: Error): Promise<void> {
    const place = await setAside(file, folder, reason, { signal });
    log('warn', 'set-aside', { file: file.path, place });
    // Put back, it is tried anew, whatever was remembered of it.
    forget(file.path);
    // Put back at once, it may have been missed by nobody.
    returnFiles(pathsOfGroup(file));
  }

  async function sayWhere(file: StableFile, folder: string): Promise<void> {
    const places = await planAside(file, folder, { signal });
    log('info', 'would-set-aside', { file: file.path, place: places.join(', ') });
  }

  return async (file, reason) => {
    try {
      if (isDryRun) await sayWhere(file, failedFolder);
      else await putAway(file, failedFolder, reason);
      return !isDryRun;
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

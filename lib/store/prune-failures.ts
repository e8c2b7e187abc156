import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isGone } from '../file-io.js';
import type { FileStore } from './file-store.js';

/**
 * Forgets the failures of files that are gone, or are another version now. A file whose folder is not there is none of
 * them: its disk may come back.
 */
export async function pruneFailures(store: FileStore, node: string, signal: AbortSignal): Promise<void> {
  for await (const { path, sizeBytes, mtimeMs } of store.failures(node)) {
    if (signal.aborted) return;
    const stats = await lstat(path).catch(async (error: unknown) =>
      isGone(error) && (await isThere(dirname(path))) ? 'gone' : 'unknown',
    );
    const isOver =
      typeof stats === 'string' ? stats === 'gone' : stats.size !== sizeBytes || stats.mtimeMs !== mtimeMs;
    if (isOver) store.forgetFailure(node, path);
  }
}

const isThere = (folder: string) =>
  lstat(folder).then(
    () => true,
    () => false, // Whatever the reason: nothing is known of what is in it.
  );

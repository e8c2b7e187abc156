import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInExtensions, extensionOf } from '../watch/extensions.js';

/**
 * Photos and videos in a folder and below it, without hidden ones; no link is followed.
 * @param onUnreadable called for what cannot be read, which does not stop the rest
 */
export async function* filesInArchive(
  folder: string,
  signal: AbortSignal,
  onUnreadable: () => void,
): AsyncGenerator<{ path: string; stats: Stats }> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    try {
      for await (const entry of await opendir(next)) {
        signal.throwIfAborted();
        const path = join(next, entry.name);
        if (entry.name.startsWith('.')) continue;
        if (entry.isDirectory()) folders.push(path);
        if (!entry.isFile() || !builtInExtensions.has(extensionOf(entry.name))) continue;
        const stats = await lstat(path).catch(onUnreadable);
        if (stats) yield { path, stats };
      }
    } catch {
      signal.throwIfAborted();
      // A folder that cannot be listed is counted, and the rest goes on.
      onUnreadable();
    }
  }
}

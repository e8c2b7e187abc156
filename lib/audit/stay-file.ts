import { lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { StableFile } from '../media-file.js';

/** The record of a file that is to be uploaded from where it lies and to stay there; undefined when none lies there. */
export async function stayingFile(path: string, now: Date): Promise<StableFile | undefined> {
  const stats = await lstat(path).catch(() => undefined); // Whatever the reason, it cannot be uploaded.
  if (!stats?.isFile() || stats.size === 0) return undefined;
  const at = now.toISOString();
  return {
    path,
    folder: dirname(path),
    relativePath: basename(path),
    sizeBytes: stats.size,
    mtimeMs: stats.mtimeMs,
    foundAt: at,
    stableAt: at,
    quietMs: 0,
    hasVideoCheck: false,
    isFollowingLinks: false,
    staysInPlace: true,
  };
}

import { constants } from 'node:fs';
import { opendir, stat, statfs } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { say } from '../say.js';
import { builtInExtensions, extensionOf } from '../watch/extensions.js';
import type { FolderWatchOptions } from '../watch/folder-watch.js';
import { type Finding, findingsIn } from './finding.js';
import { may } from './folder-tree.js';
import { folderTrouble, missingArchive, rightAdvice, size } from './folder-trouble.js';

/** Which files of a folder count; the settings of folder-watch. */
export type FolderFilter = Pick<
  FolderWatchOptions,
  'isRecursive' | 'isIgnored' | 'extensions' | 'minBytes' | 'maxBytes' | 'archiveFolder' | 'isFollowingLinks'
>;

/** How far a look goes, so that it ends soon whatever the folder holds. */
export interface LookLimits {
  readonly mostEntries?: number;
  readonly longestMs?: number;
}

interface Look {
  matching: number;
  entries: number;
  isWhole: boolean;
  unreadable: number;
}

const finding = findingsIn('Folders');

/**
 * Says of a folder to watch whether it is there, can be read, and how many files wait in it. No name of what is in it
 * is told.
 * @throws the reason of the signal
 */
export async function checkWatchFolder(
  path: string,
  filter: FolderFilter,
  signal: AbortSignal,
  limits: LookLimits = {},
): Promise<Finding> {
  const trouble = await folderTrouble(path);
  if (trouble !== undefined) return finding(path, 'problem', ...trouble);
  if (!(await may(path, constants.R_OK | constants.X_OK))) {
    return finding(path, 'problem', say`cannot be read`, rightAdvice('read'));
  }
  const look = await countFiles(path, filter, signal, limits);
  const waiting = waitingIn(look);
  if (!look.isWhole)
    return finding(path, 'ok', say`can be read; at least ${waiting}, and there is more to see`);
  if (look.unreadable > 0) {
    const found =
      look.unreadable === 1
        ? say`${waiting}; ${look.unreadable} folder below cannot be read`
        : say`${waiting}; ${look.unreadable} folders below cannot be read`;
    return finding(path, 'warning', found, rightAdvice('read'));
  }
  return finding(path, 'ok', say`can be read; ${waiting}`);
}

function waitingIn({ matching }: Look): string {
  if (matching === 0) return say`no file waits in it`;
  return matching === 1 ? say`${matching} file waits in it` : say`${matching} files wait in it`;
}

/** Says of an archive folder whether it is there or can be made, and what is free. Nothing is written. */
export async function checkArchiveFolder(path: string): Promise<Finding> {
  const trouble = await folderTrouble(path);
  if (trouble !== undefined) return missingArchive(path, finding(path, 'problem', ...trouble));
  if (!(await may(path, constants.W_OK | constants.X_OK))) {
    return finding(path, 'problem', say`nothing can be written there`, rightAdvice('write'));
  }
  const { bavail, bsize } = await statfs(path);
  return finding(path, 'ok', say`can be written; ${size(bavail * bsize)} are free`);
}

async function countFiles(
  root: string,
  filter: FolderFilter,
  signal: AbortSignal,
  { mostEntries = 50_000, longestMs = 3_000 }: LookLimits,
): Promise<Look> {
  const endsAt = performance.now() + longestMs;
  const look: Look = { matching: 0, entries: 0, isWhole: true, unreadable: 0 };
  const ahead = [root];
  for (let folder = ahead.pop(); folder !== undefined; folder = ahead.pop()) {
    const entries = await opendir(folder).catch(() => undefined);
    if (entries === undefined) {
      look.unreadable += 1;
      continue;
    }
    for await (const entry of entries) {
      signal.throwIfAborted();
      look.entries += 1;
      if (look.entries > mostEntries || performance.now() > endsAt) return { ...look, isWhole: false };
      const path = join(folder, entry.name);
      if (path === filter.archiveFolder || filter.isIgnored(relative(root, path), entry.isDirectory()))
        continue;
      if (entry.isDirectory() && filter.isRecursive) ahead.push(path);
      const isCandidate = entry.isFile() || (filter.isFollowingLinks && entry.isSymbolicLink());
      if (isCandidate && (await isWanted(path, filter))) look.matching += 1;
    }
  }
  return look;
}

async function isWanted(path: string, { extensions, minBytes, maxBytes, isFollowingLinks }: FolderFilter) {
  if (!(extensions ?? builtInExtensions).has(extensionOf(path))) return false;
  if (minBytes === 0 && maxBytes === Number.POSITIVE_INFINITY && !isFollowingLinks) return true;
  // What went meanwhile does not wait.
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size >= minBytes && found.size <= maxBytes;
}

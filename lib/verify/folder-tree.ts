import { constants } from 'node:fs';
import { access, lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { compileIgnoreRules, defaultIgnorePatterns } from '../watch/ignore-rules.js';

/** What lies in a watched folder. */
export interface FolderTree {
  /** Folders, itself included: each takes one watch of the system. */
  readonly folderCount: number;
  readonly fileCount: number;
  readonly fileBytes: number;
  /** Folders that could not be listed, at most ten. */
  readonly unreadable: readonly string[];
  /** Folders out of which nothing may be moved, at most ten. */
  readonly unwritable: readonly string[];
}

export interface FolderTreeOptions {
  readonly isRecursive: boolean;
  /** Neither is looked into. */
  readonly archiveFolder: string;
  readonly failedFolder?: string | undefined;
  readonly signal: AbortSignal;
}

const MOST_NAMES = 10;

/**
 * Counts what lies in a folder, without the litter that is never watched.
 * @throws the reason of the signal
 */
export async function readTree(root: string, options: FolderTreeOptions): Promise<FolderTree> {
  const { isRecursive, archiveFolder, failedFolder, signal } = options;
  const isIgnored = compileIgnoreRules(defaultIgnorePatterns);
  const tree = { folderCount: 0, fileCount: 0, fileBytes: 0, unreadable: noNames(), unwritable: noNames() };
  const ahead = [root];
  for (let folder = ahead.pop(); folder !== undefined; folder = ahead.pop()) {
    signal.throwIfAborted();
    tree.folderCount += 1;
    if (!(await may(folder, constants.W_OK | constants.X_OK))) note(tree.unwritable, folder);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) note(tree.unreadable, folder);
    for (const entry of entries ?? []) {
      const path = join(folder, entry.name);
      if (path === archiveFolder || path === failedFolder) continue;
      if (isIgnored(relative(root, path), entry.isDirectory())) continue;
      if (entry.isDirectory() && isRecursive) ahead.push(path);
      if (!entry.isFile()) continue;
      tree.fileCount += 1;
      // A file that went meanwhile counts as empty.
      tree.fileBytes += (await lstat(path).catch(() => undefined))?.size ?? 0;
    }
  }
  return tree;
}

/** Whether we may use a path in these ways (`R_OK`, `W_OK`, `X_OK`). */
export async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

function noNames(): string[] {
  return [];
}

function note(names: string[], name: string): void {
  if (names.length < MOST_NAMES) names.push(name);
}

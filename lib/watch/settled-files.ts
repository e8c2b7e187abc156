import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { SeenFile } from '../store/seen-file.js';
import type { KnownFolder } from './folder-index.js';
import type { FolderEntry } from './folder-listing.js';

/** Answers for each of some files whether it was dealt with before a restart and needs nothing. */
export type AreSettled = (files: readonly SeenFile[]) => Promise<readonly boolean[]>;

/** The version of a file as the index notes it. */
export const versionText = ({ size, mtimeMs }: Stats) => `${size}:${mtimeMs}`;

/** Names of the files among the entries of a folder that are new here, but were dealt with before. */
export async function settledNames(
  folder: KnownFolder,
  entries: readonly FolderEntry[],
  seen: readonly (Stats | string)[],
  areSettled: AreSettled | undefined,
): Promise<ReadonlySet<string>> {
  if (areSettled === undefined) return NONE;
  const files = entries.flatMap(({ name }, at) => {
    const stats = seen[at];
    if (typeof stats !== 'object' || folder.versions.get(name) === versionText(stats)) return [];
    return [{ name, path: join(folder.path, name), sizeBytes: stats.size, mtimeMs: stats.mtimeMs }];
  });
  if (files.length === 0) return NONE;
  const answers = await areSettled(files);
  return new Set(files.filter((_, at) => answers[at]).map(({ name }) => name));
}

const NONE: ReadonlySet<string> = new Set();

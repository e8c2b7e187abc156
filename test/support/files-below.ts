import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Relative paths of all files below a folder, sorted; empty when the folder is missing. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

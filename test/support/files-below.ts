import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ARCHIVE_MARK } from '../../lib/archive/archive-disk.js';

/** Relative paths of all files below a folder but the mark of an archive, sorted; empty when the folder is missing. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== ARCHIVE_MARK)
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

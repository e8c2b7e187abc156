import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { slugOf } from '../slug.js';

const LONGEST_NAME = 24;

/**
 * The id of a watched folder: `holiday-photos-3f2a1c`, made of `[a-z0-9-]`. It is the same after every restart, says
 * what the folder is called, and tells apart folders of one name; `path` is absolute, without a slash at its end.
 */
export function folderId(path: string): string {
  const name = slugOf(basename(path).replaceAll('_', ' '), LONGEST_NAME);
  return `${name || 'folder'}-${createHash('sha1').update(path).digest('hex').slice(0, 6)}`;
}

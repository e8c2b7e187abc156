import { createHash } from 'node:crypto';
import { basename } from 'node:path';

const LONGEST_NAME = 24;

/**
 * The id of a watched folder: `holiday-photos-3f2a1c`, made of `[a-z0-9-]`. It is the same after every restart, says
 * what the folder is called, and tells apart folders of one name; `path` is absolute, without a slash at its end.
 */
export function folderId(path: string): string {
  const name = basename(path)
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replace(/^-+|-+$/g, '');
  return `${name || 'folder'}-${createHash('sha1').update(path).digest('hex').slice(0, 6)}`;
}

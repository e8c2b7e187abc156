import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this pack, as in its package.json, which is one folder further up once the pack is built. */
export function packVersion(): string {
  const isBuilt = import.meta.dirname.endsWith(join('dist', 'nodes'));
  const path = join(import.meta.dirname, isBuilt ? '../../package.json' : '../package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return version;
}

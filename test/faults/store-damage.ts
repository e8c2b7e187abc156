import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../support/files-below.js';
import type { Random } from './prng.js';

/** Damages what a Node-RED that does not run remembered, or takes it away; gives what was done. */
export function damageStore(userDir: string, random: Random): string {
  const store = join(userDir, 'immich-bridge', 'store');
  const files = filesBelow(store).map((name) => join(store, name));
  if (files.length === 0) return 'nothing to damage';
  const file = random.pick(files);
  const how = random.pick(['deleted', 'cut off', 'flipped', 'all deleted'] as const);
  if (how === 'all deleted') rmSync(store, { recursive: true });
  else if (how === 'deleted') rmSync(file);
  else if (how === 'cut off') truncateSync(file, Math.floor(readFileSync(file).length / 2));
  else {
    const bytes = readFileSync(file);
    for (let at = random.int(0, 20); at < bytes.length; at += 50) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
  }
  return `${how} ${file.slice(store.length + 1)}`;
}

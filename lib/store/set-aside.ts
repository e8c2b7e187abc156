import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GONE, unlessCode } from '../file-io.js';

/** So many damaged stores are kept for those who want to look into them. */
const MOST_KEPT = 2;

/** Puts a damaged store out of the way under a name with the date, and deletes older ones; gives its new place. */
export async function setAside(folder: string, now: Date): Promise<string> {
  const place = `${folder}-damaged-${now.toISOString().replace(/\D/g, '').slice(0, 17)}`;
  await rename(folder, place);
  const start = `${basename(folder)}-damaged-`;
  const names = (await readdir(dirname(folder))).filter((name) => name.startsWith(start)).sort();
  for (const name of names.slice(0, -MOST_KEPT)) {
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
  return place;
}

/** Whether the heart of a store is missing while its data is there: LevelDB would begin anew without a word. */
export async function isHeadless(folder: string): Promise<boolean> {
  const names = (await unlessCode(GONE, readdir(folder))) ?? [];
  return !names.includes('CURRENT') && names.some((name) => /^\d+\.(?:ldb|sst|log)$/.test(name));
}

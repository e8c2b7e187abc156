import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** What the store needs of a database: text under text, in the order of the keys. */
export interface Database {
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  batch(changes: Change[]): Promise<void>;
  iterator(range: { gte: string; lt: string }): AsyncIterable<[string, string]> & { close(): Promise<void> };
  close(): Promise<void>;
}

/** One change of a batch, which is written whole or not at all. */
export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** The change that puts a value under a key, or deletes what is there when it is null. */
export function toChange([key, value]: readonly [string, string | null]): Change {
  return value === null ? { type: 'del', key } : { type: 'put', key, value };
}

/** Opens a LevelDB in a folder, which is made when it is missing; one process can have it at a time. */
export async function openLevel(folder: string): Promise<Database> {
  // Not before it is needed: on a machine for which there is no binary, everything else works.
  const { ClassicLevel } = await import('classic-level');
  const level = new ClassicLevel(folder, { cacheSize: 2 ** 21, writeBufferSize: 2 ** 20, maxOpenFiles: 100 });
  await level.open();
  return level;
}

const LOG_BYTES = 64 * 1024;

/** Whether LevelDB had to drop records of its journal when it was opened: it writes that down and goes on. */
export async function hasDroppedRecords(folder: string): Promise<boolean> {
  const file = await open(join(folder, 'LOG')).catch(() => undefined); // Without its notes there is nothing to know.
  if (file === undefined) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(LOG_BYTES), 0, LOG_BYTES, 0);
    return /: dropping \d+ bytes|Ignoring error/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ArchivedFile } from '../../lib/media-file.js';
import { type FileStore, openFileStore } from '../../lib/store/file-store.js';
import type { StoreDatabaseOptions } from '../../lib/store/store-database.js';
import type { StoreProblem } from '../../lib/store/store-problem.js';
import { sha1Of, tempFolder } from './world.js';

/** A store of one test, with all that it said. */
export interface StoreWorld {
  readonly folder: string;
  readonly store: FileStore;
  readonly problems: StoreProblem[];
  /** Opens what the last one left, as the next start does. */
  reopen(options?: Partial<StoreDatabaseOptions>): Promise<StoreWorld>;
}

/** Opens a store in `folder`, by default in one of this test's own; it is closed after the test. */
export function storeWorld(
  options: Partial<StoreDatabaseOptions> = {},
  folder = join(tempFolder(), 'store'),
): StoreWorld {
  const problems: StoreProblem[] = [];
  const store = openFileStore({ folder, onProblem: (problem) => problems.push(problem), ...options });
  onTestFinished(() => store.close());
  return {
    folder,
    store,
    problems,
    async reopen(next = options) {
      await store.close();
      return storeWorld(next, folder);
    },
  };
}

/** An archived file with the name as its bytes. */
export function archivedFile(path: string, changes: Partial<ArchivedFile> = {}): ArchivedFile {
  const at = '2026-11-26T08:00:00.000Z';
  return {
    path,
    folder: '/photos',
    relativePath: path.slice(8),
    sizeBytes: path.length,
    mtimeMs: 1_700_000_000_123.456,
    foundAt: at,
    stableAt: at,
    quietMs: 0,
    hasVideoCheck: false,
    sha1: sha1Of(path),
    ctimeMs: 1_700_000_000_999.25,
    assetId: `asset-of-${path.length}`,
    uploadOutcome: 'created',
    isTrashed: false,
    uploadedAt: at,
    archivedTo: path,
    archiveOutcome: 'kept',
    archivedAt: at,
    ...changes,
  };
}

/** Reads a generator to its end. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

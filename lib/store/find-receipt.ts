import type { FileStore } from './file-store.js';
import type { Receipt } from './store-record.js';

/**
 * The receipt of a file in the library `server` (a `serverId`), by its SHA-1 in any case, or by the path where it lies now
 * or lay until it was archived; undefined when nothing is remembered of it.
 */
export async function findReceipt(
  store: Pick<FileStore, 'file' | 'formerFile' | 'receipt'>,
  server: string,
  { path, sha1 }: { readonly path?: string | undefined; readonly sha1?: string | undefined },
): Promise<Receipt | undefined> {
  if (sha1 !== undefined) return store.receipt(server, sha1.toLowerCase());
  if (path === undefined) return undefined;
  const known = (await store.file(server, path)) ?? (await store.formerFile(server, path));
  return known && store.receipt(server, known.sha1);
}

import type { ArchivedFile, UploadedFile } from '../media-file.js';
import { isKept, isSameVersion, type SeenFile } from './seen-file.js';
import { openStoreDatabase, type StoreDatabaseOptions } from './store-database.js';
import { failureKey, fileKey, formerKey, receiptKey, sweepKey } from './store-key.js';
import {
  type FailedFile,
  failedFile,
  type KnownFile,
  knownFile,
  type Receipt,
  receipt,
} from './store-record.js';

/** A file that was proven, with where its record travels: enough of an `UploadedFile` for a memory. */
type Proven = Pick<
  UploadedFile,
  'path' | 'sizeBytes' | 'mtimeMs' | 'ctimeMs' | 'sha1' | 'uploadOutcome' | 'uploadedAt'
> & {
  /** Null for a sidecar, of which there is no receipt: Immich does not know it by its bytes. */
  readonly assetId: string | null;
};
type Archived = Proven & Pick<ArchivedFile, 'archivedTo' | 'archivedAt'>;

/** Of the file that lies in the archive now. */
type Place = Pick<KnownFile, 'sizeBytes' | 'mtimeMs' | 'ctimeMs'>;

/** What is remembered of one version of a file. */
export interface Recalled {
  readonly known: KnownFile | undefined;
  readonly failure: FailedFile | undefined;
}

/**
 * What was uploaded where, and what failed. It only saves work: it may be lost without losing a photo, and nothing of it
 * throws. `server` is a `serverId`.
 */
export interface FileStore {
  /** What is remembered of the file at a path; undefined when nothing is. */
  file(server: string, path: string): Promise<KnownFile | undefined>;
  /** What lay at a path until it was archived or deleted, the last one of that name. */
  formerFile(server: string, path: string): Promise<KnownFile | undefined>;
  /** What is remembered of bytes, by their SHA-1. */
  receipt(server: string, sha1: string): Promise<Receipt | undefined>;
  /** A file is in Immich. */
  noteUploaded(server: string, file: Proven): void;
  /** Its original was moved to `place`, as it lies there now; without a place it was deleted. */
  noteArchived(server: string, file: Archived, place?: Place): void;
  /** Its original stays where it is: this archive-move is through with this version. */
  noteKept(server: string, file: Archived, keptBy: string): void;
  /** A file in an archive has these bytes; no receipt is made of it. */
  noteSeen(server: string, path: string, file: Omit<KnownFile, 'keptBy'>): void;
  /** Which of these files need nothing any more: one of these archive-moves was through with this very version. */
  areKept(
    servers: readonly string[],
    keepers: ReadonlySet<string>,
    files: readonly SeenFile[],
  ): Promise<boolean[]>;
  /** A file at a path is of no interest any more. */
  forgetFile(server: string, path: string): void;
  /** All files that are remembered for a server, by their paths, from one on where it is given. */
  files(server: string, from?: string): AsyncGenerator<[path: string, file: KnownFile]>;
  /** A file is gone since then, or there again; nothing is noted when another version is known by now. */
  noteMissing(server: string, path: string, file: KnownFile, sinceMs: number | undefined): Promise<void>;
  /** Up to which path the files of a server were looked through last; empty for the beginning. */
  sweptTo(server: string): Promise<string>;
  noteSweptTo(server: string, path: string): void;
  /** All receipts of a server. */
  receipts(server: string): AsyncGenerator<Receipt>;
  /** A file waits for a person; `node` is the uploader that has it in hand. */
  noteFailed(node: string, failure: FailedFile): void;
  /** What is remembered of this version of a file, and of its failure. */
  recall(server: string, node: string, file: SeenFile): Promise<Recalled>;
  forgetFailure(node: string, path: string): void;
  failures(node: string): AsyncGenerator<FailedFile>;
  /** Whether there is a memory that can be used. */
  isUsable(): Promise<boolean>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store in a folder when it is first used; see `openStoreDatabase`. */
export function openFileStore(options: StoreDatabaseOptions): FileStore {
  const db = openStoreDatabase(options);

  async function read<Content>(key: string, parse: (fields: readonly unknown[]) => Content) {
    const [fields] = await db.getMany([key]);
    return fields && parse(fields);
  }
  const file = (server: string, path: string) => read(fileKey(server, path), knownFile.read);
  const receiptOf = (server: string, sha1: string) =>
    read(receiptKey(server, sha1), (fields) => receipt.read(sha1, fields));

  function putFile(server: string, path: string, known: KnownFile): void {
    db.put(fileKey(server, path), knownFile.fields(known));
  }

  /** One after the other, so that what is read before a change is what came before it. */
  let last = Promise.resolve();
  const inOrder = (work: () => Promise<void>) => {
    last = last.then(work);
  };

  /** The first receipt counts: who finds the same bytes again only confirms it. */
  async function confirm(server: string, next: Receipt): Promise<void> {
    const known = await receiptOf(server, next.sha1);
    if (known?.assetId !== next.assetId) db.put(receiptKey(server, next.sha1), receipt.fields(next));
  }

  async function archive(server: string, of: Archived): Promise<void> {
    const known = (await receiptOf(server, of.sha1)) ?? firstReceipt(of);
    if (known === undefined) return;
    const { archivedTo, archivedAt } = of;
    db.put(receiptKey(server, of.sha1), receipt.fields({ ...known, archivedTo, archivedAt }));
  }

  return {
    file,
    formerFile: (server, path) => read(formerKey(server, path), knownFile.read),
    receipt: receiptOf,
    noteUploaded(server, of) {
      putFile(server, of.path, { ...of, keptBy: null });
      const first = firstReceipt(of);
      if (first === undefined) return;
      if (of.uploadOutcome === 'duplicate') inOrder(() => confirm(server, first));
      else db.put(receiptKey(server, of.sha1), receipt.fields(first));
    },
    noteArchived(server, of, place) {
      if (of.archivedTo !== of.path) {
        db.remove(fileKey(server, of.path));
        db.put(formerKey(server, of.path), knownFile.fields({ ...of, keptBy: null }));
      }
      if (of.archivedTo !== null && place !== undefined)
        putFile(server, of.archivedTo, { ...place, sha1: of.sha1, keptBy: null });
      inOrder(() => archive(server, of));
    },
    noteKept(server, of, keptBy) {
      putFile(server, of.path, { ...of, keptBy });
      inOrder(() => archive(server, of));
    },
    noteSeen: (server, path, of) => putFile(server, path, { ...of, keptBy: null }),
    async areKept(servers, keepers, files) {
      const keys = servers.flatMap((server) => files.map(({ path }) => fileKey(server, path)));
      const records = keepers.size === 0 ? [] : await db.getMany(keys);
      return files.map((seen, index) =>
        servers.some((_, at) => isKept(records[at * files.length + index], seen, keepers)),
      );
    },
    forgetFile: (server, path) => db.remove(fileKey(server, path)),
    async *files(server, from = '') {
      const start = fileKey(server, '');
      for await (const [key, fields] of db.entries(start, start + from))
        yield [key.slice(start.length), knownFile.read(fields)];
    },
    async noteMissing(server, path, seen, missingSinceMs) {
      const known = await file(server, path);
      if (known?.sha1 === seen.sha1 && isSameVersion(known, seen))
        putFile(server, path, { ...known, missingSinceMs });
    },
    sweptTo: async (server) => (await read(sweepKey(server), ([path]) => String(path))) ?? '',
    noteSweptTo: (server, path) => db.put(sweepKey(server), [path]),
    async *receipts(server) {
      const start = receiptKey(server, '');
      for await (const [key, fields] of db.entries(start))
        yield receipt.read(key.slice(start.length), fields);
    },
    noteFailed: (node, failure) => db.put(failureKey(node, failure.path), failedFile.fields(failure)),
    async recall(server, node, seen) {
      const [known, failure] = await db.getMany([fileKey(server, seen.path), failureKey(node, seen.path)]);
      const of = {
        known: known && knownFile.read(known),
        failure: failure && failedFile.read(seen.path, failure),
      };
      return {
        known: of.known && isSameVersion(of.known, seen) ? of.known : undefined,
        failure: of.failure && isSameVersion(of.failure, seen) ? of.failure : undefined,
      };
    },
    forgetFailure: (node, path) => db.remove(failureKey(node, path)),
    async *failures(node) {
      const start = failureKey(node, '');
      for await (const [key, fields] of db.entries(start))
        yield failedFile.read(key.slice(start.length), fields);
    },
    isUsable: db.isUsable,
    async flush() {
      await last;
      await db.flush();
    },
    async close() {
      await last;
      await db.close();
    },
  };
}

function firstReceipt(of: Proven): Receipt | undefined {
  const { sha1, assetId, uploadOutcome: outcome, sizeBytes, uploadedAt, path } = of;
  if (assetId === null) return undefined;
  return { sha1, assetId, outcome, sizeBytes, uploadedAt, path, archivedTo: null, archivedAt: null };
}

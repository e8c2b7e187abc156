import { isBelow } from '../archive/archive-path.js';
import { hashFile, isSameVersion, versionOf } from '../file-version.js';
import type { ImmichClient, KnownAsset } from '../immich/immich-client.js';
import type { FileStore } from '../store/file-store.js';
import { filesInArchive } from './archive-files.js';
import { type AuditedFile, type AuditReport, createAuditTally } from './audit-report.js';

export interface AuditOptions {
  readonly store: FileStore;
  /** `serverId` of the library that is asked. */
  readonly server: string;
  readonly client: Pick<ImmichClient, 'check' | 'origin'>;
  /** Archives to look through, absolute. */
  readonly folders: readonly string[];
  /** Whether what is remembered of files outside of these folders counts, too. */
  readonly isEverything: boolean;
  readonly signal: AbortSignal;
  /** Puts a file back into the line; false when it cannot be. Without it nothing is. */
  readonly requeue?: ((file: AuditedFile) => Promise<boolean>) | undefined;
  readonly now?: () => Date;
}

/** So many checksums are asked about at a time. */
const BATCH = 1_000;

/**
 * Asks Immich about everything that is remembered as uploaded and about what lies in the archives. Only files that the
 * memory does not know in this version are read, one after the other.
 * @throws ImmichError when Immich cannot be asked; the reason of the signal
 */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { store, server, client, folders, signal, now = () => new Date() } = options;
  const tally = createAuditTally();
  const startedAt = now().toISOString();
  const hasMemory = await store.isUsable();
  const isWithin = (path: string) => options.isEverything || folders.some((folder) => isBelow(folder, path));

  async function judge(file: AuditedFile, asset: KnownAsset): Promise<void> {
    const absent = file.assetId === null ? 'unknown' : 'missing';
    const finding = asset.isKnown ? (asset.isTrashed ? 'trashed' : 'present') : absent;
    tally.add(finding, file);
    if (finding === absent && (await options.requeue?.(file))) tally.counts.requeued += 1;
  }

  async function ask(batch: AuditedFile[]): Promise<KnownAsset[]> {
    signal.throwIfAborted();
    const assets = await Promise.all(batch.map(({ sha1 }) => client.check(sha1)));
    for (const [index, file] of batch.entries()) await judge(file, assets[index] ?? { isKnown: false });
    return assets;
  }

  async function askAboutReceipts(): Promise<void> {
    let batch: AuditedFile[] = [];
    for await (const { sha1, assetId, path, archivedTo } of store.receipts(server)) {
      const place = archivedTo ?? path;
      if (!isWithin(place)) continue;
      batch.push({ sha1, assetId, path: place });
      if (batch.length < BATCH) continue;
      await ask(batch);
      batch = [];
    }
    if (batch.length > 0) await ask(batch);
  }

  /** The bytes of a file that has no receipt; undefined for one that has, or that is counted otherwise. */
  async function unproven(
    path: string,
    stats: Parameters<typeof versionOf>[0],
  ): Promise<AuditedFile | undefined> {
    const version = versionOf(stats);
    const known = await store.file(server, path);
    const isKnown = known !== undefined && isSameVersion(known, version);
    const sha1 = isKnown ? known.sha1 : (await hashFile({ path }, version, { signal })).sha1;
    if (known !== undefined && known.sha1 !== sha1) {
      tally.add('changed', {
        sha1,
        path,
        assetId: (await store.receipt(server, known.sha1))?.assetId ?? null,
      });
      return undefined;
    }
    if (!isKnown) store.noteSeen(server, path, { ...version, sha1 });
    const receipt = await store.receipt(server, sha1);
    return receipt === undefined ? { sha1, path, assetId: null } : undefined;
  }

  async function askAboutFolder(folder: string): Promise<void> {
    let batch: AuditedFile[] = [];
    const onUnreadable = () => {
      tally.counts.unreadable += 1;
    };
    for await (const { path, stats } of filesInArchive(folder, signal, onUnreadable)) {
      const file = await unproven(path, stats).catch(() => {
        signal.throwIfAborted();
        onUnreadable();
      });
      if (file) batch.push(file);
      if (batch.length < BATCH) continue;
      await ask(batch);
      batch = [];
    }
    if (batch.length > 0) await ask(batch);
  }

  await askAboutReceipts();
  for (const folder of folders) await askAboutFolder(folder);
  return {
    server: client.origin,
    startedAt,
    endedAt: now().toISOString(),
    ...tally.counts,
    hasMemory,
    files: tally.files,
  };
}

import type { NodeMessage } from 'node-red';
import { isSidecar } from '../lib/companions/media-kind.js';
import type { ImmichClient } from '../lib/immich/immich-client.js';
import { ImmichError } from '../lib/immich/immich-error.js';
import type { StableFile, UploadedFile } from '../lib/media-file.js';
import type { FileStore } from '../lib/store/file-store.js';
import { atMostEvery } from '../lib/throttle.js';
import { createFellowBook, type FellowBookOptions } from '../lib/upload/fellow-book.js';
import type { StackPolicy } from '../lib/upload/join-assets.js';
import { groupingUpload } from '../lib/upload/late-companions.js';
import type { Attempt } from '../lib/upload/upload-file.js';
import type { UploadQueue } from '../lib/upload/upload-queue.js';
import type { NodeTools } from './_node-tools.js';

type Upload = (file: StableFile, attempt: Attempt) => Promise<UploadedFile>;

const MOST_PARKED = 10_000;
const TELL_EVERY_MS = 60_000;

/** What an immich-upload node does about files that belong together. */
export function companionsOf(
  tools: NodeTools<{ readonly stackPolicy: StackPolicy }>,
  { client, upload, lookUp }: { client: ImmichClient; upload: Upload; lookUp: FellowBookOptions['lookUp'] },
) {
  const { options, signal, log } = tools;
  const book = createFellowBook({ ...(lookUp && { lookUp }) });
  /** Sidecars that wait for a photo in hand, or for one to come. */
  const parked = new Set<string>();
  const said = new Set<string>();
  const tellParked = atMostEvery(TELL_EVERY_MS, signal, () => {
    if (parked.size > 0) log('info', 'parked', { count: parked.size });
  });
  const park = (path: string) => {
    parked.add(path);
    const [oldest] = parked;
    if (parked.size > MOST_PARKED && oldest !== undefined) parked.delete(oldest);
  };
  const onNotice = (notice: Error, file: StableFile) => {
    // A permission is missing for all alike.
    const key = notice instanceof ImmichError ? `${notice.kind} ${notice.permission}` : file.path;
    if (said.has(key) || said.size > MOST_PARKED) return;
    said.add(key);
    log('warn', 'notice', { file: file.path, reason: notice.message });
  };
  return {
    book,
    upload: groupingUpload({ client, upload, book, onNotice, stackPolicy: options.stackPolicy }),
    /** Has a lone sidecar wait for the end of a photo that is in hand; it takes none of the places of others meanwhile. */
    withLateOnes: (queue: UploadQueue<NodeMessage>): UploadQueue<NodeMessage> => ({
      ...queue,
      async add(file, msg) {
        if (!isSidecar(file.path)) {
          const end = queue.add(file, msg);
          book.begin(file.path, end);
          return end;
        }
        park(file.path);
        await book.settled(file.path);
        signal.throwIfAborted();
        const uploaded = await queue.add(file, msg).catch((error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === 'no-photo') tellParked();
          else parked.delete(file.path);
          throw error;
        });
        parked.delete(file.path);
        return uploaded;
      },
      paths: () => [...new Set([...queue.paths(), ...parked])],
    }),
  };
}

/** Looks in the store for a photo that was uploaded before a restart, and lies there still or was archived from there. */
export function fellowIn(store: FileStore, server: string): NonNullable<FellowBookOptions['lookUp']> {
  return async (path) => {
    const known = (await store.file(server, path)) ?? (await store.formerFile(server, path));
    const receipt = known && (await store.receipt(server, known.sha1));
    if (known === undefined || receipt === undefined) return undefined;
    return { path, sizeBytes: known.sizeBytes, mtimeMs: known.mtimeMs, assetId: receipt.assetId };
  };
}

import { lstat } from 'node:fs/promises';
import { delay } from '../backoff.js';
import { isGone } from '../file-io.js';
import type { FileStore } from './file-store.js';
import type { KnownFile } from './store-record.js';

export interface SweepOptions {
  readonly store: Pick<FileStore, 'files' | 'forgetFile' | 'noteMissing' | 'sweptTo' | 'noteSweptTo'>;
  /** `serverId` of the library whose files are looked through. */
  readonly server: string;
  readonly signal: AbortSignal;
  /** The most that are looked at in one go (20,000). */
  readonly most?: number;
  /** So many of them together (50), and so long a pause between two lots, in milliseconds (100). */
  readonly together?: number;
  readonly pauseMs?: number;
  readonly now?: () => number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A disk that is not mounted, or a card in a drawer, is back by then; if not, its files are hashed once more. */
const FORGET_AFTER_MS = 30 * DAY_MS;

/**
 * Looks whether the remembered files are still there, some thousands in one go, and goes on there the next time. One that
 * was gone at two looks, 30 days apart and at none in between, is forgotten. Receipts are kept: what was deleted in Immich
 * stays deleted.
 */
export async function sweepFiles(options: SweepOptions): Promise<void> {
  const { store, server, signal, most = 20_000, together = 50, pauseMs = 100, now = Date.now } = options;
  let from = await store.sweptTo(server);
  for (let count = 0; count < most && !signal.aborted; count += together) {
    const lot = await firstOf(store.files(server, from), together);
    await Promise.all(lot.map(([path, known]) => judge(path, known)));
    const last = lot.at(-1)?.[0];
    from = last === undefined || lot.length < together ? '' : `${last}\0`;
    store.noteSweptTo(server, from);
    if (from === '') return;
    await delay(pauseMs, signal).catch(() => undefined); // The end is seen above.
  }

  async function judge(path: string, known: KnownFile): Promise<void> {
    const { missingSinceMs } = known;
    const isMissing = await isMissingAt(path);
    if (!isMissing) {
      if (missingSinceMs !== undefined) await store.noteMissing(server, path, known, undefined);
      return;
    }
    // A clock that was set back begins anew.
    const sinceMs = missingSinceMs !== undefined && missingSinceMs <= now() ? missingSinceMs : now();
    if (now() - sinceMs >= FORGET_AFTER_MS) store.forgetFile(server, path);
    else if (sinceMs !== missingSinceMs) await store.noteMissing(server, path, known, sinceMs);
  }
}

/** Does so ten minutes after the start, when that has its work behind it, and once a day from then on. */
export function sweepDaily(options: SweepOptions): void {
  const { signal } = options;
  const again = (ms: number) => {
    const timer = setTimeout(() => void sweepFiles(options).finally(() => again(DAY_MS)), ms).unref();
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  };
  if (!signal.aborted) again(10 * MINUTE_MS);
}

/** What cannot be looked at (rights, a share that hangs) is not missing. */
async function isMissingAt(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    (error: unknown) => isGone(error),
  );
}

async function firstOf<Item>(items: AsyncIterable<Item>, most: number): Promise<Item[]> {
  const first: Item[] = [];
  for await (const item of items) {
    first.push(item);
    if (first.length === most) break;
  }
  return first;
}

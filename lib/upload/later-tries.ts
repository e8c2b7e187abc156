import { backoffMs, delay } from '../backoff.js';
import { FileVersionError, readVersion } from '../file-version.js';
import { ImmichError } from '../immich/immich-error.js';
import type { StableFile } from '../media-file.js';
import { createAddressWait } from './address-wait.js';
import type { UploadQueueOptions } from './queue-options.js';
import type { Entry, Phase } from './upload-entry.js';
import type { createUploadLine } from './upload-line.js';

interface LaterTriesOptions<Context> {
  readonly line: ReturnType<typeof createUploadLine<Context>>;
  readonly options: Pick<
    UploadQueueOptions<Context>,
    'signal' | 'firstMs' | 'maxMs' | 'random' | 'wayFor' | 'lookMs'
  >;
  readonly pump: () => void;
}

const ON_ITS_WAY = new Set<Phase>(['pending', 'active', 'delayed', 'settling']);

/** The files of a queue that are tried again by themselves: after a pause, or when there is a way for them. */
export function createLaterTries<Context>({ line, options, pump }: LaterTriesOptions<Context>) {
  const { signal, firstMs = 1_000, maxMs = 300_000, random } = options;
  const again = (entry: Entry<Context>) => {
    line.enqueue(entry);
    pump();
  };
  const wait = createAddressWait<Entry<Context>>({
    wayFor: options.wayFor ?? (async () => 'open'),
    isSame: ({ file }) => isSame(file),
    release: again,
    isOnItsWay: (entry) => line.has(entry) && ON_ITS_WAY.has(entry.phase),
    signal,
    everyMs: options.lookMs,
  });

  return {
    /** Tries a file again after a pause that grows, or the one that the server asked for. */
    async afterPause(entry: Entry<Context>, error: unknown): Promise<void> {
      entry.phase = 'delayed';
      const askedMs = error instanceof ImmichError ? (error.retryAfterMs ?? 0) : 0;
      const pauseMs = backoffMs(entry.attempts, { firstMs, maxMs, ...(random && { random }) });
      try {
        await delay(Math.max(askedMs, pauseMs), signal);
      } catch {
        return; // The end: this entry was given up with everything else.
      }
      again(entry);
    },
    /** Tries a file again when an address lets it through; waiting for that is no try. */
    whenThereIsAWay(entry: Entry<Context>, bytes: number): void {
      entry.phase = 'held';
      entry.attempts -= 1;
      wait.hold(entry, bytes);
    },
    /** A file is not in hand any more. */
    forget: wait.forget,
  };
}

/** Whether a file still lies there as it was. What cannot be told changes nothing. */
async function isSame(file: StableFile): Promise<boolean> {
  try {
    const { sizeBytes, mtimeMs } = await readVersion(file);
    return sizeBytes === file.sizeBytes && mtimeMs === file.mtimeMs;
  } catch (error) {
    return !(error instanceof FileVersionError);
  }
}

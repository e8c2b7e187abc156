import { assetsOfGroup, bytesOfGroup } from '../companions/companion.js';
import type { AddressView } from '../immich/address.js';
import type { ImmichError, ImmichErrorKind } from '../immich/immich-error.js';
import type { UploadedFile } from '../media-file.js';
import { localDay } from './local-day.js';
import { isResting, type Pause } from './pause.js';
import { createRateMeter } from './rate-meter.js';
import { countsOn, noCounts, type UploadCounts, withFailed, withUploaded } from './upload-counts.js';
import type { Entry, Phase } from './upload-entry.js';

/**
 * What the uploader is doing, as its second output tells it. Counts are photos and videos, those that travel with another
 * one too, but no sidecars beside them; sizes are bytes, times ISO 8601.
 */
export interface UploadState {
  /** `backoff` waits for something that will pass, `error` for a person; both hold all files. */
  readonly state: 'idle' | 'uploading' | 'paused' | 'backoff' | 'error';
  /** Files that are neither on their way nor failed, with those that folder-watch keeps back. */
  readonly pending: number;
  /** Files that are hashed, sent or proven now. */
  readonly active: number;
  /** Those of the pending files that are too large for the address in use, and wait for another. */
  readonly waitingForAddress: number;
  /** The addresses of the server, in the order of the settings, with what each has let through. */
  readonly addresses: readonly AddressView[];
  /** Files that wait for a person, each with its reason told to a Catch node. */
  readonly failed: number;
  /** Files that were deleted in Immich and are not uploaded again. */
  readonly leftAlone: number;
  readonly concurrency: number;
  /** Whether a person paused it. */
  readonly isPaused: boolean;
  /** When that pause ends by itself; null for one that does not, and without one. */
  readonly pausedUntil: string | null;
  /** When the quiet hours end in which nothing is sent; null while there are none. */
  readonly quietUntil: string | null;
  /** Over all restarts. */
  readonly totals: UploadCounts['totals'];
  /** Since local midnight, over all restarts: files that are in Immich now, and times that one failed for a person. */
  readonly today: { readonly uploaded: number; readonly failed: number };
  /** How much of the files on their way has been sent, 0 to 100; null while nothing is sent. */
  readonly percent: number | null;
  /** Mean of the last ten seconds. */
  readonly bytesPerSecond: number;
  /** Over all restarts, as is `lastFile`. */
  readonly lastUploadAt: string | null;
  /** Base name of the last uploaded file. */
  readonly lastFile: string | null;
  /** Why all files wait; null while none does. */
  readonly problem: { readonly kind: ImmichErrorKind; readonly message: string } | null;
}

export interface UploadFacts {
  readonly entries: Iterable<Entry<unknown>>;
  readonly pause: Pause;
  readonly trouble: ImmichError | undefined;
  readonly concurrency: number;
  readonly addresses: readonly AddressView[];
}

export interface UploadTallyOptions {
  /** What was counted before. */
  readonly counts?: UploadCounts;
  readonly now?: () => Date;
}

/** Counts what was sent and uploaded, and sums up the queue. */
export function createUploadTally({ counts: before, now = () => new Date() }: UploadTallyOptions = {}) {
  const meter = createRateMeter();
  let counted = before ?? noCounts(localDay(now()));
  const counts = () => {
    counted = countsOn(localDay(now()), counted);
    return counted;
  };
  return {
    /** Bytes went out. */
    sent: meter.add,
    /** A file is in Immich. */
    uploaded(file: UploadedFile) {
      counted = withUploaded(counts(), file);
    },
    /** A person was told of a file that failed. */
    failed() {
      counted = withFailed(counts());
    },
    /** What was counted up to now; the same object as long as it stays the same. */
    counts,
    describe({ entries, pause, trouble, concurrency, addresses }: UploadFacts): UploadState {
      const phases: Record<Phase, number> = {
        pending: 0,
        active: 0,
        settling: 0,
        delayed: 0,
        held: 0,
        failed: 0,
        left: 0,
      };
      const way = { sentBytes: 0, totalBytes: 0 };
      for (const { phase, file, sentBytes } of entries) {
        phases[phase] += assetsOfGroup(file);
        if (phase !== 'active') continue;
        way.sentBytes += sentBytes;
        way.totalBytes += bytesOfGroup(file);
      }
      const percent = Math.min(100, Math.round((100 * way.sentBytes) / way.totalBytes));
      const { totals, today, lastUploadAt, lastFile } = counts();
      return {
        state: stateName(isResting(pause), trouble, phases),
        pending: phases.pending + phases.settling + phases.delayed + phases.held,
        active: phases.active,
        waitingForAddress: phases.held,
        addresses,
        failed: phases.failed,
        leftAlone: phases.left,
        concurrency,
        ...pause,
        totals: { ...totals },
        today: { uploaded: today.uploaded, failed: today.failed },
        percent: way.totalBytes === 0 ? null : percent,
        bytesPerSecond: meter.bytesPerSecond(),
        lastUploadAt,
        lastFile,
        problem: trouble === undefined ? null : { kind: trouble.kind, message: trouble.message },
      };
    },
  };
}

/** The order says which fact outweighs which. */
function stateName(
  isAtRest: boolean,
  trouble: ImmichError | undefined,
  phases: Record<Phase, number>,
): UploadState['state'] {
  if (isAtRest) return 'paused';
  if (trouble !== undefined) return trouble.willPass ? 'backoff' : 'error';
  if (phases.active > 0 || phases.pending > 0) return 'uploading';
  return phases.delayed + phases.held > 0 ? 'backoff' : 'idle';
}

import { basename } from 'node:path';
import type { ImmichError, ImmichErrorKind } from '../immich/immich-error.js';
import type { UploadedFile } from '../media-file.js';
import type { Entry, Phase } from './upload-entry.js';

/** What the uploader is doing, as its second output tells it. Counts are files, sizes bytes, times ISO 8601. */
export interface UploadState {
  /** `backoff` waits for something that will pass, `error` for a person; both hold all files. */
  readonly state: 'idle' | 'uploading' | 'paused' | 'backoff' | 'error';
  /** Files in hand that are neither on their way nor failed. */
  readonly pending: number;
  /** Files that are hashed, sent or proven now. */
  readonly active: number;
  /** Files that wait for a person, each with its reason told to a Catch node. */
  readonly failed: number;
  readonly concurrency: number;
  readonly isPaused: boolean;
  /** Since the node started. */
  readonly totals: { readonly files: number; readonly bytes: number; readonly duplicates: number };
  /** How much of the files on their way has been sent, 0 to 100; null while nothing is sent. */
  readonly percent: number | null;
  /** Mean of the last ten seconds. */
  readonly bytesPerSecond: number;
  readonly lastUploadAt: string | null;
  /** Base name of the last uploaded file. */
  readonly lastFile: string | null;
  /** Why all files wait; null while none does. */
  readonly problem: { readonly kind: ImmichErrorKind; readonly message: string } | null;
}

export interface UploadFacts {
  readonly entries: Iterable<Entry<unknown>>;
  readonly isPaused: boolean;
  readonly trouble: ImmichError | undefined;
  readonly concurrency: number;
}

/** Counts what was sent and uploaded since the start, and sums up the queue. */
export function createUploadTally() {
  const meter = createRateMeter();
  const totals = { files: 0, bytes: 0, duplicates: 0 };
  let last: UploadedFile | undefined;
  return {
    /** Bytes went out. */
    sent: meter.add,
    /** A file is in Immich. */
    uploaded(file: UploadedFile) {
      totals.files += 1;
      totals.bytes += file.sizeBytes;
      if (file.uploadOutcome === 'duplicate') totals.duplicates += 1;
      last = file;
    },
    describe({ entries, isPaused, trouble, concurrency }: UploadFacts): UploadState {
      const counts: Record<Phase, number> = { pending: 0, active: 0, settling: 0, delayed: 0, failed: 0 };
      const way = { sentBytes: 0, totalBytes: 0 };
      for (const { phase, file, sentBytes } of entries) {
        counts[phase] += 1;
        if (phase !== 'active') continue;
        way.sentBytes += sentBytes;
        way.totalBytes += file.sizeBytes;
      }
      const percent = Math.min(100, Math.round((100 * way.sentBytes) / way.totalBytes));
      return {
        state: stateName(isPaused, trouble, counts),
        pending: counts.pending + counts.settling + counts.delayed,
        active: counts.active,
        failed: counts.failed,
        concurrency,
        isPaused,
        totals: { ...totals },
        percent: way.totalBytes === 0 ? null : percent,
        bytesPerSecond: meter.bytesPerSecond(),
        lastUploadAt: last?.uploadedAt ?? null,
        lastFile: last === undefined ? null : basename(last.path),
        problem: trouble === undefined ? null : { kind: trouble.kind, message: trouble.message },
      };
    },
  };
}

/** The order says which fact outweighs which. */
function stateName(
  isPaused: boolean,
  trouble: ImmichError | undefined,
  counts: Record<Phase, number>,
): UploadState['state'] {
  if (isPaused) return 'paused';
  if (trouble !== undefined) return trouble.willPass ? 'backoff' : 'error';
  if (counts.active > 0 || counts.pending > 0) return 'uploading';
  return counts.delayed > 0 ? 'backoff' : 'idle';
}

/** Bytes a second over the last `windowMs`; times are `now()` in milliseconds. */
export function createRateMeter({ windowMs = 10_000, now = () => performance.now() } = {}) {
  let slots: { at: number; bytes: number }[] = [];
  const forgetOld = (at: number) => {
    slots = slots.filter((slot) => at - slot.at < windowMs);
  };
  return {
    add(bytes: number) {
      const at = Math.floor(now() / 500) * 500;
      const last = slots.at(-1);
      if (last?.at === at) last.bytes += bytes;
      else {
        forgetOld(at);
        slots.push({ at, bytes });
      }
    },
    bytesPerSecond() {
      const at = now();
      forgetOld(at);
      const first = slots[0];
      if (first === undefined) return 0;
      const seconds = Math.max(1, (at - first.at) / 1_000);
      return Math.round(slots.reduce((sum, slot) => sum + slot.bytes, 0) / seconds);
    },
  };
}

import { type Fields, fieldsOf, numberOf, recordOf } from '../fields.js';
import { localDay } from '../upload/local-day.js';

/** What became of the files that were in hand together. */
export interface BatchSummary {
  /** Files that are in Immich now, with those that were there before. */
  readonly files: number;
  readonly bytes: number;
  readonly duplicates: number;
  readonly failed: number;
  /** From the first file in hand to the last one gone. */
  readonly seconds: number;
}

export interface BatchWatchOptions {
  /** How long nothing may be in hand before a batch is over, in milliseconds. */
  readonly quietMs?: number;
}

/** Sums up batches from the states of an uploader. Times are milliseconds of a clock, for the day of today too. */
export interface BatchWatch {
  /** Takes the payload of an `upload/state` message; anything else changes nothing. */
  see(state: unknown, now: number): void;
  /** When the open batch will be over if no state comes before; null while none is open or files are in hand. */
  readonly endsAt: number | null;
  /** The batch that is over by now, once; undefined for none, and for one in which nothing happened. */
  finish(now: number): BatchSummary | undefined;
}

interface Counts {
  readonly files: number;
  readonly bytes: number;
  readonly duplicates: number;
  readonly failedToday: number;
}

interface Seen extends Counts {
  readonly inHand: number;
  readonly day: string;
}

interface Batch {
  readonly startedAt: number;
  files: number;
  bytes: number;
  duplicates: number;
  failed: number;
  /** Since when nothing is in hand. */
  emptySince: number | null;
}

/** Makes a watch. The first state is only what the next ones are compared with, unless files are in hand. */
export function createBatchWatch({ quietMs = 5_000 }: BatchWatchOptions = {}): BatchWatch {
  let last: Seen | undefined;
  let batch: Batch | undefined;
  const endsAt = () => (batch?.emptySince == null ? null : batch.emptySince + quietMs);

  return {
    see(state, now) {
      const seen = seenOf(state, now);
      if (seen === undefined) return;
      const growth = growthOf(last ?? seen, seen);
      last = seen;
      const isBusy = seen.inHand > 0 || growth.files > 0 || growth.failed > 0;
      if (!isBusy && batch === undefined) return;
      batch ??= { startedAt: now, files: 0, bytes: 0, duplicates: 0, failed: 0, emptySince: null };
      batch.files += growth.files;
      batch.bytes += growth.bytes;
      batch.duplicates += growth.duplicates;
      batch.failed += growth.failed;
      if (seen.inHand > 0) batch.emptySince = null;
      else if (isBusy || batch.emptySince === null) batch.emptySince = now;
    },
    get endsAt() {
      return endsAt();
    },
    finish(now) {
      const end = endsAt();
      if (batch === undefined || batch.emptySince === null || end === null || now < end) return undefined;
      const { files, bytes, duplicates, failed, startedAt, emptySince } = batch;
      batch = undefined;
      if (files === 0 && failed === 0) return undefined;
      const seconds = Math.max(0, Math.round((emptySince - startedAt) / 100) / 10);
      return { files, bytes, duplicates, failed, seconds };
    },
  };
}

function seenOf(state: unknown, now: number): Seen | undefined {
  const fields = recordOf(state);
  const pending = numberOf(fields?.pending);
  const active = numberOf(fields?.active);
  if (fields === undefined || pending === null || active === null) return undefined;
  return {
    // What waits for another address may do so for days.
    inHand: pending + active - (numberOf(fields.waitingForAddress) ?? 0),
    day: localDay(new Date(now)),
    ...countsOf(fieldsOf(fields.totals), fieldsOf(fields.today)),
  };
}

function countsOf(totals: Fields, today: Fields): Counts {
  return {
    files: numberOf(totals.files) ?? 0,
    bytes: numberOf(totals.bytes) ?? 0,
    duplicates: numberOf(totals.duplicates) ?? 0,
    failedToday: numberOf(today.failed) ?? 0,
  };
}

/** What came on top between two states. A total that became smaller was set anew: it tells nothing of this batch. */
function growthOf(before: Seen, after: Seen): Pick<Batch, 'files' | 'bytes' | 'duplicates' | 'failed'> {
  const grown = (key: keyof Counts) => Math.max(0, after[key] - before[key]);
  const isAfterMidnight = after.day !== before.day && after.failedToday < before.failedToday;
  return {
    files: grown('files') + grown('duplicates'),
    bytes: grown('bytes'),
    duplicates: grown('duplicates'),
    failed: isAfterMidnight ? after.failedToday : grown('failedToday'),
  };
}

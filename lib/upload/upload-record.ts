import { isConcurrency } from './command.js';
import type { PauseLease } from './pause.js';
import type { DayCounts, UploadCounts } from './upload-counts.js';

/** What an uploader remembers over restarts. */
export interface UploadRecord {
  /** Version of this schema. */
  readonly v: 1;
  readonly isPaused: boolean;
  /** When that pause ends by itself; null when it does not. Records of earlier versions do not have it. */
  readonly lease: PauseLease | null;
  /** Set by a command in place of the `configured` value; null when none was. */
  readonly concurrency: { readonly value: number; readonly configured: number } | null;
  readonly counts: UploadCounts;
}

/** Reads what an earlier run wrote; undefined when it is nothing of the kind. */
export function asUploadRecord(content: unknown): UploadRecord | undefined {
  if (!isFields(content)) return undefined;
  const { v, isPaused, lease = null, concurrency, counts } = content;
  if (v !== 1 || typeof isPaused !== 'boolean' || !isLease(lease)) return undefined;
  if (!isChoice(concurrency) || !isCounts(counts)) return undefined;
  return { v, isPaused, lease, concurrency, counts };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isLease(value: unknown): value is PauseLease | null {
  if (value === null) return true;
  const { sinceMs, untilMs } = isFields(value) ? value : {};
  return isCount(sinceMs) && isCount(untilMs) && Number(untilMs) > Number(sinceMs);
}

function isChoice(value: unknown): value is UploadRecord['concurrency'] {
  return value === null || (isFields(value) && isConcurrency(value.value) && isConcurrency(value.configured));
}

function isCounts(value: unknown): value is UploadCounts {
  if (!isFields(value)) return false;
  const { totals, today, lastUploadAt, lastFile } = value;
  return (
    isFields(totals) &&
    [totals.files, totals.bytes, totals.duplicates].every(isCount) &&
    isDay(today) &&
    (lastUploadAt === null || isTime(lastUploadAt)) &&
    (lastFile === null || typeof lastFile === 'string')
  );
}

function isDay(value: unknown): value is DayCounts {
  return (
    isFields(value) &&
    [value.uploaded, value.failed].every(isCount) &&
    [value.day, value.clockDay].every((day) => typeof day === 'string' && /^\d{4}-\d\d-\d\d$/.test(day))
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

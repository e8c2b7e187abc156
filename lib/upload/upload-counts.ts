import { basename } from 'node:path';
import { isSidecar } from '../companions/media-kind.js';
import type { UploadedFile } from '../media-file.js';

/** What an uploader has done so far, over all restarts. Counts are files, sizes bytes; duplicates are no uploads. */
export interface UploadCounts {
  readonly totals: { readonly files: number; readonly bytes: number; readonly duplicates: number };
  readonly today: DayCounts;
  /** ISO 8601 in UTC; null before the first upload. */
  readonly lastUploadAt: string | null;
  /** Base name of the last uploaded file. */
  readonly lastFile: string | null;
}

/** What was done on one day. */
export interface DayCounts {
  /** Files that arrived in Immich. */
  readonly uploaded: number;
  /** Times that a person was told of a file that failed. */
  readonly failed: number;
  /** The local day that is counted, as `2026-11-21`. */
  readonly day: string;
  /** The day that the clock showed last: an earlier one than `day` after it was set back. */
  readonly clockDay: string;
}

/** An uploader that has done nothing yet, on its first day. */
export function noCounts(day: string): UploadCounts {
  return {
    totals: { files: 0, bytes: 0, duplicates: 0 },
    today: { uploaded: 0, failed: 0, day, clockDay: day },
    lastUploadAt: null,
    lastFile: null,
  };
}

/**
 * The counts on the day that the clock shows: a new day begins at nothing. A clock that is set back begins none, so
 * that a machine which wakes up in 1970 and asks for the time afterwards still knows what it did today.
 */
export function countsOn(day: string, counts: UploadCounts): UploadCounts {
  const { today } = counts;
  if (day === today.clockDay) return counts;
  const isSameDay = day === today.day || day < today.clockDay;
  const next = isSameDay ? { ...today, clockDay: day } : noCounts(day).today;
  return { ...counts, today: next };
}

/**
 * The counts after one more file is in Immich with its companions; what was there before is only a duplicate, however
 * often it is met, and a sidecar counts as nothing.
 */
export function withUploaded(counts: UploadCounts, file: UploadedFile): UploadCounts {
  const { companions = [] } = file;
  const assets = companions.filter(({ assetId }) => assetId !== null);
  return [file, ...assets].reduce((sum, one) => withAsset(sum, one, file), counts);
}

type Asset = Pick<UploadedFile, 'path' | 'sizeBytes' | 'uploadOutcome'>;

function withAsset(counts: UploadCounts, asset: Asset, { path, uploadedAt }: UploadedFile): UploadCounts {
  const { totals, today } = counts;
  if (isSidecar(asset.path)) return counts;
  if (asset.uploadOutcome === 'duplicate') {
    return { ...counts, totals: { ...totals, duplicates: totals.duplicates + 1 } };
  }
  return {
    totals: { ...totals, files: totals.files + 1, bytes: totals.bytes + asset.sizeBytes },
    today: { ...today, uploaded: today.uploaded + 1 },
    lastUploadAt: uploadedAt,
    lastFile: basename(path),
  };
}

/** The counts after a person was told of one more file that failed. */
export function withFailed(counts: UploadCounts): UploadCounts {
  return { ...counts, today: { ...counts.today, failed: counts.today.failed + 1 } };
}

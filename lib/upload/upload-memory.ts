import { errorCode } from '../file-io.js';
import { openJsonFile } from '../json-file.js';
import { atMostEvery } from '../throttle.js';
import { localDay } from './local-day.js';
import type { PauseLease } from './pause.js';
import { noCounts, type UploadCounts } from './upload-counts.js';
import { asUploadRecord, type UploadRecord } from './upload-record.js';

/** What goes wrong with a memory: what was remembered cannot be read, or nothing new can be written. */
export type UploadMemoryProblem = 'memory-unreadable' | 'memory-unwritable';

export interface UploadMemoryOptions {
  /** The file; undefined keeps nothing. */
  readonly path: string | undefined;
  /** What the settings say: when they were changed, they outweigh what a command said before. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Told once, and anew only after it went well; `reason` is the file system's code, or `damaged`. */
  readonly onProblem: (problem: UploadMemoryProblem, reason: string) => void;
  /** Counts are written at most this often, in milliseconds. */
  readonly everyMs?: number;
  readonly now?: () => Date;
}

/** The memory of one uploader. Nothing of it throws: an uploader that cannot remember works, and forgets. */
export interface UploadMemory {
  /** What still counts of the time before the restart. */
  readonly initial: Pick<UploadRecord, 'isPaused' | 'lease' | 'counts'> & { readonly concurrency: number };
  /** Writes at once that a person paused or resumed, and when a pause ends by itself; resolves when it is on disk, or cannot be. */
  keepPause(isPaused: boolean, lease?: PauseLease | null): Promise<void>;
  /** Writes at once how many files at a time a person wants, in place of the settings. */
  keepConcurrency(value: number): Promise<void>;
  /** Writes the counts, soon. */
  note(counts: UploadCounts): void;
  /** Writes what is not yet written. */
  end(counts: UploadCounts): Promise<void>;
  /** Deletes the file, in place of `end`. */
  forget(): Promise<void>;
}

/** Opens the memory of an uploader. Nothing is written before there is something to remember. */
export function openUploadMemory(options: UploadMemoryOptions): UploadMemory {
  const { path, signal, onProblem, everyMs = 5_000, now = () => new Date() } = options;
  const file = openJsonFile(path, asUploadRecord);
  if (file.problem !== undefined) onProblem('memory-unreadable', file.problem);
  let record = file.initial ?? newRecord(now());
  let written = record;
  let hasToldUnwritable = false;

  const failed = (error: unknown) => {
    if (!hasToldUnwritable) onProblem('memory-unwritable', errorCode(error) ?? String(error));
    hasToldUnwritable = true;
  };
  const write = async () => {
    const next = record;
    if (next === written) return;
    try {
      await file.save(next);
      written = next;
      hasToldUnwritable = false;
    } catch (error) {
      failed(error);
    }
  };
  const writeSoon = atMostEvery(everyMs, signal, () => void write());
  const keep = (part: Partial<UploadRecord>) => {
    record = { ...record, ...part };
    return write();
  };
  const { isPaused, lease, counts, concurrency: chosen } = record;
  const isChosen = chosen?.configured === options.concurrency;
  // Else the old choice would come back with the old setting.
  if (chosen !== null && !isChosen) void keep({ concurrency: null });
  return {
    initial: { isPaused, lease, counts, concurrency: isChosen ? chosen.value : options.concurrency },
    keepPause: (isPausedNow, leaseNow = null) => keep({ isPaused: isPausedNow, lease: leaseNow }),
    keepConcurrency: (value) => keep({ concurrency: { value, configured: options.concurrency } }),
    note(next) {
      if (next === record.counts) return;
      record = { ...record, counts: next };
      writeSoon();
    },
    end: (next) => (next === record.counts ? write() : keep({ counts: next })),
    forget: () => file.remove().catch(failed),
  };
}

function newRecord(now: Date): UploadRecord {
  return { v: 1, isPaused: false, lease: null, concurrency: null, counts: noCounts(localDay(now)) };
}

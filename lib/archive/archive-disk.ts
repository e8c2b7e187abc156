import { dirname, join } from 'node:path';
import { errorCode, type FileIo, GONE, unlessCode } from '../file-io.js';
import { openJsonFile } from '../json-file.js';
import { say } from '../say.js';
import { ArchiveError } from './archive-error.js';

/** An empty file in the archive folder: where it is missing, another disk may lie there, or none. */
export const ARCHIVE_MARK = '.immich-bridge-archive';

/** What is remembered of an archive that was marked. */
interface MarkedArchive {
  readonly v: 1;
  readonly folder: string;
  /** The device it lay on, as text because a memory holds no big integers. */
  readonly device: string;
}

export interface ArchiveDiskOptions {
  /** Absolute. */
  readonly archiveFolder: string;
  /** The file that remembers the mark over restarts; undefined remembers it in this run alone. */
  readonly memory: string | undefined;
  readonly io: FileIo;
  /** For so long an answer counts, in milliseconds. */
  readonly everyMs?: number;
}

/** Knows the disk of an archive, so that a disk which is not mounted is not taken for an empty archive. */
export interface ArchiveDisk {
  /**
   * Marks the archive at its first use, and looks for the mark from then on.
   * @throws ArchiveError `no-disk`, transient, when the mark is gone and the place lies on another disk than before
   */
  mustBeThere(): Promise<void>;
  /** Remembers nothing of it any more; the mark stays. */
  forget(): Promise<void>;
}

/** Opens what is known of an archive's disk. Nothing is written before the first use. */
export function openArchiveDisk(options: ArchiveDiskOptions): ArchiveDisk {
  const { archiveFolder, memory, io, everyMs = 1_000 } = options;
  const file = openJsonFile(memory, asMarkedArchive);
  const mark = join(archiveFolder, ARCHIVE_MARK);
  let marked = file.initial?.folder === archiveFolder ? file.initial : undefined;
  let answer: { readonly atMs: number; readonly asked: Promise<void> } | undefined;

  async function ask(): Promise<void> {
    try {
      const device = await deviceOf(archiveFolder, io);
      if (await isThere(mark, io)) return await remember(device);
      if (marked !== undefined && marked.device !== device) throw missingDisk(archiveFolder);
      await io.fs.mkdir(archiveFolder, { recursive: true });
      await (await io.fs.open(mark, 'a')).close();
      await remember(await deviceOf(archiveFolder, io));
    } catch (error) {
      // A full or locked disk: it works without a mark, and what else is wrong comes up when the file is moved.
      if (error instanceof ArchiveError || errorCode(error) === undefined) throw error;
    }
  }

  async function remember(device: string): Promise<void> {
    if (marked?.device === device) return;
    marked = { v: 1, folder: archiveFolder, device };
    await file.save(marked).catch(() => undefined); // It is remembered in this run at least.
  }

  return {
    mustBeThere() {
      const atMs = performance.now();
      if (answer === undefined || atMs - answer.atMs >= everyMs) {
        const asked = ask();
        answer = { atMs, asked };
        // A disk that was missing is asked for anew by each try.
        asked.catch(() => {
          answer = undefined;
        });
      }
      return answer.asked;
    },
    forget: () => file.remove().catch(() => undefined), // A leftover of some bytes that nobody reads.
  };
}

function missingDisk(folder: string): ArchiveError {
  return new ArchiveError(
    'no-disk',
    say`The archive folder "${folder}" is not the one of before: its disk may not be mounted. Mount it; it is tried again by itself. If this is your new archive, put an empty file named ${ARCHIVE_MARK} into it.`,
    { isTransient: true },
  );
}

/** The device of a folder, or of the nearest one above it that is there. */
async function deviceOf(folder: string, io: FileIo): Promise<string> {
  const stats = await unlessCode(GONE, io.fs.stat(folder));
  if (stats !== undefined) return String(stats.dev);
  return folder === dirname(folder) ? '' : deviceOf(dirname(folder), io);
}

async function isThere(path: string, io: FileIo): Promise<boolean> {
  return (await unlessCode(GONE, io.fs.lstat(path))) !== undefined;
}

function asMarkedArchive(content: unknown): MarkedArchive | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const { v, folder, device } = content as Record<string, unknown>;
  return v === 1 && typeof folder === 'string' && typeof device === 'string'
    ? { v, folder, device }
    : undefined;
}

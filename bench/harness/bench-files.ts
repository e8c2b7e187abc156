import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** The files of a run, in a folder of their own. */
export interface BenchFiles {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly count: number;
  readonly bytes: number;
}

/** Writes photos that no server has seen: each begins with other random bytes. */
export function writePhotos(folder: string, count: number, sizeBytes: number): BenchFiles {
  const paths = freshFolder(folder, count, 'jpg');
  const bytes = randomBytes(sizeBytes);
  for (const path of paths) {
    randomBytes(32).copy(bytes);
    writeFileSync(path, bytes);
  }
  settle(folder);
  return { folder, paths, count, bytes: count * sizeBytes };
}

/**
 * Writes one large file that no server has seen. All but its beginning is a hole: to read it costs what it costs to
 * read a file that is in the memory of the system, and to hash and to send it the same as any other bytes.
 */
export function writeLarge(folder: string, sizeBytes: number): BenchFiles {
  const paths = freshFolder(folder, 1, 'mov');
  for (const path of paths) {
    const file = openSync(path, 'w');
    writeSync(file, randomBytes(1_000_000));
    ftruncateSync(file, sizeBytes);
    closeSync(file);
  }
  settle(folder);
  return { folder, paths, count: 1, bytes: sizeBytes };
}

/** Gives the same files another name each, in another folder: a program may move them away. */
export function linkFiles(files: BenchFiles, folder: string): BenchFiles {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(files.folder)) linkSync(join(files.folder, name), join(folder, name));
  settle(folder);
  return { ...files, folder, paths: readdirSync(folder).map((name) => join(folder, name)) };
}

function freshFolder(folder: string, count: number, extension: string): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, index) => join(folder, `${index}.${extension}`));
}

/** What was written goes to the disk now, and not while the programs run. */
function settle(folder: string): void {
  try {
    execFileSync('sync', ['-f', folder]);
  } catch {
    // Another system: the programs take turns, so that it disturbs them all.
  }
}

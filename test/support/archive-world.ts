import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import * as realFs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ARCHIVE_MARK } from '../../lib/archive/archive-disk.js';
import type { UploadedFile } from '../../lib/media-file.js';

/** What the tests of archiving start from: a watched folder, an archive folder, and files that Immich confirmed. */
export interface ArchiveWorld {
  readonly root: string;
  readonly watched: string;
  readonly archive: string;
  /** Writes a file below the watched folder and gives the record that immich-upload would send. */
  proven(relativePath: string, bytes?: string | Buffer, mtime?: Date): Promise<UploadedFile>;
}

/** A fresh world in the system's temporary folder; it is removed after the test. */
export async function makeWorld(archive?: string): Promise<ArchiveWorld> {
  const root = await makeFolder(tmpdir());
  const watched = join(root, 'watched');
  await realFs.mkdir(watched);
  return {
    root,
    watched,
    archive: archive ?? join(root, 'archive'),
    async proven(
      relativePath,
      bytes = `bytes of ${relativePath}`,
      mtime = new Date(2024, 4, 31, 23, 59, 58),
    ) {
      const path = join(watched, relativePath);
      await realFs.mkdir(dirname(path), { recursive: true });
      await realFs.writeFile(path, bytes);
      await realFs.utimes(path, mtime, mtime);
      return recordOf(watched, relativePath);
    },
  };
}

/** A fresh folder in `parent`; it is removed after the test. */
export async function makeFolder(parent: string): Promise<string> {
  const folder = await realFs.realpath(await realFs.mkdtemp(join(parent, 'immich-bridge-test-')));
  onTestFinished(() => realFs.rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** The record of a file as it lies there now. Its SHA-1 may be given, so that a big one is not read. */
export async function recordOf(folder: string, relativePath: string, sha1?: string): Promise<UploadedFile> {
  const path = join(folder, relativePath);
  const { size, mtimeMs, ctimeMs } = await realFs.lstat(path);
  const now = new Date().toISOString();
  return {
    path,
    folder,
    relativePath,
    sizeBytes: size,
    mtimeMs,
    ctimeMs,
    foundAt: now,
    stableAt: now,
    quietMs: 5_000,
    hasVideoCheck: true,
    sha1: sha1 ?? sha1Of(await realFs.readFile(path)),
    assetId: `asset-of-${basename(path)}`,
    uploadOutcome: 'created',
    isTrashed: false,
    uploadedAt: now,
  };
}

function sha1Of(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** Names of all files below a folder but the mark of an archive, relative to it and sorted; none when it does not exist. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await realFs.readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory() && entry.name !== ARCHIVE_MARK)
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** An error as the system throws it. */
export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: as a test wishes`), { code });
}

type Fs = typeof realFs;

/** The real file system, in which some calls fail with a code. */
export function failingFs(
  codes: Partial<Record<keyof Fs, string | ((path: string) => string | undefined)>>,
): Fs {
  const all = { ...realFs };
  const failing = Object.entries(codes).map(([name, code]) => {
    const real = all[name as keyof Fs] as (...args: unknown[]) => unknown;
    const call = async (...args: unknown[]) => {
      const found = typeof code === 'function' ? code(String(args[0])) : code;
      if (found !== undefined) throw systemError(found);
      return real(...args);
    };
    return [name, call];
  });
  return { ...realFs, ...(Object.fromEntries(failing) as Partial<Fs>) };
}

/** A file system on which the watched folder and the archive are two devices. */
export function twoDevices(world: Pick<ArchiveWorld, 'watched'>, base: Fs = realFs): Fs {
  const isWatched = (path: unknown) => String(path).startsWith(`${world.watched}/`);
  const crossing = (from: unknown, to: unknown) => isWatched(from) !== isWatched(to);
  return {
    ...base,
    async link(from, to) {
      if (crossing(from, to)) throw systemError('EXDEV');
      return base.link(from, to);
    },
    async rename(from, to) {
      if (crossing(from, to)) throw systemError('EXDEV');
      return base.rename(from, to);
    },
  };
}

/** Whether two folders lie on two devices. */
export async function areTwoDevices(a: string, b: string): Promise<boolean> {
  const [first, second]: (Stats | undefined)[] = await Promise.all(
    [a, b].map((path) => realFs.stat(path).catch(() => undefined)),
  );
  return first !== undefined && second !== undefined && first.dev !== second.dev;
}

import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isGone } from './file-io.js';
import { sha1OfHandle } from './sha1.js';

/** What tells one state of a file from the next. The change time shows a write that put the mtime back. */
export interface FileVersion {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** The file is not what it was: it `changed`, or it `vanished`. Neither is a failure; both end this attempt. */
export class FileVersionError extends Error {
  override readonly name = 'FileVersionError';
  constructor(
    readonly code: 'changed' | 'vanished',
    path: string,
  ) {
    super(
      `${basename(path)} ${code === 'changed' ? 'changed while it was being uploaded' : 'is no longer there'}.`,
    );
  }
  override toString(): string {
    return this.message;
  }
}

/** The version that a stat result shows. */
export function versionOf({ size, mtimeMs, ctimeMs }: Stats): FileVersion {
  return { sizeBytes: size, mtimeMs, ctimeMs };
}

/** Whether two looks saw the same state. */
export function isSameVersion(a: FileVersion, b: FileVersion): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}

/**
 * The version of the file at a path.
 * @throws FileVersionError `vanished` when nothing or no regular file is there
 */
export async function readVersion(path: string): Promise<FileVersion> {
  try {
    const stats = await stat(path);
    if (stats.isFile()) return versionOf(stats);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  throw new FileVersionError('vanished', path);
}

/**
 * SHA-1 (40 hex digits) of exactly one version of a file, read in pieces.
 * @throws FileVersionError when it is or becomes another version (an empty file counts as unfinished), or is gone
 */
export async function hashVersion(path: string, version: FileVersion, signal?: AbortSignal): Promise<string> {
  if (version.sizeBytes === 0) throw new FileVersionError('changed', path);
  const file = await open(path).catch((error: unknown) => {
    throw isGone(error) ? new FileVersionError('vanished', path) : error;
  });
  try {
    const sha1 = await sha1OfHandle(file, signal, version.sizeBytes);
    if (!isSameVersion(versionOf(await file.stat()), version)) throw new FileVersionError('changed', path);
    return sha1;
  } finally {
    await file.close();
  }
}

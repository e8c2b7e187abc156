import { hash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { isGone } from './file-io.js';
import { type FilePlace, lookAtFound, NoFileError, type OpenFile, openFoundFile } from './regular-file.js';
import { say } from './say.js';
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
      code === 'changed'
        ? say`${basename(path)} changed while it was being uploaded.`
        : say`${basename(path)} is no longer there.`,
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
 * The version of the file at a place.
 * @throws FileVersionError `vanished` when nothing or no regular file is there
 */
export async function readVersion(at: FilePlace | string): Promise<FileVersion> {
  const place = typeof at === 'string' ? { path: at } : at;
  try {
    const stats = await lookAtFound(place);
    if (stats.isFile()) return versionOf(stats);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  throw new FileVersionError('vanished', place.path);
}

/**
 * Makes sure that one version of a file is still there.
 * @throws FileVersionError when another one is there, or none
 */
export async function mustStillBe(at: FilePlace | string, version: FileVersion): Promise<void> {
  if (isSameVersion(await readVersion(at), version)) return;
  throw new FileVersionError('changed', typeof at === 'string' ? at : at.path);
}

/**
 * Opens exactly one version of a file for reading.
 * @throws FileVersionError when another version is there, or none that may be read
 */
export async function openVersion(place: FilePlace, version: FileVersion): Promise<OpenFile['file']> {
  const { file, stats } = await openFound(place);
  if (isSameVersion(versionOf(stats), version)) return file;
  await file.close();
  throw new FileVersionError('changed', place.path);
}

/** One version of a file and its SHA-1, 40 hex digits. */
export interface HashedVersion {
  readonly version: FileVersion;
  readonly sha1: string;
}

/** What a message says of a file: whatever lies there must be this. */
type Expected = Pick<FileVersion, 'sizeBytes' | 'mtimeMs'>;

/**
 * Hashes exactly one version of a file: all at once into `bytes`, which must be as long as the file, or else in pieces.
 * @throws FileVersionError when it is or becomes another version (an empty file counts as unfinished), or is gone
 */
export async function hashFile(
  place: FilePlace,
  expected: Expected,
  { bytes, signal }: { bytes?: Buffer | undefined; signal?: AbortSignal | undefined } = {},
): Promise<HashedVersion> {
  const changed = () => new FileVersionError('changed', place.path);
  if (expected.sizeBytes === 0) throw changed();
  const { file, stats } = await openFound(place);
  try {
    const version = versionOf(stats);
    if (version.sizeBytes !== expected.sizeBytes || version.mtimeMs !== expected.mtimeMs) throw changed();
    if (bytes !== undefined && !(await fill(bytes, file))) throw changed();
    const sha1 =
      bytes === undefined ? await sha1OfHandle(file, signal, version.sizeBytes) : hash('sha1', bytes, 'hex');
    if (!isSameVersion(versionOf(await file.stat()), version)) throw changed();
    return { version, sha1 };
  } finally {
    await file.close();
  }
}

async function openFound(place: FilePlace): Promise<OpenFile> {
  try {
    return await openFoundFile(place);
  } catch (error) {
    const isNone = isGone(error) || error instanceof NoFileError;
    throw isNone ? new FileVersionError('vanished', place.path) : error;
  }
}

/** Whether the file had enough bytes. */
async function fill(bytes: Buffer, file: FileHandle): Promise<boolean> {
  for (let position = 0; position < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, position, bytes.length - position, position);
    if (bytesRead === 0) return false;
    position += bytesRead;
  }
  return true;
}

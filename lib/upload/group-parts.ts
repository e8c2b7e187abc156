import { basename } from 'node:path';
import type { Companion } from '../companions/companion.js';
import { FileVersionError, type HashedVersion, hashFile, readVersion } from '../file-version.js';
import { MOST_SIDECAR_BYTES } from '../immich/upload-extras.js';
import type { StableFile } from '../media-file.js';
import { say } from '../say.js';

/** A sidecar of a group, as it was read. */
export interface Sidecar extends HashedVersion {
  readonly companion: Companion;
  /** Whether it reached an asset. */
  isUsed: boolean;
}

/** The sidecars of a group by their paths; one that is gone leaves the group, and one that is too large stays behind. */
export async function hashSidecars(
  file: StableFile,
  onNotice: (notice: Error, file: StableFile) => void,
): Promise<Map<string, Sidecar>> {
  const sidecars = new Map<string, Sidecar>();
  for (const companion of file.companions ?? []) {
    if (companion.kind !== 'sidecar') continue;
    if (companion.sizeBytes > MOST_SIDECAR_BYTES) {
      onNotice(tooLargeNotice(companion.path), file);
      continue;
    }
    const hashed = await unlessVanished(() => hashCompanion(companionFile(file, companion), companion));
    if (hashed === undefined) continue;
    const isEmpty = companion.sizeBytes === 0;
    if (isEmpty) onNotice(emptyNotice(companion.path), file);
    sidecars.set(companion.path, { ...hashed, companion, isUsed: isEmpty });
  }
  return sidecars;
}

/** The sentence about a sidecar that is none by its size. */
export function tooLargeNotice(path: string): Error {
  return new Error(
    say`${basename(path)} is larger than 16 MB, too large for a sidecar, so it is not sent and stays where it is.`,
  );
}

function emptyNotice(path: string): Error {
  return new Error(say`${basename(path)} is empty (0 bytes). It goes with its photo as it is.`);
}

/** SHA-1 of nothing. */
const EMPTY_SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';

/**
 * Hashes exactly one version of a companion. A sidecar may be empty: there is nothing in it that could be half written.
 * @throws as `hashFile` does
 */
export async function hashCompanion(
  file: StableFile,
  { kind, sizeBytes, mtimeMs }: Companion,
  signal?: AbortSignal,
): Promise<HashedVersion> {
  if (kind !== 'sidecar' || sizeBytes > 0) return hashFile(file, file, { signal });
  const version = await readVersion(file);
  if (version.sizeBytes === 0 && version.mtimeMs === mtimeMs) return { version, sha1: EMPTY_SHA1 };
  throw new FileVersionError('changed', file.path);
}

/** What the work on a file gives; undefined when the file is gone. */
export async function unlessVanished<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileVersionError && error.code === 'vanished') return undefined;
    throw error;
  }
}

/** A companion as the file that it is. */
export function companionFile({ companions: _, ...file }: StableFile, companion: Companion): StableFile {
  const { path, relativePath, sizeBytes, mtimeMs } = companion;
  return { ...file, path, relativePath, sizeBytes, mtimeMs };
}

/**
 * What a file is to the one that it travels with: its `sidecar`, the video of a live photo, the RAW of a developed
 * photo, another shot of a `burst`, or a `twin`: a file of the same base name that Immich shows by itself, and that only
 * travels along.
 */
export type CompanionKind = 'sidecar' | 'live-video' | 'raw' | 'burst' | 'twin';

/** A file that travels with another one of its folder. Bytes, and milliseconds since 1970. */
export interface Companion {
  readonly kind: CompanionKind;
  /** Absolute, in the folder of the file that it travels with. */
  readonly path: string;
  readonly relativePath: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** A companion that Immich holds. */
export interface UploadedCompanion extends Companion {
  /** 40 lower-case hex digits. */
  readonly sha1: string;
  readonly ctimeMs: number;
  /** Null for a sidecar, which is no asset of its own. */
  readonly assetId: string | null;
  /** Whether it came into Immich now; a sidecar counts as what its photo is. */
  readonly uploadOutcome: 'created' | 'duplicate';
}

/** A companion whose original was dealt with. */
export interface ArchivedCompanion extends UploadedCompanion {
  /** Where it is now; null when it was deleted by choice. */
  readonly archivedTo: string | null;
}

/** A file and those that travel with it. */
interface Fellows {
  readonly path: string;
  readonly sizeBytes: number;
  readonly companions?: readonly Companion[];
}

/** The paths of a file and its companions. */
export function pathsOfGroup({ path, companions = [] }: Pick<Fellows, 'path' | 'companions'>): string[] {
  return [path, ...companions.map((companion) => companion.path)];
}

/** Bytes of a file with its companions. */
export function bytesOfGroup({ sizeBytes, companions }: Fellows): number {
  if (companions === undefined) return sizeBytes;
  return companions.reduce((sum, companion) => sum + companion.sizeBytes, sizeBytes);
}

/** How many photos and videos a file and its companions are; sidecars do not count. */
export function assetsOfGroup({ companions }: Pick<Fellows, 'companions'>): number {
  if (companions === undefined) return 1;
  return companions.reduce((sum, { kind }) => sum + (kind === 'sidecar' ? 0 : 1), 1);
}

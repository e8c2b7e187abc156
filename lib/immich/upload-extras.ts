import { type FileVersion, FileVersionError, openVersion } from '../file-version.js';

/** Where Immich shows an asset. `hidden` is for the video part of a live photo. */
export type Visibility = 'timeline' | 'archive' | 'hidden' | 'locked';

/** A sidecar that travels in the request of its photo. */
export interface SidecarPart {
  readonly path: string;
  /** Must end in `.xmp`, in any case. */
  readonly fileName: string;
  /** The version that is sent, or nothing; at most `MOST_SIDECAR_BYTES` long. */
  readonly version: FileVersion;
}

/** What goes along with a file, beyond its bytes and its name. */
export interface UploadExtras {
  readonly sidecar?: SidecarPart;
  /** The asset of the video that moves this still. */
  readonly livePhotoVideoId?: string;
  readonly isFavorite?: boolean;
  readonly visibility?: Visibility;
  /** When it was taken, in milliseconds since 1970; Immich prefers what the file itself says. */
  readonly takenAtMs?: number;
}

/** Sidecars of real programs have some kilobytes, with many masks some megabytes. What is larger is none. */
export const MOST_SIDECAR_BYTES = 16 * 1024 * 1024;

/** The extras that are text fields of the form, in Immich's words. */
export function extraFields({
  livePhotoVideoId,
  isFavorite,
  visibility,
}: UploadExtras): Record<string, string> {
  return {
    ...(livePhotoVideoId !== undefined && { livePhotoVideoId }),
    ...(isFavorite !== undefined && { isFavorite: String(isFavorite) }),
    ...(visibility !== undefined && { visibility }),
  };
}

/**
 * The bytes of exactly one version of a sidecar.
 * @throws FileVersionError when another version is there, or none
 */
export async function readSidecar({ path, version }: SidecarPart): Promise<Buffer> {
  const file = await openVersion({ path }, version);
  try {
    const bytes = await file.readFile();
    if (bytes.length === version.sizeBytes) return bytes;
    throw new FileVersionError('changed', path);
  } finally {
    await file.close();
  }
}

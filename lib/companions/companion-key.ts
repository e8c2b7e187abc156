import { basename, dirname, extname, join } from 'node:path';
import { isAside, withoutAside } from '../archive/archive-path.js';
import { burstShotOf } from './burst-name.js';
import { isMediaName, isSidecar } from './media-kind.js';

/** Pixel phones give a photo and its RAW two names: PXL_20230330_184138390.RAW-01.COVER and ….RAW-02.ORIGINAL. */
const PIXEL_RAW = /^(pxl_\d{8}_\d{9}\.raw)-\d\d(?:\.mp)?\.(?:cover|original)$/;

/**
 * The base name of a file, by which those that belong together know each other: without its extension, in lower case,
 * and in one of the forms of Unicode. `x.jpg.xmp` and `x.xmp` both have that of `x.jpg`.
 */
export function baseOf(fileName: string): string {
  const name = isAside(fileName) ? withoutAside(fileName) : fileName;
  const stem = stemOf(name);
  const base = isSidecar(name) && isMediaName(stem) ? stemOf(stem) : stem;
  const folded = base.normalize('NFC').toLowerCase();
  return folded.startsWith('pxl_') ? folded.replace(PIXEL_RAW, '$1') : folded;
}

/**
 * What the names of files that may belong together have in common, within their folder: the base name, or the burst.
 * No file name can be a burst's key, because of its slash.
 */
export function nameKeyOf(fileName: string): string {
  const base = baseOf(fileName);
  const burst = burstShotOf(base);
  return burst === undefined ? base : `burst/${burst.id}`;
}

/** The same over all folders. */
export function pathKeyOf(path: string): string {
  return join(dirname(path), nameKeyOf(basename(path)));
}

/** The name, folded, of the one file that a sidecar as `x.jpg.xmp` belongs to; undefined for one as `x.xmp`. */
export function ownerOf(sidecarName: string): string | undefined {
  const name = withoutAside(sidecarName);
  const stem = stemOf(name);
  return isSidecar(name) && isMediaName(stem) ? foldedName(stem) : undefined;
}

/** A file name by which two spellings of it are the same. */
export function foldedName(fileName: string): string {
  return withoutAside(fileName).normalize('NFC').toLowerCase();
}

function stemOf(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}

import { extname } from 'node:path';

/** What a file is by its name: an XMP sidecar, an undeveloped photo, a video, or a photo of any other kind. */
export type MediaKind = 'sidecar' | 'raw' | 'video' | 'photo';

// Both as in `GET /server/media-types` of Immich 2.7.5.
const RAWS =
  '3fr ari arw cap cr2 cr3 crw dcr dng erf fff iiq k25 kdc mrw nef nrw orf ori pef raf raw rw2 rwl sr2 srf srw x3f';
const VIDEOS = '3gp 3gpp avi flv insv m2t m2ts m4v mkv mov mp4 mpe mpeg mpg mts mxf ts vob webm wmv';
const PHOTOS = 'avif bmp gif heic heif hif insp jp2 jpe jpeg jpg jxl png psd svg tif tiff webp';

const KINDS: ReadonlyMap<string, MediaKind> = new Map([
  ['.xmp', 'sidecar'],
  ...listed(RAWS, 'raw'),
  ...listed(VIDEOS, 'video'),
  ...listed(PHOTOS, 'photo'),
]);

function listed(extensions: string, kind: MediaKind): [string, MediaKind][] {
  return extensions.split(' ').map((extension) => [`.${extension}`, kind]);
}

/** What a file is; what no list names is a photo, because newer servers take more of them. */
export function mediaKindOf(name: string): MediaKind {
  return KINDS.get(extname(name).toLowerCase()) ?? 'photo';
}

/** Whether a name ends as that of a photo or video does that Immich takes. */
export function isMediaName(name: string): boolean {
  return (KINDS.get(extname(name).toLowerCase()) ?? 'sidecar') !== 'sidecar';
}

/** Whether a file is an XMP sidecar: what programs know of a photo, beside it. */
export function isSidecar(name: string): boolean {
  return /\.xmp$/i.test(name);
}

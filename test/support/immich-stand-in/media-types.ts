import { posix } from 'node:path';

const image = `avif bmp gif jpeg jpg png webp 3fr ari arw cap cin cr2 cr3 crw dcr dng erf fff iiq k25 kdc mrw nef nrw
  orf ori pef psd raf raw rw2 rwl sr2 srf srw x3f heic heif hif insp jp2 jpe jxl svg tif tiff`;
const video = '3gp 3gpp avi flv insv m2t m2ts m4v mkv mov mp4 mpe mpeg mpg mts mxf ts vob webm wmv';

/** The answer of `GET /server/media-types`: extensions with a dot, lower case. */
export const mediaTypes = {
  video: withDots(video),
  image: withDots(image),
  sidecar: ['.xmp'],
} as const;

/** What Immich makes of a file by its name alone; null for what it does not take. `.jpg` alone is a name without extension. */
export function assetTypeOf(fileName: string): 'IMAGE' | 'VIDEO' | null {
  const extension = posix.extname(fileName).toLowerCase();
  if (mediaTypes.image.includes(extension)) return 'IMAGE';
  return mediaTypes.video.includes(extension) ? 'VIDEO' : null;
}

/** Whether the name is one of a sidecar. */
export function isSidecarName(fileName: string): boolean {
  return posix.extname(fileName).toLowerCase() === '.xmp';
}

function withDots(words: string): readonly string[] {
  return words.split(/\s+/).map((word) => `.${word}`);
}

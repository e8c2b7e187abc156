import { extname } from 'node:path';
import { say } from '../say.js';
import {
  type HeaderReader,
  notWhole,
  TooManyPartsError,
  type VideoStructure,
  WHOLE,
  withHeaderReader,
} from './video/header-reader.js';
import { checkIsoBmff } from './video/iso-bmff.js';
import { checkMatroska } from './video/matroska.js';
import { checkRiff } from './video/riff.js';

export type { VideoStructure } from './video/header-reader.js';

type Check = (reader: HeaderReader) => Promise<VideoStructure>;

const nothingToCheck: Check = async () => WHOLE;

const CHECK_BY_EXTENSION: ReadonlyMap<string, Check> = new Map([
  ...['.mp4', '.m4v', '.mov', '.qt', '.3gp', '.3gpp', '.3g2', '.insv'].map(
    (name) => [name, checkIsoBmff] as const,
  ),
  ['.avi', checkRiff],
  ...['.mkv', '.webm'].map((name) => [name, checkMatroska] as const),
]);

/** Whether a file's extension, in any case, is one of a video whose structure can be checked. */
export function isCheckedVideo(path: string): boolean {
  return CHECK_BY_EXTENSION.has(extname(path).toLowerCase());
}

/**
 * Says whether a video is all there, from its headers alone: a few kB are read of a file of any size, and never more
 * than 800 MB of one that was made to keep us busy. The
 * content decides how (a .mov may well be an AVI file), the extension where the content is unknown. A file of
 * any other kind has nothing to check and is whole. Damage inside the pictures is not seen.
 * @throws what the file system throws when the file cannot be opened or read
 */
export async function checkVideoStructure(path: string): Promise<VideoStructure> {
  const byExtension = CHECK_BY_EXTENSION.get(extname(path).toLowerCase());
  if (byExtension === undefined) return WHOLE;
  return withHeaderReader(path, async (reader) => {
    const check = checkByContent(await reader.read(0, 256)) ?? byExtension;
    return check(reader);
  }).catch((error: unknown) => {
    if (error instanceof TooManyPartsError) return notWhole(say`it has more parts than any real video`);
    throw error;
  });
}

const ISO_BMFF_STARTS = ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'styp'];

/** How other kinds of video and photos begin, in hex: Flash, ASF/WMV, Ogg, RealMedia, MPEG-PS and -ES, JPEG, PNG, GIF. */
const OTHER_STARTS = /^(464c56|3026b2758e66cf11|4f676753|2e524d46|000001b[a3]|ffd8ff|89504e47|47494638)/;

function checkByContent(head: Buffer): Check | undefined {
  const type = head.toString('latin1', 4, 8);
  if (ISO_BMFF_STARTS.includes(type)) return checkIsoBmff;
  if (head.toString('latin1', 0, 4) === 'RIFF') {
    return head.toString('latin1', 8, 12) === 'AVI ' ? checkRiff : undefined;
  }
  const hex = head.toString('hex', 0, 8);
  if (hex.startsWith('1a45dfa3')) return checkMatroska;
  // MPEG transport streams: a sync byte each 188 bytes, or each 192 with a time stamp of four in front.
  const isTransportStream = [0, 4].some((at) => head[at] === 0x47 && head[at + 188 + at] === 0x47);
  return isTransportStream || OTHER_STARTS.test(hex) ? nothingToCheck : undefined;
}

import { say } from '../../say.js';
import { type HeaderReader, isAllZeros, notWhole, type VideoStructure, WHOLE } from './header-reader.js';

/** One box of an MP4 or QuickTime file; `end` is the position of the byte after it. */
interface Box {
  readonly type: string;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

/** What lies where a box should begin: zeros, something that is no box, or too few bytes to say. */
type NoBox = 'zeros' | 'other' | 'cut';

const TYPE_LIKE_A_BOX = /^[A-Za-z0-9 ._\-\xa9]{4}$/;
/** Read as a length, four letters are over 500 MB, and nothing but media data is that large. */
const TEXT = /^[\t\n\r\x20-\x7e]{8}$/;
/** Insta360 cameras end their files with this text and, eight bytes before it, the length of their trailer. */
const INSTA360_END = '8db42d694ccc418790edff439fe026bf';
/** Boxes whose content is no padding: where one of them ends the file in zeros, the rest was not written yet. */
const NEVER_ZEROS: ReadonlySet<string> = new Set(['mdat', 'moov', 'mfra']);
const zeros = () => say`there are only zeros where the rest of it should be`;

/**
 * Checks an MP4, MOV, M4V or 3GP file (ISO/IEC 14496-12 and the QuickTime file format): a whole `moov` box,
 * media data (`mdat`), and boxes that end exactly where the file ends.
 *
 * A copy that stopped early is a beginning of the whole file: it never has bytes that the whole file lacks.
 * So what cameras write behind a complete movie can be let through without letting a torn file through:
 * - zeros (dashcams fill their preallocated files with them),
 * - bytes that cannot be a box (makers' trailers), and the Insta360 trailer, whose length is recorded.
 * In a fragmented movie neither counts as an end, because more fragments may have been meant to follow.
 *
 * What the format cannot tell: a fragmented movie that was cut exactly between two fragments, and a movie with
 * `moov` in front whose last `mdat` is missing as a whole or has no recorded length.
 */
export async function checkIsoBmff(reader: HeaderReader): Promise<VideoStructure> {
  const end = await endOfBoxes(reader);
  const movie = startOfMovie();
  let position = 0;
  while (position < end) {
    const box = await readBox(reader, position, end);
    if (typeof box === 'string') return judgeRemainder(movie, box, position);
    if (box.end > end) return notWhole(say`the file ends inside its ${box.type} box`);
    if (box.type === 'moov' && !(await hasTracks(reader, box)))
      return notWhole(say`its moov box holds no track`);
    note(movie, box);
    position = box.end;
  }
  const missing = missingFrom(movie);
  if (missing !== undefined) return notWhole(missing);
  if (NEVER_ZEROS.has(movie.last) && (await reader.hasZeroTail())) return notWhole(zeros());
  return WHOLE;
}

/** Which of the boxes that matter were seen, and the type of the last one. */
interface Movie {
  hasMoov: boolean;
  hasMediaData: boolean;
  isFragmented: boolean;
  last: string;
}

function startOfMovie(): Movie {
  return { hasMoov: false, hasMediaData: false, isFragmented: false, last: '' };
}

function note(movie: Movie, { type }: Box): void {
  if (type === 'moov') movie.hasMoov = true;
  if (type === 'mdat') movie.hasMediaData = true;
  if (type === 'moof') movie.isFragmented = true;
  // The index of all fragments: nothing of the movie follows it.
  if (type === 'mfra') movie.isFragmented = false;
  movie.last = type;
}

function missingFrom(movie: Movie): string | undefined {
  if (!movie.hasMoov) return say`the moov box is missing`;
  if (!movie.hasMediaData) return say`the media data (mdat) is missing`;
  return movie.last === 'moof' ? say`the media data of its last fragment is missing` : undefined;
}

function judgeRemainder(movie: Movie, remainder: NoBox, position: number): VideoStructure {
  if (position === 0) return notWhole(remainder === 'zeros' ? zeros() : say`it does not begin like a video`);
  if (remainder === 'cut') return notWhole(say`the file ends inside the header of a box`);
  const missing = missingFrom(movie);
  if (missing !== undefined) return notWhole(missing);
  if (movie.isFragmented)
    return notWhole(remainder === 'zeros' ? zeros() : say`its last fragment is damaged`);
  return WHOLE;
}

/** The moov box of a preallocated file can have its length and not yet its content. A compressed one has cmov. */
async function hasTracks(reader: HeaderReader, moov: Box): Promise<boolean> {
  let position = moov.bodyStart;
  while (position < moov.end) {
    const child = await readBox(reader, position, moov.end);
    if (typeof child === 'string') return false;
    if (child.type === 'trak' || child.type === 'cmov') return child.end <= moov.end;
    position = child.end;
  }
  return false;
}

/** Reads a box header with a length of 32 bits, of 64 bits, or 0 for "to the end". */
async function readBox(reader: HeaderReader, start: number, end: number): Promise<Box | NoBox> {
  const header = await reader.read(start, Math.min(16, end - start));
  if (isAllZeros(header.subarray(0, 8))) return 'zeros';
  if (header.length < 8) return 'cut';
  const type = header.toString('latin1', 4, 8);
  const isText = type !== 'mdat' && TEXT.test(header.toString('latin1', 0, 8));
  if (isText || !TYPE_LIKE_A_BOX.test(type)) return 'other';
  const size = header.readUInt32BE(0);
  if (size === 0) return { type, start, bodyStart: start + 8, end };
  if (size !== 1) return size < 8 ? 'other' : { type, start, bodyStart: start + 8, end: start + size };
  if (header.length < 16) return 'cut';
  const largeSize = Number(header.readBigUInt64BE(8));
  return largeSize < 16 ? 'other' : { type, start, bodyStart: start + 16, end: start + largeSize };
}

/** Where the boxes end: at the end of the file, or in front of an Insta360 trailer. */
async function endOfBoxes(reader: HeaderReader): Promise<number> {
  const { sizeBytes } = reader;
  if (sizeBytes < 40) return sizeBytes;
  const tail = await reader.read(sizeBytes - 40, 40);
  if (tail.toString('latin1', 8) !== INSTA360_END) return sizeBytes;
  const trailerBytes = tail.readUInt32LE(0);
  return trailerBytes < sizeBytes ? sizeBytes - trailerBytes : sizeBytes;
}

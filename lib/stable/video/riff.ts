import { say } from '../../say.js';
import { type HeaderReader, isAllZeros, notWhole, type VideoStructure, WHOLE } from './header-reader.js';

/** One chunk; `end` is the position after its bytes, `next` skips the byte that pads an odd length as well. */
interface Chunk {
  readonly id: string;
  /** The form of a RIFF or the type of a LIST, else the first four bytes. */
  readonly form: string;
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** Some cameras count the eight bytes of the RIFF header into its length. */
const HEADER_BYTES = 8;

/**
 * Checks an AVI file (RIFF as in the Microsoft Multimedia Programming Interface, and the OpenDML extensions for
 * files over 1 GB, which are several RIFFs in a row): each recorded length lies within the file, the first RIFF
 * has its headers and its frames, and nothing is zeros where a chunk should be.
 *
 * Bytes after the last RIFF are let through: some editors append their notes there, and a copy that stopped
 * early has no bytes that the whole file lacks. What the format cannot tell by its lengths: an OpenDML file that
 * was cut exactly between two of its RIFFs.
 */
export async function checkRiff(reader: HeaderReader): Promise<VideoStructure> {
  let position = 0;
  let last = '';
  while (position < reader.sizeBytes) {
    const riff = await readChunk(reader, position);
    if (riff?.id !== 'RIFF') {
      const rest = await reader.read(position, 4);
      if (position === 0) return notWhole(say`it does not begin like an AVI file`);
      return rest.length < 4 && 'RIFF'.startsWith(rest.toString('latin1')) ? notWhole(cutHeader()) : WHOLE;
    }
    if (riff.form.length < 4) return notWhole(cutHeader());
    if (riff.end === riff.start + HEADER_BYTES) return notWhole(say`its length was not recorded yet`);
    const found = await walkRiff(reader, riff);
    if ('problem' in found) return notWhole(found.problem);
    if (!found.hasFrames) return notWhole(say`its frames (the movi list) are missing`);
    last = found.last;
    position = riff.next;
  }
  if (reader.sizeBytes === 0) return notWhole(say`it is empty`);
  return last === 'movi' && (await reader.hasZeroTail()) ? notWhole(zeros()) : WHOLE;
}

const cutHeader = () => say`the file ends inside a header`;
const zeros = () => say`there are only zeros where the rest of it should be`;

type Walk = { readonly problem: string } | { readonly hasFrames: boolean; readonly last: string };

async function walkRiff(reader: HeaderReader, riff: Chunk): Promise<Walk> {
  const overrun = riff.end - reader.sizeBytes;
  if (overrun > HEADER_BYTES) return { problem: say`the file is shorter than the length that it records` };
  let hasFrames = false;
  let last = '';
  let position = riff.start + 12;
  const end = Math.min(riff.end, reader.sizeBytes);
  while (position < end) {
    const chunk = await readChunk(reader, position);
    const isIndexed = last === 'idx1';
    if (chunk === undefined) {
      // Padding behind the index is harmless, in front of it the frames are not all there.
      if (isIndexed && overrun <= 0) break;
      return { problem: (await isZeroAt(reader, position)) ? zeros() : say`one of its chunks is damaged` };
    }
    if (chunk.end > reader.sizeBytes) return { problem: endsInside(chunk) };
    if (chunk.form === 'movi') hasFrames = true;
    last = chunk.form === 'movi' ? 'movi' : chunk.id;
    position = chunk.next;
  }
  // Longer than the file by no more than its own header, and yet complete up to its index: such is the camera.
  if (overrun > 0 && last !== 'idx1')
    return { problem: say`the file is shorter than the length that it records` };
  return { hasFrames, last };
}

function endsInside({ id, form }: Chunk): string {
  return id === 'LIST'
    ? say`the file ends inside its ${form} list`
    : say`the file ends inside its ${id.trim()} chunk`;
}

/** Reads a chunk header; undefined where there is none: too few bytes, or an id that is no text. */
async function readChunk(reader: HeaderReader, start: number): Promise<Chunk | undefined> {
  const header = await reader.read(start, 12);
  if (header.length < 8) return undefined;
  const id = header.toString('latin1', 0, 4);
  if (!/^[\x20-\x7e]{4}$/.test(id)) return undefined;
  const length = header.readUInt32LE(4);
  const end = start + HEADER_BYTES + length;
  return { id, form: header.toString('latin1', 8, 12), start, end, next: end + (length % 2) };
}

async function isZeroAt(reader: HeaderReader, position: number): Promise<boolean> {
  return isAllZeros(await reader.read(position, 16));
}

import { say } from '../../say.js';
import { type HeaderReader, isAllZeros, notWhole, type VideoStructure, WHOLE } from './header-reader.js';

/** One EBML element. `end` is undefined when its length is recorded as unknown (a live recording). */
interface Element {
  readonly id: number;
  readonly bodyStart: number;
  readonly end: number | undefined;
}

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const VOID = 0xec;
const cutHeader = () => say`the file ends inside a header`;
const zeros = () => say`there are only zeros where the rest of it should be`;

/**
 * Checks a Matroska or WebM file (RFC 8794 and RFC 9559): its EBML header, and a segment whose recorded length
 * lies within the file. Bytes after the segment are let through, because a copy that stopped early has none
 * that the whole file lacks.
 *
 * A segment of unknown length, as live recorders write it, is followed from cluster to cluster instead. What
 * the format cannot tell there: a cut exactly between two clusters, and any cut in a cluster of unknown length.
 */
export async function checkMatroska(reader: HeaderReader): Promise<VideoStructure> {
  const { sizeBytes } = reader;
  let position = 0;
  while (position < sizeBytes) {
    const element = await readElement(reader, position);
    if (position === 0 && element?.id !== EBML)
      return notWhole(say`it does not begin like a Matroska or WebM file`);
    if (element === undefined) break;
    if (element.id === SEGMENT) return checkSegment(reader, element);
    if (element.end === undefined) break;
    if (element.end > sizeBytes) return notWhole(cutHeader());
    position = element.end;
  }
  return notWhole(say`its segment, which holds the film, is missing`);
}

async function checkSegment(reader: HeaderReader, segment: Element): Promise<VideoStructure> {
  const { sizeBytes } = reader;
  if (segment.end !== undefined && segment.end > sizeBytes) {
    return notWhole(say`the file is shorter than the length that it records`);
  }
  const end = segment.end ?? sizeBytes;
  let hasCluster = false;
  let last = 0;
  let position = segment.bodyStart;
  while (position < end) {
    const element = await readElement(reader, position);
    if (element === undefined) {
      const problem = await problemAt(reader, position, segment.end === undefined);
      if (problem !== undefined) return notWhole(problem);
      break;
    }
    last = element.id;
    if (element.id === CLUSTER) hasCluster = true;
    if (element.end === undefined) break;
    if (element.end > end) return notWhole(say`the file ends inside one of its elements`);
    position = element.end;
    // The recorded length has spoken for all that follows: no need to go through a long film.
    if (hasCluster && segment.end !== undefined) break;
  }
  if (!hasCluster) return notWhole(say`it holds no film yet (no cluster)`);
  return last !== VOID && (await reader.hasZeroTail()) ? notWhole(zeros()) : WHOLE;
}

/** What is wrong where an element should begin, if a cut or an unwritten rest can look like that. */
async function problemAt(
  reader: HeaderReader,
  position: number,
  isUnknownLength: boolean,
): Promise<string | undefined> {
  const bytes = await reader.read(position, 12);
  if (isAllZeros(bytes)) return zeros();
  return isUnknownLength && bytes.length < 12 ? cutHeader() : undefined;
}

/** Reads the id and the length of an element; undefined where there is none. */
async function readElement(reader: HeaderReader, start: number): Promise<Element | undefined> {
  const header = await reader.read(start, 12);
  const idBytes = vintLength(header[0]);
  if (idBytes === undefined || idBytes > 4) return undefined;
  const sizeBytes = vintLength(header[idBytes]);
  if (sizeBytes === undefined || header.length < idBytes + sizeBytes) return undefined;
  const bodyStart = start + idBytes + sizeBytes;
  const coded = BigInt(`0x${header.toString('hex', idBytes, idBytes + sizeBytes)}`);
  const valueBits = BigInt(7 * sizeBytes);
  const mask = (1n << valueBits) - 1n;
  const isUnknown = (coded & mask) === mask;
  return {
    id: header.readUIntBE(0, idBytes),
    bodyStart,
    end: isUnknown ? undefined : bodyStart + Number(coded & mask),
  };
}

/** How many bytes a variable-length number takes, as its first byte says (RFC 8794, section 4): 1 to 8. */
function vintLength(firstByte: number | undefined): number | undefined {
  if (firstByte === undefined || firstByte === 0) return undefined;
  return Math.clz32(firstByte) - 23;
}

import { randomUUID } from 'node:crypto';
import {
  type FileVersion,
  FileVersionError,
  isSameVersion,
  mustStillBe,
  openVersion,
  versionOf,
} from '../file-version.js';
import type { RequestBody } from './immich-http.js';
import {
  extraFields,
  MOST_SIDECAR_BYTES,
  readSidecar,
  type SidecarPart,
  type UploadExtras,
} from './upload-extras.js';

/** One file as it goes to `POST /assets`. */
export interface UploadForm {
  readonly path: string;
  readonly fileName: string;
  /** The version that was hashed: exactly these bytes are sent, or nothing. */
  readonly version: FileVersion;
  /** All of these bytes, when they were kept since they were hashed; else they are read again. */
  readonly kept?: Uint8Array | undefined;
  /** What goes along with it. */
  readonly extras?: UploadExtras | undefined;
  /** Called with the number of bytes of each piece that goes out. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

const PIECE_BYTES = 256 * 1024;
/** Up to this size a sidecar is read at once, to go out together with what stands around it. */
const WHOLE_SIDECAR_BYTES = 1024 * 1024;

/**
 * The multipart body that Immich 2.x and 3.x both take: device fields (required by 2.x, ignored by 3.x), dates
 * in UTC, and the real name in a text field before the file, because a part header cannot hold every name. A sidecar
 * comes before that field: Immich tests each part against the name that it has seen by then.
 * @throws RangeError for a sidecar over `MOST_SIDECAR_BYTES`
 */
export function uploadBody(form: UploadForm, hasDeviceFields = true): RequestBody {
  const { fileName, version, extras = {} } = form;
  const { sidecar, takenAtMs } = extras;
  if (sidecar !== undefined && sidecar.version.sizeBytes > MOST_SIDECAR_BYTES) {
    throw new RangeError(`${sidecar.fileName} is too large for a sidecar.`);
  }
  // Both: of the two, Immich takes the earlier one for a file without a date of its own.
  const takenAt = isoDate(takenAtMs ?? version.mtimeMs);
  const fields = {
    ...(hasDeviceFields && { deviceAssetId: `${fileName}-${version.sizeBytes}`, deviceId: 'immich-bridge' }),
    fileCreatedAt: takenAt,
    fileModifiedAt: takenAt,
    ...extraFields(extras),
  };
  const boundary = `immich-bridge-${randomUUID()}`;
  const part = (disposition: string) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const text = (name: string, value: string | undefined) => `${part(`name="${name}"`)}\r\n${value}\r\n`;
  const file = (name: string, as: string) =>
    `${part(`name="${name}"; filename="${plainName(as)}"`)}Content-Type: application/octet-stream\r\n\r\n`;
  const texts = Object.entries(fields).map(([name, value]) => text(name, value));
  const named = text('filename', fileName) + file('assetData', fileName);
  const [before, after] = sidecar
    ? [texts.join('') + file('sidecarData', sidecar.fileName), `\r\n${named}`]
    : [texts.join('') + named, ''];
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const sizeBytes =
    Buffer.byteLength(before + after) + (sidecar?.version.sizeBytes ?? 0) + version.sizeBytes + tail.length;
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(sizeBytes),
    },
    async send(write) {
      const head = await sendSidecar(sidecar, Buffer.from(before), Buffer.from(after), write);
      await (form.kept === undefined
        ? sendPieces(form, head, tail, write)
        : sendKept(form, form.kept, head, tail, write));
    },
  };
}

/** A part header cannot hold every name. */
function plainName(name: string): string {
  return name.replace(/["\\\p{Cc}]/gu, '_');
}

/** Immich takes years of four digits; a file whose clock was out of its mind counts as from today. */
function isoDate(ms: number, now = Date.now()): string {
  const isUsable = ms >= Date.parse('0001-01-01T00:00:00Z') && ms <= Date.parse('9999-12-31T23:59:59Z');
  return new Date(isUsable ? ms : now).toISOString();
}

type Write = Parameters<RequestBody['send']>[0];

/** Gives what stands before the file, a small sidecar included; a larger one goes out in pieces, and nothing is left of it. */
async function sendSidecar(
  sidecar: SidecarPart | undefined,
  before: Buffer,
  after: Buffer,
  write: Write,
): Promise<Buffer> {
  if (sidecar === undefined) return before;
  if (sidecar.version.sizeBytes <= WHOLE_SIDECAR_BYTES)
    return Buffer.concat([before, await readSidecar(sidecar), after]);
  await sendPieces(sidecar, before, after, write);
  return Buffer.alloc(0);
}

/**
 * Sends bytes that are there, with what stands around them, in one go. The file is looked at first: one that somebody
 * went on writing, or put another in the place of, is not sent.
 */
async function sendKept(
  { path, version, onBytes }: UploadForm,
  bytes: Uint8Array,
  head: Buffer,
  tail: Buffer,
  write: Write,
): Promise<void> {
  await mustStillBe(path, version);
  const leaving = write(head, bytes, tail);
  onBytes?.(bytes.length);
  await leaving;
}

/**
 * Sends exactly one version of a file, from two pieces of memory in turn: one is read while the other goes out.
 * The last piece is held back until the file was looked at again, so that the server never stores a mixture.
 */
async function sendPieces(
  { path, version, onBytes }: Pick<UploadForm, 'path' | 'version' | 'onBytes'>,
  head: Buffer,
  tail: Buffer,
  write: Write,
): Promise<void> {
  const file = await openVersion({ path }, version);
  try {
    const size = Math.min(PIECE_BYTES, version.sizeBytes);
    const memory = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)] as const;
    let leaving = version.sizeBytes === 0 ? write(head, tail) : write(head);
    for (let position = 0, turn = 0; position < version.sizeBytes; turn += 1) {
      leaving.catch(() => undefined); // Heard of at the end of this turn.
      const piece = memory[turn % 2 === 0 ? 0 : 1];
      const wanted = Math.min(size, version.sizeBytes - position);
      const { bytesRead } = await file.read(piece, 0, wanted, position);
      position += bytesRead;
      const isLast = position === version.sizeBytes;
      const isCutShort = bytesRead === 0;
      if (isCutShort || (isLast && !isSameVersion(versionOf(await file.stat()), version))) {
        throw new FileVersionError('changed', path);
      }
      await leaving;
      leaving = isLast ? write(piece.subarray(0, bytesRead), tail) : write(piece.subarray(0, bytesRead));
      onBytes?.(bytesRead);
    }
    await leaving;
  } finally {
    await file.close();
  }
}

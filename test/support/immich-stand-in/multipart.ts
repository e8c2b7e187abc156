import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { ApiError } from './answers.js';
import { assetTypeOf, isSidecarName } from './media-types.js';

/** A file part whose bytes went by: only their number and SHA-1 (40 lower-case hex digits) were kept. */
export interface ReceivedFile {
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly sha1: string;
}

/** An upload form: the text fields, and the files by the name of their part. */
export interface UploadForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly files: ReadonlyMap<string, ReceivedFile>;
}

export interface FormOptions {
  readonly headers: IncomingHttpHeaders;
  /** The body. It is always read to its end, because Immich answers errors in a form only then. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Hash other bytes than were sent, as a proxy does that recodes pictures. */
  readonly isCorrupting?: boolean;
  readonly onBytes?: (bytes: Buffer, fileName: string) => void;
}

/** Longer headers of a part are refused by the parser. */
const longestPartHeaderBytes = 16 * 1024;

/**
 * Reads an upload form with the parser that Immich uses too, and with its tests of part and file names.
 * @throws ApiError with the first thing that is wrong, after the whole body
 */
export async function receiveForm(options: FormOptions): Promise<UploadForm> {
  const { headers, chunks } = options;
  const parts = createParts(options);
  const recent = createRecentBytes(String(headers['content-type']));
  let parser: busboy.Busboy | undefined;
  try {
    parser = busboy({ headers, defParamCharset: 'utf8' });
  } catch (error) {
    parts.fail(new ApiError(400, (error as Error).message));
  }
  const closed = new Promise<void>((resolve) => parser?.once('close', resolve));
  parser?.on('error', (error) => parts.fail(new ApiError(400, `Multipart: ${(error as Error).message}`)));
  parser?.on('field', (name, value) => parts.addField(name, value));
  parser?.on('file', (name, stream, { filename }) =>
    parts.addFile(name, stream, filename, recent.hasExtendedName()),
  );
  try {
    for await (const chunk of chunks) {
      recent.push(chunk);
      if (parts.failure === undefined) await new Promise<void>((done) => parser?.write(chunk, () => done()));
    }
    if (parts.failure === undefined) {
      parser?.end();
      await closed;
    }
  } finally {
    parser?.destroy();
  }
  if (parts.failure !== undefined) throw parts.failure;
  return parts.form();
}

function createParts({ isCorrupting = false, onBytes }: FormOptions) {
  const fields = new Map<string, string>();
  const files = new Map<string, ReceivedFile>();
  const seen = new Set<string>();
  let failure: ApiError | undefined;

  function fail(error: ApiError | undefined): void {
    failure ??= error;
  }

  return {
    get failure() {
      return failure;
    },
    fail,
    addField: (name: string, value: string) => void fields.set(name, value),
    addFile(
      partName: string,
      stream: Readable,
      fileName: string | undefined,
      hasExtendedName: boolean,
    ): void {
      // The parser reports a broken form itself; the cut stream only repeats it.
      stream.on('error', () => stream.resume());
      if (fileName && seen.has(partName)) fail(unexpected(partName));
      else if (fileName) fail(testFile(partName, fields.get('filename') || fileName, hasExtendedName));
      if (failure !== undefined || !fileName) {
        stream.resume();
        return;
      }
      seen.add(partName);
      const keep = (hashed: Omit<ReceivedFile, 'fileName'>) => files.set(partName, { fileName, ...hashed });
      hashFile(stream, isCorrupting, keep, (bytes) => onBytes?.(bytes, fileName));
    },
    form: (): UploadForm => ({ fields: Object.fromEntries(fields), files }),
  };
}

/** A file is tested as soon as the header of its part is there, by the `filename` field if that was before it. */
function testFile(partName: string, name: string, hasExtendedName: boolean): ApiError | undefined {
  if (partName !== 'assetData' && partName !== 'sidecarData') return unexpected(partName);
  if (hasExtendedName) return new ApiError(500, 'Failed to upload asset');
  const isTaken = partName === 'assetData' ? assetTypeOf(name) !== null : isSidecarName(name);
  return isTaken ? undefined : new ApiError(400, `Unsupported file type ${name}`);
}

function unexpected(partName: string): ApiError {
  return new ApiError(400, `Unexpected field - ${partName}`);
}

function hashFile(
  stream: Readable,
  isCorrupting: boolean,
  onHashed: (file: Omit<ReceivedFile, 'fileName'>) => void,
  onBytes: (bytes: Buffer) => void,
): void {
  const hash = createHash('sha1');
  let sizeBytes = 0;
  stream.on('data', (bytes: Buffer) => {
    sizeBytes += bytes.length;
    hash.update(bytes);
    onBytes(bytes);
  });
  stream.on('end', () => {
    if (isCorrupting) hash.update('recoded on the way');
    onHashed({ sizeBytes, sha1: hash.digest('hex') });
  });
}

/**
 * Keeps the end of what was received, to look at the raw header of a part: the parser decodes `filename*`
 * silently, but Immich answers 500 to it.
 */
function createRecentBytes(contentType: string) {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const delimiter = `--${boundary?.[1] ?? boundary?.[2] ?? ''}\r\n`;
  let before: Buffer = Buffer.alloc(0);
  let latest: Buffer = Buffer.alloc(0);
  return {
    push(chunk: Buffer): void {
      const kept = latest.length < longestPartHeaderBytes ? Buffer.concat([before, latest]) : latest;
      before = kept.subarray(-longestPartHeaderBytes);
      latest = chunk;
    },
    hasExtendedName(): boolean {
      const [, ...parts] = Buffer.concat([before, latest]).toString('latin1').split(delimiter);
      return parts.some((part) =>
        /^content-disposition:[^\r]*;\s*filename\*=/im.test(part.split('\r\n\r\n', 1)[0] ?? ''),
      );
    },
  };
}

import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import FormData from 'form-data';
import { type FileVersion, FileVersionError, isSameVersion, versionOf } from '../file-version.js';
import type { RequestBody } from './immich-http.js';

/** One file as it goes to `POST /assets`. */
export interface UploadForm {
  readonly path: string;
  readonly fileName: string;
  /** The version that was hashed: exactly these bytes are sent, or nothing. */
  readonly version: FileVersion;
  /** Called with the number of bytes of each chunk that goes out. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * The multipart body that Immich 2.x and 3.x both take: device fields (required by 2.x, ignored by 3.x), dates
 * in UTC, the real name in a text field before the file, because the name in a part header is changed on the
 * way (quotes, line breaks). Reading ends with FileVersionError before the last byte when the file is no
 * longer the given version, so that the server never stores a mixture.
 */
export function uploadBody(form: UploadForm, hasDeviceFields = true): RequestBody {
  const { fileName, version } = form;
  const data = new FormData();
  const modifiedAt = new Date(version.mtimeMs).toISOString();
  if (hasDeviceFields) {
    data.append('deviceAssetId', `${fileName}-${version.sizeBytes}`);
    data.append('deviceId', 'immich-bridge');
  }
  data.append('fileCreatedAt', modifiedAt);
  data.append('fileModifiedAt', modifiedAt);
  data.append('filename', fileName);
  const stream = Readable.from(readVersion(form), { objectMode: false, highWaterMark: CHUNK_BYTES });
  data.append('assetData', stream, {
    filename: fileName,
    contentType: 'application/octet-stream',
    knownLength: version.sizeBytes,
  });
  const headers = { ...data.getHeaders(), 'content-length': String(data.getLengthSync()) };
  return { stream: withSource(data, stream), headers };
}

/** form-data does not end its source when it is destroyed: the file would stay open. */
function withSource(data: FormData, source: Readable): Readable {
  const stream = data as Readable & FormData;
  const destroy = stream.destroy.bind(stream);
  stream.destroy = (error?: Error) => {
    source.destroy(error);
    return destroy(error);
  };
  return stream;
}

async function* readVersion({ path, version, onBytes }: UploadForm): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const end = version.sizeBytes - 1;
    let held: Buffer | undefined;
    for await (const chunk of file.createReadStream({
      start: 0,
      end,
      highWaterMark: CHUNK_BYTES,
      autoClose: false,
    })) {
      if (held !== undefined) yield held;
      held = chunk as Buffer;
      onBytes?.(held.length);
    }
    if (held === undefined || !isSameVersion(versionOf(await file.stat()), version)) {
      throw new FileVersionError('changed', path);
    }
    yield held;
  } finally {
    await file.close();
  }
}

import { randomUUID } from 'node:crypto';
import { type Answer, ApiError, type Dialect } from './answers.js';
import { type AssetLibrary, readSha1 } from './asset-library.js';
import type { Exchange } from './exchange.js';
import type { Misfortune } from './faults.js';
import { type ReceivedFile, receiveForm, type UploadForm } from './multipart.js';
import { checkUploadFields, type UploadFields } from './upload-fields.js';

/** What an upload needs to know. */
export interface UploadContext {
  readonly exchange: Exchange;
  /** A JSON body that came in place of a form. */
  readonly json: object | undefined;
  readonly library: AssetLibrary;
  readonly dialect: Dialect;
  readonly quotaBytes: number | null;
  readonly misfortune: Pick<Misfortune, 'isCorrupting' | 'isForgetting'>;
  /** Told of files that stay on the disk of the server without an asset. */
  readonly onOrphans: (count: number) => void;
  readonly onBytes: ((bytes: Buffer, fileName: string) => void) | undefined;
}

/** `POST /assets`: 201 for new bytes, 200 for known ones, else an ApiError, all in the order in which Immich tests. */
export async function upload(context: UploadContext): Promise<Answer> {
  const { exchange, library, quotaBytes, misfortune } = context;
  const { headers } = exchange.request;
  const announced = library.withSha1(readSha1(String(headers['x-immich-checksum'] ?? '')) ?? '');
  // From the headers alone: whatever bytes follow are dropped, also when they are others.
  if (announced !== undefined) return duplicate(announced.id);

  const { fields, files } = await receive(context);
  checkFields(context, fields, files);
  const file = files.get('assetData');
  if (file === undefined) {
    throw new ApiError(400, files.size === 0 ? 'File is required' : 'Field(s) assetData should not be empty');
  }
  if (quotaBytes !== null && library.usageBytes() + file.sizeBytes > quotaBytes) {
    throw new ApiError(400, 'Quota has been exceeded!');
  }
  const texts = textsOf(fields);
  linkVideo(library, texts.livePhotoVideoId);
  if (misfortune.isForgetting) return created(randomUUID());
  const known = library.withSha1(file.sha1);
  if (known !== undefined) return duplicate(known.id);
  return created(library.add({ file, sidecar: files.get('sidecarData') ?? null, fields: texts }).id);
}

async function receive({ exchange, json, misfortune, onBytes }: UploadContext): Promise<{
  fields: UploadFields | undefined;
  files: UploadForm['files'];
}> {
  const { headers } = exchange.request;
  if (!/^multipart\//i.test(headers['content-type'] ?? '')) {
    return { fields: json as UploadFields | undefined, files: new Map<string, ReceivedFile>() };
  }
  const { isCorrupting } = misfortune;
  return receiveForm({ headers, chunks: exchange.read(), isCorrupting, ...(onBytes && { onBytes }) });
}

function checkFields(
  { dialect, onOrphans }: UploadContext,
  fields: UploadFields | undefined,
  files: UploadForm['files'],
): void {
  try {
    checkUploadFields(dialect, fields);
  } catch (error) {
    onOrphans(files.size);
    throw error;
  }
}

/**
 * Hides the video of a live photo.
 * @throws ApiError 400 when it is none
 */
export function linkVideo(library: AssetLibrary, id: string | undefined): void {
  if (id === undefined) return;
  const video = library.get(id);
  if (video === undefined) throw new ApiError(400, 'Live photo video not found');
  if (video.type !== 'VIDEO') throw new ApiError(400, 'Live photo video must be a video');
  library.hide(id);
}

function textsOf(fields: UploadFields | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([name, value]) => [name, String(value)]));
}

function created(id: string): Answer {
  return { status: 201, body: { id, status: 'created' } };
}

function duplicate(id: string): Answer {
  return { status: 200, body: { status: 'duplicate', id } };
}

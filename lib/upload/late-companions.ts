import { basename } from 'node:path';
import { groupFiles, sidecarOf } from '../companions/group-files.js';
import { isSidecar } from '../companions/media-kind.js';
import { hashFile } from '../file-version.js';
import { MOST_SIDECAR_BYTES } from '../immich/upload-extras.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { applySidecar } from '../sidecar/apply-sidecar.js';
import type { Fellow, FellowBook } from './fellow-book.js';
import { tooLargeNotice } from './group-parts.js';
import { forbiddenIsNotice, linkVideo, stackAssets } from './join-assets.js';
import type { Attempt } from './upload-file.js';
import { type UploadGroupOptions, unreadable, uploadGroup } from './upload-group.js';

/** A sidecar whose photo nobody knows: it waits in its folder until the photo comes. */
export class NoPhotoError extends Error {
  readonly code = 'no-photo';
  constructor(path: string) {
    super(say`${basename(path)} has no photo beside it.`);
  }
}

export interface GroupingOptions extends UploadGroupOptions {
  readonly book: FellowBook;
  readonly now?: () => Date;
}

/** What was taken further apart than this only has the same number, in milliseconds. */
const TOGETHER_MS = 600_000;

/**
 * Makes the upload of files with their companions, and of companions that come late: a sidecar is applied to its photo,
 * a video linked, a RAW or a shot of a burst stacked with what was uploaded lately under the same name.
 */
export function groupingUpload(options: GroupingOptions) {
  return async (file: StableFile, attempt: Attempt): Promise<UploadedFile> => {
    if (isSidecar(file.path)) return uploadLateSidecar(file, options);
    const uploaded =
      file.companions === undefined
        ? await options.upload(file, attempt)
        : await uploadGroup(file, options, attempt);
    await joinFellows(uploaded, file, options);
    options.book.note(uploaded);
    return uploaded;
  };
}

async function uploadLateSidecar(file: StableFile, options: GroupingOptions): Promise<UploadedFile> {
  const { client, book, onNotice, now = () => new Date() } = options;
  const fellows = await book.ownersOf(file.path);
  const owners = fellows.filter((fellow) => sidecarOf(fellow, [file, ...fellows]) === file);
  const [owner] = owners;
  if (owner === undefined) throw new NoPhotoError(file.path);
  if (file.sizeBytes > MOST_SIDECAR_BYTES) {
    onNotice(tooLargeNotice(file.path), file);
    throw new NoPhotoError(file.path);
  }
  const { version, sha1 } = await hashFile(file, file);
  const sidecar = { path: file.path, fileName: basename(file.path), version };
  for (const { assetId } of owners) {
    if (!(await applySidecar(client, assetId, sidecar))) onNotice(unreadable(file.path), file);
  }
  const { companions: _, ...alone } = file;
  return {
    ...alone,
    sha1,
    ctimeMs: version.ctimeMs,
    assetId: owner.assetId,
    uploadOutcome: 'created',
    isTrashed: false,
    uploadedAt: now().toISOString(),
    sidecarOf: { path: owner.path, mtimeMs: owner.mtimeMs },
  };
}

/** Links and stacks what came now with what came before. */
async function joinFellows(
  uploaded: UploadedFile,
  file: StableFile,
  options: GroupingOptions,
): Promise<void> {
  const own = ownAssets(uploaded);
  const paths = new Set(own.map(({ path }) => path));
  const fellows = options.book
    .fellowsOf(uploaded.path)
    .filter(({ path, mtimeMs }) => !paths.has(path) && Math.abs(mtimeMs - uploaded.mtimeMs) <= TOGETHER_MS);
  if (fellows.length === 0) return;
  const all = groupFiles([...own, ...fellows]);
  const group = all.find(({ primary, companions }) =>
    [primary, ...companions.map((one) => one.file)].some(({ path }) => path === uploaded.path),
  );
  if (group === undefined) return;
  const { client, stackPolicy } = options;
  const isOld = ({ path }: Fellow) => !paths.has(path);
  const { primary, companions } = group;
  const live = companions.find(({ kind }) => kind === 'live-video')?.file;
  const joined = companions.filter(({ kind }) => kind === 'raw' || kind === 'burst');
  const raw = stackPolicy === 'raw' ? joined.find(({ kind }) => kind === 'raw')?.file : undefined;
  const stack = joined.length === 0 ? [] : [raw ?? primary, primary, ...joined.map((one) => one.file)];
  await forbiddenIsNotice(
    (notice) => options.onNotice(notice, file),
    async () => {
      if (live !== undefined && (isOld(live) || isOld(primary))) {
        await linkVideo(client, primary.assetId, live.assetId);
      }
      if (stackPolicy === 'off' || !stack.some(isOld)) return;
      const ids = [...new Set(stack.map(({ assetId }) => assetId))];
      await stackAssets(client, ids, uploaded.uploadOutcome === 'created');
    },
  );
}

function ownAssets({ path, sizeBytes, mtimeMs, assetId, companions = [] }: UploadedFile): Fellow[] {
  const parts = companions.flatMap((one) => (one.assetId === null ? [] : [{ ...one, assetId: one.assetId }]));
  return [{ path, sizeBytes, mtimeMs, assetId }, ...parts];
}

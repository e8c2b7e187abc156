import { basename } from 'node:path';
import type { Companion, UploadedCompanion } from '../companions/companion.js';
import { sidecarOf } from '../companions/group-files.js';
import { mustStillBe } from '../file-version.js';
import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import type { UploadExtras } from '../immich/upload-extras.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { applySidecar } from '../sidecar/apply-sidecar.js';
import { companionFile, hashSidecars, type Sidecar, unlessVanished } from './group-parts.js';
import { forbiddenIsNotice, linkVideo, type StackPolicy, stackAssets } from './join-assets.js';
import type { Attempt, AttemptMemory } from './upload-file.js';

export interface UploadGroupOptions {
  readonly client: Pick<ImmichClient, 'asset' | 'updateAsset' | 'createStack' | 'upsertTags' | 'tagAssets'>;
  /** Brings one file into Immich and proves it. */
  readonly upload: (file: StableFile, attempt: Attempt) => Promise<UploadedFile>;
  readonly stackPolicy: StackPolicy;
  /** Something that a person may mend and that holds up nothing: all files are safe. */
  readonly onNotice: (notice: Error, file: StableFile) => void;
}

/** What is in work of one group. */
interface Work {
  readonly file: StableFile;
  readonly options: UploadGroupOptions;
  readonly attempt: Attempt;
  readonly memories: Map<string, AttemptMemory>;
  readonly sidecars: Map<string, Sidecar>;
}

interface Part {
  readonly uploaded: UploadedFile;
  /** Whether it came into Immich now: then what travelled with it did, too. */
  readonly isNew: boolean;
}

/**
 * Brings a file with its companions into Immich: the video of a live photo first, then the still that names it, with
 * its sidecar in the same request, then the others; at last those that belong on a stack. Each part is proven by itself,
 * a sidecar by the answer to the request it travelled in, or by its facts being applied to an asset that was there. A
 * companion that is gone leaves the group.
 * @throws as the upload of one file does, for whichever part it is
 */
export async function uploadGroup(
  file: StableFile,
  options: UploadGroupOptions,
  attempt: Attempt = {},
): Promise<UploadedFile> {
  const { companions = [] } = file;
  const memories = attempt.memory?.parts ?? new Map<string, AttemptMemory>();
  if (attempt.memory) attempt.memory.parts = memories;
  const work: Work = {
    file,
    options,
    attempt,
    memories,
    sidecars: await hashSidecars(file, options.onNotice),
  };
  const parts = new Map<string, Part>();
  const take = async (companion: Companion) => {
    const part = await unlessVanished(() => uploadPart(work, companionFile(file, companion), {}));
    if (part !== undefined) parts.set(companion.path, part);
    return part;
  };
  const live = companions.find(({ kind }) => kind === 'live-video');
  const video = live && (await take(live));
  const still = await uploadStill(work, video?.uploaded.assetId);
  for (const companion of companions) {
    if (companion.kind !== 'sidecar' && companion !== live) await take(companion);
  }
  await stackParts(work, still, parts);
  for (const { companion, version } of work.sidecars.values()) await mustStillBe(companion.path, version);
  return { ...still.uploaded, companions: companions.flatMap((one) => proven(one, parts, work)) };
}

function proven(companion: Companion, parts: Map<string, Part>, { sidecars }: Work): UploadedCompanion[] {
  const sidecar = sidecars.get(companion.path);
  if (sidecar?.isUsed) {
    const { sha1, version } = sidecar;
    return [{ ...companion, sha1, ctimeMs: version.ctimeMs, assetId: null, uploadOutcome: 'created' }];
  }
  const part = parts.get(companion.path)?.uploaded;
  if (part === undefined) return [];
  const { sha1, ctimeMs, assetId, uploadOutcome } = part;
  return [{ ...companion, sha1, ctimeMs, assetId, uploadOutcome }];
}

async function uploadStill(work: Work, livePhotoVideoId: string | undefined): Promise<Part> {
  const { file, options } = work;
  const { companions: _, ...alone } = file;
  const still = await uploadPart(work, alone, livePhotoVideoId === undefined ? {} : { livePhotoVideoId });
  if (livePhotoVideoId !== undefined && !still.isNew) {
    await noticed(work, () => linkVideo(options.client, still.uploaded.assetId, livePhotoVideoId));
  }
  return still;
}

/** Uploads one photo or video, and its sidecar with it, or after it where Immich had it before. */
async function uploadPart(work: Work, file: StableFile, own: UploadExtras): Promise<Part> {
  const { attempt, memories } = work;
  const memory = memories.get(file.path) ?? {};
  memories.set(file.path, memory);
  if (attempt.memory?.isWanted) memory.isWanted = true;
  const found = sidecarOf(file, [work.file, ...(work.file.companions ?? [])]);
  const held = found && work.sidecars.get(found.path);
  const sidecar = held?.version.sizeBytes === 0 ? undefined : held;
  const extras = {
    ...attempt.extras,
    ...own,
    ...(sidecar && {
      sidecar: {
        path: sidecar.companion.path,
        fileName: basename(sidecar.companion.path),
        version: sidecar.version,
      },
    }),
  };
  const uploaded = await uploadUnlessPairing(work, file, { ...attempt, memory, extras });
  const isNew = uploaded.uploadOutcome === 'created' || memory.createdId === uploaded.assetId;
  if (sidecar !== undefined) {
    if (!isNew && extras.sidecar) await apply(work, uploaded.assetId, extras.sidecar);
    sidecar.isUsed = true;
  }
  return { uploaded, isNew };
}

/** A video that Immich takes for none holds up no photo: it goes without. */
async function uploadUnlessPairing(work: Work, file: StableFile, attempt: Attempt): Promise<UploadedFile> {
  const { upload, onNotice } = work.options;
  try {
    return await upload(file, attempt);
  } catch (error) {
    const isPairing = error instanceof ImmichError && /live photo video/i.test(error.message);
    if (!isPairing || attempt.extras?.livePhotoVideoId === undefined) throw error;
    onNotice(error, file);
    const { livePhotoVideoId: _, ...extras } = attempt.extras;
    return upload(file, { ...attempt, extras });
  }
}

async function apply(
  { options, file }: Work,
  assetId: string,
  sidecar: NonNullable<UploadExtras['sidecar']>,
): Promise<void> {
  if (await applySidecar(options.client, assetId, sidecar)) return;
  options.onNotice(unreadable(sidecar.path), file);
}

/** The sentence about a sidecar from which nothing could be read. */
export function unreadable(path: string): Error {
  return new Error(
    say`Nothing could be read from ${basename(path)}: it is no whole XMP document. It goes with its photo as it is.`,
  );
}

async function stackParts(
  { file, options }: Work,
  still: Part,
  parts: ReadonlyMap<string, Part>,
): Promise<void> {
  const joined = (file.companions ?? []).flatMap(({ kind, path }) => {
    const part = kind === 'raw' || kind === 'burst' ? parts.get(path) : undefined;
    return part === undefined ? [] : [{ kind, ...part }];
  });
  const raw = options.stackPolicy === 'raw' ? joined.find(({ kind }) => kind === 'raw') : undefined;
  const ids = new Set([raw, still, ...joined].flatMap((part) => part?.uploaded.assetId ?? []));
  const isNew = still.isNew || joined.some((part) => part.isNew);
  if (options.stackPolicy === 'off' || ids.size < 2) return;
  await noticed({ file, options }, () => stackAssets(options.client, [...ids], isNew));
}

/** A permission that the key lacks to link or stack holds up nothing. */
function noticed(
  { file, options }: Pick<Work, 'file' | 'options'>,
  work: () => Promise<void>,
): Promise<void> {
  return forbiddenIsNotice((notice) => options.onNotice(notice, file), work);
}

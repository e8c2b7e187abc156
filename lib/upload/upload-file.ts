import { basename } from 'node:path';
import { type HashedVersion, hashFile, isSameVersion, mustStillBe, readVersion } from '../file-version.js';
import type { ImmichClient, KnownAsset } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import type { UploadExtras } from '../immich/upload-extras.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import type { ByteStore } from './byte-store.js';

/** What to do when the same photo lies in Immich's trash: keep the file and say so, restore it, or call it stored. */
export type TrashPolicy = 'hold' | 'restore' | 'accept';

export interface UploadFileOptions {
  readonly client: Pick<ImmichClient, 'check' | 'upload' | 'restoreFromTrash'>;
  readonly trashPolicy: TrashPolicy;
  /** Lends memory for files that are read once, and hashed and sent from there; others are read twice, in pieces. */
  readonly store?: ByteStore;
  /** Throws for bytes that Immich does not have, and that are not to be sent. */
  readonly mayCreate?: (file: StableFile, sha1: string, memory?: AttemptMemory) => Promise<void>;
  readonly now?: () => Date;
}

/** What one attempt leaves for the next: a file that has not changed need not be hashed again. */
export interface AttemptMemory {
  hashed?: HashedVersion;
  /** What was remembered over a restart has been looked up. */
  isRecalled?: boolean;
  /** The asset that Immich said it made of the file: what travelled along arrived with it. */
  createdId?: string;
  /** The same for each companion, by its path. */
  parts?: Map<string, AttemptMemory>;
  /** It failed for a person before. */
  hasFailed?: boolean;
  /** A person asked for this file: it is uploaded even if it was deleted in Immich. */
  isWanted?: boolean;
}

export interface Attempt {
  readonly signal?: AbortSignal;
  readonly memory?: AttemptMemory;
  /** What goes along with the file where it is new. */
  readonly extras?: UploadExtras;
  /** Called with the bytes of each piece sent. */
  readonly onBytes?: (bytes: number) => void;
  /** Runs the sending when it is this file's turn. */
  readonly inTurn?: <T>(work: () => Promise<T>) => Promise<T>;
}

type Stored = {
  readonly assetId: string;
  readonly outcome: UploadedFile['uploadOutcome'];
  readonly isTrashed: boolean;
};

/**
 * Brings one file, without its companions, into Immich and proves it: hash, ask, send what is new, ask again, look at
 * the file again. It returns only when Immich names one asset with the SHA-1 of the file as it lies there now.
 * @throws ImmichError for what Immich or the network says; FileVersionError when the file changed or vanished
 */
export async function uploadFile(
  file: StableFile,
  options: UploadFileOptions,
  attempt: Attempt = {},
): Promise<UploadedFile> {
  const { now = () => new Date() } = options;
  const { memory = {}, signal } = attempt;
  const known = await stillKnown(file, memory);
  const loan = known === undefined ? options.store?.lend(file.sizeBytes) : undefined;
  try {
    const hashed = known ?? (await hashFile(file, file, { bytes: loan?.bytes, signal }));
    memory.hashed = hashed;
    signal?.throwIfAborted();
    const stored = await store({ file, ...hashed, kept: loan?.bytes }, options, attempt);
    await mustStillBe(file, hashed.version);
    const { companions: _, ...alone } = file;
    return {
      ...alone,
      sha1: hashed.sha1,
      ctimeMs: hashed.version.ctimeMs,
      assetId: stored.assetId,
      uploadOutcome: stored.outcome,
      isTrashed: stored.isTrashed,
      uploadedAt: now().toISOString(),
    };
  } finally {
    loan?.giveBack();
  }
}

/** What an earlier try found out, if the file is still the same. */
export async function stillKnown(
  file: StableFile,
  { hashed }: AttemptMemory,
): Promise<HashedVersion | undefined> {
  if (hashed === undefined) return undefined;
  return isSameVersion(await readVersion(file), hashed.version) ? hashed : undefined;
}

interface Hashed extends HashedVersion {
  readonly file: StableFile;
  /** All of the file, if it was read at once. */
  readonly kept: Buffer | undefined;
}

async function store(hashed: Hashed, options: UploadFileOptions, attempt: Attempt): Promise<Stored> {
  const { client } = options;
  const fileName = basename(hashed.file.path);
  const before = await client.check(hashed.sha1);
  if (before.isKnown) return settleTrash(before, 'duplicate', hashed, options);

  await options.mayCreate?.(hashed.file, hashed.sha1, attempt.memory);
  const { version, kept } = hashed;
  const { extras, onBytes } = attempt;
  const form = { path: hashed.file.path, fileName, version, kept, onBytes, ...(extras && { extras }) };
  const { signal, inTurn = (work) => work() } = attempt;
  const answer = await inTurn(() => client.upload(form, signal));
  if (answer.outcome === 'created' && attempt.memory) attempt.memory.createdId = answer.assetId;
  const after = await client.check(hashed.sha1);
  if (!after.isKnown || after.assetId !== answer.assetId) {
    throw new ImmichError(
      'unproven',
      say`Immich stored something else than ${fileName}: a proxy on the way may change files. The file stays where it is.`,
    );
  }
  return settleTrash(after, answer.outcome, hashed, options);
}

async function settleTrash(
  known: KnownAsset & { isKnown: true },
  outcome: Stored['outcome'],
  { file, sha1 }: Hashed,
  { client, trashPolicy }: UploadFileOptions,
): Promise<Stored> {
  const { assetId, isTrashed } = known;
  if (!isTrashed || trashPolicy === 'accept') return { assetId, outcome, isTrashed };
  if (trashPolicy === 'hold') throw inTrashError(file);
  await client.restoreFromTrash(assetId);
  const restored = await client.check(sha1);
  if (restored.isKnown && restored.assetId === assetId && !restored.isTrashed)
    return { assetId, outcome, isTrashed: false };
  throw new ImmichError(
    'trashed',
    say`${basename(file.path)} could not be restored from Immich's trash; the file stays where it is.`,
  );
}

/** A photo that lies in Immich's trash is left to a person. */
export function inTrashError({ path }: Pick<StableFile, 'path'>): ImmichError {
  return new ImmichError(
    'trashed',
    say`${basename(path)} lies in Immich's trash. Restore it there or delete it for good, then retry; the file stays where it is.`,
  );
}

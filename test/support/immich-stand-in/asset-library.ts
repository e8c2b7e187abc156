import { randomUUID } from 'node:crypto';
import { assetTypeOf } from './media-types.js';
import type { ReceivedFile } from './multipart.js';

/** An asset that the stand-in holds. Its bytes are not kept. */
export interface StoredAsset {
  readonly id: string;
  /** SHA-1 of the stored bytes, 40 lower-case hex digits. */
  readonly sha1: string;
  readonly sizeBytes: number;
  /** Immich's originalFileName: the `filename` field, else the name in the part header. */
  readonly fileName: string;
  readonly type: 'IMAGE' | 'VIDEO';
  /** All text fields of the upload. */
  readonly fields: Readonly<Record<string, string>>;
  readonly sidecar: ReceivedFile | null;
  readonly livePhotoVideoId: string | null;
  readonly visibility: string;
  /** What was changed of it since, by `PUT /assets/{id}`: the newest value of each field. */
  readonly changes: Readonly<Record<string, unknown>>;
  readonly isTrashed: boolean;
  readonly createdAt: string;
  /** 0 for the first upload, 1 for the second, …; removed assets keep theirs. */
  readonly order: number;
}

/** What an upload brings in. */
export interface NewAsset {
  readonly file: ReceivedFile;
  readonly sidecar: ReceivedFile | null;
  readonly fields: Readonly<Record<string, string>>;
}

export type AssetLibrary = ReturnType<typeof createAssetLibrary>;

/** One user's assets in the order of their upload, each SHA-1 once, trashed ones included. */
export function createAssetLibrary(now: () => Date) {
  const byId = new Map<string, StoredAsset>();
  const idBySha1 = new Map<string, string>();
  let count = 0;

  function change(id: string, changes: Partial<StoredAsset>): boolean {
    const asset = byId.get(id);
    if (asset === undefined) return false;
    byId.set(id, { ...asset, ...changes });
    return true;
  }

  return {
    all: (): StoredAsset[] => [...byId.values()],
    get: (id: string): StoredAsset | undefined => byId.get(id),
    withSha1: (sha1: string): StoredAsset | undefined => byId.get(idBySha1.get(sha1) ?? ''),
    /** Sum of the sizes, the trash included, in bytes. */
    usageBytes: (): number => [...byId.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),

    add({ file, sidecar, fields }: NewAsset): StoredAsset {
      const fileName = fields.filename || file.fileName;
      const asset: StoredAsset = {
        id: randomUUID(),
        sha1: file.sha1,
        sizeBytes: file.sizeBytes,
        fileName,
        type: assetTypeOf(fileName) ?? assetTypeOf(file.fileName) ?? 'IMAGE',
        fields,
        sidecar,
        livePhotoVideoId: fields.livePhotoVideoId ?? null,
        visibility: fields.visibility ?? 'timeline',
        changes: {},
        isTrashed: false,
        createdAt: now().toISOString(),
        order: count++,
      };
      byId.set(asset.id, asset);
      idBySha1.set(asset.sha1, asset.id);
      return asset;
    },
    /** Immich hides the video part of a live photo as soon as a still names it. */
    hide: (id: string): boolean => change(id, { visibility: 'hidden' }),
    /** Changes what is said of it; the link to a video, and where it is shown, also where they stand. */
    update(id: string, changes: Readonly<Record<string, unknown>>): boolean {
      const { livePhotoVideoId, visibility } = changes;
      return change(id, {
        changes: { ...byId.get(id)?.changes, ...changes },
        ...(typeof livePhotoVideoId === 'string' && { livePhotoVideoId }),
        ...(typeof visibility === 'string' && { visibility }),
      });
    },
    trash: (id: string): boolean => change(id, { isTrashed: true }),
    restore: (id: string): boolean => change(id, { isTrashed: false }),
    remove(id: string): boolean {
      const asset = byId.get(id);
      if (asset !== undefined) idBySha1.delete(asset.sha1);
      return byId.delete(id);
    },
    clear(): void {
      byId.clear();
      idBySha1.clear();
      count = 0;
    },
  };
}

/** The 40 hex digits of a checksum in base64 (28 characters) or hex; undefined for anything else, which Immich takes as unknown. */
export function readSha1(checksum: string): string | undefined {
  const bytes = Buffer.from(checksum, checksum.length === 28 ? 'base64' : 'hex');
  return bytes.length === 20 ? bytes.toString('hex') : undefined;
}

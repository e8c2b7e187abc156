import { say } from '../say.js';
import { isObject } from './immich-answer.js';
import { ImmichError } from './immich-error.js';
import type { HttpRequest } from './immich-http.js';
import type { Visibility } from './upload-extras.js';

/** An asset, as far as this pack looks at it. */
export interface AssetFacts {
  readonly assetId: string;
  /** SHA-1 of what Immich stores, 40 lower-case hex digits. */
  readonly sha1: string;
  readonly livePhotoVideoId: string | null;
  /** The stack that it is on. */
  readonly stackId: string | null;
  readonly isTrashed: boolean;
}

/** What may be changed of an asset that is there already. */
export interface AssetChanges {
  readonly livePhotoVideoId?: string;
  /** ISO 8601 with a zone. */
  readonly dateTimeOriginal?: string;
  readonly description?: string;
  /** 1 to 5; -1 is rejected. */
  readonly rating?: number;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly isFavorite?: boolean;
  readonly visibility?: Visibility;
}

export interface Album {
  readonly albumId: string;
  /** Not unique in Immich. */
  readonly name: string;
}

/**
 * What can be done with assets once they are there. Every call throws ImmichError; a permission that the key lacks, and
 * an answer that says no, concern the files at hand and hold up no others.
 */
export interface LibraryCalls {
  /** Needs `asset.read`; undefined when there is no such asset. */
  asset(assetId: string): Promise<AssetFacts | undefined>;
  /** Needs `asset.update`. */
  updateAsset(assetId: string, changes: AssetChanges): Promise<void>;
  /** Puts at least two assets on one stack, the first one on top, and gives its id. Needs `stack.create`. */
  createStack(assetIds: readonly string[]): Promise<string>;
  /** All albums of the key's user. Needs `album.read`. */
  albums(): Promise<Album[]>;
  /** Needs `album.create`. */
  createAlbum(name: string): Promise<Album>;
  /** Assets that are in it already are no error. Needs `albumAsset.create`. */
  addToAlbum(albumId: string, assetIds: readonly string[]): Promise<void>;
  /** Finds or makes tags, `a/b` with all above it, and gives the ids in the same order. Needs `tag.create`. */
  upsertTags(values: readonly string[]): Promise<string[]>;
  /**
   * Gives how many pairs are new. What there is not, or not any more, Immich leaves out without a word. Needs
   * `tag.asset`.
   */
  tagAssets(tagIds: readonly string[], assetIds: readonly string[]): Promise<number>;
}

type Call = (request: HttpRequest) => Promise<unknown>;

/** Makes the calls of one server; `origin` stands in their sentences. */
export function libraryCalls(send: Call, origin: string): LibraryCalls {
  const call: Call = async (request) => {
    try {
      return await send(request);
    } catch (error) {
      throw error instanceof ImmichError ? aboutTheseFiles(error) : error;
    }
  };
  const idIn = (body: unknown, sentence: string): string => {
    const id = isObject(body) ? body.id : undefined;
    if (isAssetId(id)) return id;
    throw strange(sentence);
  };
  return {
    async asset(assetId) {
      try {
        return assetFacts(await call({ method: 'GET', path: `/assets/${assetId}` }), origin);
      } catch (error) {
        // Immich says 400, not 404, of an asset that it does not have.
        if (error instanceof ImmichError && error.status === 400) return undefined;
        throw error;
      }
    },
    async updateAsset(assetId, changes) {
      await call({ method: 'PUT', path: `/assets/${assetId}`, json: changes });
    },
    async createStack(assetIds) {
      const body = await call({ method: 'POST', path: '/stacks', json: { assetIds } });
      return idIn(body, say`${origin} named no stack: is this Immich?`);
    },
    async albums() {
      const body = await call({ method: 'GET', path: '/albums', limitBytes: MOST_ALBUM_BYTES });
      if (!Array.isArray(body)) throw strange(say`${origin} gave no list of albums: is this Immich?`);
      return body
        .filter(isObject)
        .flatMap(({ id, albumName }) =>
          isAssetId(id) && typeof albumName === 'string' ? [{ albumId: id, name: albumName }] : [],
        );
    },
    async createAlbum(name) {
      const body = await call({ method: 'POST', path: '/albums', json: { albumName: name } });
      return { albumId: idIn(body, say`${origin} named no album: is this Immich?`), name };
    },
    async addToAlbum(albumId, ids) {
      const body = await call({ method: 'PUT', path: `/albums/${albumId}/assets`, json: { ids } });
      const results = Array.isArray(body) ? body.filter(isObject) : [];
      const refused = results.find(({ success, error }) => success !== true && error !== 'duplicate');
      if (refused === undefined) return;
      throw new ImmichError(
        'rejected',
        say`Immich did not add a photo to its album (${String(refused.error ?? say`no reason given`)}).`,
      );
    },
    async upsertTags(values) {
      const body = await call({ method: 'PUT', path: '/tags', json: { tags: values } });
      const tags = Array.isArray(body) ? body.filter(isObject) : [];
      return values.map((value) => {
        const tag = tags.find((candidate) => candidate.value === value);
        if (!isAssetId(tag?.id)) throw strange(say`${origin} made no tag "${value}": is this Immich?`);
        return tag.id;
      });
    },
    async tagAssets(tagIds, assetIds) {
      const body = await call({ method: 'PUT', path: '/tags/assets', json: { tagIds, assetIds } });
      return isObject(body) && typeof body.count === 'number' ? body.count : 0;
    },
  };
}

/** An album has some 800 bytes in the list. */
const MOST_ALBUM_BYTES = 32 * 1024 * 1024;

/** What was sent went well: the others can go on, whatever this one is refused for. */
function aboutTheseFiles(error: ImmichError): ImmichError {
  const { kind, message, status, permission, retryAfterMs, correlationId } = error;
  if (kind !== 'forbidden' && kind !== 'server-error' && kind !== 'wrong-address') return error;
  return new ImmichError(kind, message, {
    scope: 'file',
    ...(status !== undefined && { status }),
    ...(permission !== undefined && { permission }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(correlationId !== undefined && { correlationId }),
  });
}

function assetFacts(body: unknown, origin: string): AssetFacts {
  const { id, checksum, livePhotoVideoId, stack, isTrashed } = isObject(body) ? body : {};
  if (!isAssetId(id) || typeof checksum !== 'string')
    throw strange(say`${origin} says nothing about an asset: is this Immich?`);
  return {
    assetId: id,
    sha1: Buffer.from(checksum, 'base64').toString('hex'),
    livePhotoVideoId: isAssetId(livePhotoVideoId) ? livePhotoVideoId : null,
    stackId: isObject(stack) && isAssetId(stack.id) ? stack.id : null,
    isTrashed: isTrashed === true,
  };
}

function strange(sentence: string): ImmichError {
  return new ImmichError('wrong-address', sentence, { scope: 'file' });
}

/** Immich names assets, albums, stacks and tags by UUIDs. Whatever it is, it goes into messages, events and logs. */
export function isAssetId(id: unknown): id is string {
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id);
}

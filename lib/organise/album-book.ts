import { gatherByKey } from '../gather-by-key.js';
import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';

export interface AlbumBookOptions {
  readonly client: Pick<ImmichClient, 'albums' | 'createAlbum' | 'addToAlbum'>;
  readonly waitMs?: number;
  readonly now?: () => number;
}

/** So old a list may be before another album is made: somebody else may have made it meanwhile. */
const FRESH_MS = 60_000;
const MOST_ADDED = 1_000;

/**
 * Knows the albums of a user by their names. The list is asked for once and when an album is to be made, at most once a
 * minute; one album is found or made at a time, so that two photos never make two of one name. Of several albums of one
 * name the first one of the list is taken.
 */
export function createAlbumBook({ client, waitMs = 50, now = () => performance.now() }: AlbumBookOptions) {
  let ids = new Map<string, string>();
  let listedAt: number | undefined;
  let lastSearch: Promise<unknown> = Promise.resolve();

  async function list(): Promise<void> {
    const albums = await client.albums();
    ids = new Map(albums.reverse().map(({ name, albumId }) => [name, albumId]));
    listedAt = now();
  }

  async function findOrMake(name: string): Promise<string> {
    const isFresh = listedAt !== undefined && now() - listedAt < FRESH_MS;
    if (!ids.has(name) && !isFresh) await list();
    const known = ids.get(name);
    if (known !== undefined) return known;
    try {
      const { albumId } = await client.createAlbum(name);
      ids.set(name, albumId);
      return albumId;
    } catch (error) {
      // It may have been made all the same: the next one looks first.
      listedAt = undefined;
      throw error;
    }
  }

  function idOf(name: string): Promise<string> {
    const known = ids.get(name);
    if (known !== undefined) return Promise.resolve(known);
    const search = lastSearch.then(() => findOrMake(name));
    lastSearch = search.catch(() => undefined);
    return search;
  }

  async function add(name: string, assetIds: readonly string[]): Promise<void> {
    const albumId = await idOf(name);
    try {
      await client.addToAlbum(albumId, assetIds);
    } catch (error) {
      // Immich says 400 of an album that is gone: it is made anew.
      if (!(error instanceof ImmichError) || error.status !== 400) throw error;
      if (ids.get(name) === albumId) ids.delete(name);
      listedAt = undefined;
      await client.addToAlbum(await idOf(name), assetIds);
    }
  }

  /** One asset that Immich refuses must not keep the others of its call out. */
  const refused = new Map<string, unknown>();
  const addGathered = gatherByKey<string>(
    async (name, assetIds) => {
      try {
        await add(name, assetIds);
      } catch (error) {
        const isAboutOne =
          error instanceof ImmichError && error.kind === 'rejected' && error.status === undefined;
        if (!isAboutOne || assetIds.length === 1) throw error;
        for (const assetId of assetIds) {
          await add(name, [assetId]).catch((reason: unknown) => refused.set(`${assetId} ${name}`, reason));
        }
      }
    },
    { waitMs, maxItems: MOST_ADDED },
  );

  return {
    /** Puts an asset into the album of a name; calls of the same time go out together. */
    async add(name: string, assetId: string): Promise<void> {
      await addGathered(name, assetId);
      const key = `${assetId} ${name}`;
      const reason = refused.get(key);
      if (!refused.delete(key)) return;
      throw reason;
    },
  };
}

import type { ImmichClient } from '../immich/immich-client.js';
import type { AssetChanges } from '../immich/library-calls.js';
import type { DryStep } from './dry-step.js';

/** The calls that change something once files are in Immich, and the one that looks before. */
export type LibraryWork = Pick<
  ImmichClient,
  | 'asset'
  | 'updateAsset'
  | 'createStack'
  | 'albums'
  | 'createAlbum'
  | 'addToAlbum'
  | 'upsertTags'
  | 'tagAssets'
>;

/** Begins the id of every asset that is not there. */
const DRY = 'dry-';

/** The id of an asset that a library would make of these bytes; two libraries would make two. */
export function dryAssetId(library: string, sha1: string): string {
  return `${DRY}${library}-${sha1}`;
}

/**
 * Makes a client that writes down what it is asked to change, and changes nothing. Assets that are there are looked at;
 * albums and tags are what their names say. `isOrder` tells what an organiser wants from what a sidecar says.
 */
export function dryClient(
  client: Pick<ImmichClient, 'asset'>,
  {
    pathOf,
    note,
    isOrder,
  }: { pathOf: (id: string) => string; note: (step: DryStep) => void; isOrder: boolean },
): LibraryWork {
  const apply = isOrder ? 'change' : 'apply';
  const tag = isOrder ? 'tag' : 'apply';
  return {
    asset: async (id) => (id.startsWith(DRY) ? undefined : client.asset(id)),
    async updateAsset(id, { livePhotoVideoId, ...changes }) {
      if (livePhotoVideoId !== undefined)
        note({ does: 'link', path: pathOf(id), with: [pathOf(livePhotoVideoId)] });
      const words = wordsOf(changes);
      if (words.length > 0) note({ does: apply, path: pathOf(id), with: words });
    },
    async createStack([top = '', ...others]) {
      note({ does: 'stack', path: pathOf(top), with: others.map(pathOf) });
      return DRY;
    },
    albums: async () => [],
    createAlbum: async (name) => ({ albumId: name, name }),
    async addToAlbum(name, ids) {
      for (const id of ids) note({ does: 'album', path: pathOf(id), with: [name] });
    },
    upsertTags: async (values) => [...values],
    async tagAssets(names, ids) {
      for (const id of ids) note({ does: tag, path: pathOf(id), with: names });
      return names.length * ids.length;
    },
  };
}

/** As in `rating: 4`. */
function wordsOf(changes: AssetChanges): string[] {
  return Object.entries(changes).map(([name, value]) => `${name}: ${value}`);
}

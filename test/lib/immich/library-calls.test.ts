import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FileVersionError, readVersion } from '../../../lib/file-version.js';
import type { ImmichClient } from '../../../lib/immich/immich-client.js';
import { MOST_SIDECAR_BYTES, type UploadExtras } from '../../../lib/immich/upload-extras.js';
import type { StandIn } from '../../support/immich-stand-in.js';
import { clientOf, sha1Of, standIn, tempFolder } from '../../support/world.js';

const NOBODY = '00000000-0000-4000-8000-000000000000';

describe.each(['v2', 'v3'] as const)('against Immich %s', (dialect) => {
  let server: StandIn;
  let client: ImmichClient;
  beforeEach(async () => {
    server = await standIn({ dialect, permissions: ['all'] });
    client = clientOf(server);
  });

  const written = async (name: string, content: string | Buffer) => {
    const path = join(tempFolder(), name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return { path, fileName: name, version: await readVersion(path) };
  };
  const upload = async (name: string, extras?: UploadExtras, content = `bytes of ${name}`) => {
    const form = await written(name, content);
    return (await client.upload({ ...form, extras })).assetId;
  };

  describe('an upload with extras', () => {
    it.each(['a.xmp', 'a.jpg.XMP', 'odd "name".xmp'])('carries the sidecar %s', async (name) => {
      await upload('a.jpg', { sidecar: await written(name, '<x:xmpmeta/>') });
      expect(server.assets).toMatchObject([
        { fileName: 'a.jpg', sha1: sha1Of('bytes of a.jpg'), sidecar: { sha1: sha1Of('<x:xmpmeta/>') } },
      ]);
      expect(server.orphans).toBe(0);
    });

    it('carries it also from memory, and beside a file of several pieces', async () => {
      const content = 'x'.repeat(700_000);
      const [kept, sidecar] = [Buffer.from('bytes'), await written('a.xmp', '<x/>')];
      await client.upload({ ...(await written('a.jpg', kept)), kept, extras: { sidecar } });
      await upload('b.jpg', { sidecar }, content);
      expect(server.assets.map(({ sha1, sidecar }) => [sha1, sidecar?.sizeBytes])).toEqual([
        [sha1Of('bytes'), 4],
        [sha1Of(content), 4],
      ]);
    });

    it('carries one of some megabytes in pieces, beside a file from memory or from the disk', async () => {
      const large = Buffer.alloc(2_500_000, 'x');
      const [kept, sidecar] = [Buffer.from('bytes'), await written('a.xmp', large)];
      await client.upload({ ...(await written('a.jpg', kept)), kept, extras: { sidecar } });
      await upload('b.jpg', { sidecar });
      expect(server.assets.map(({ sha1, sidecar }) => [sha1, sidecar?.sha1])).toEqual([
        [sha1Of('bytes'), sha1Of(large)],
        [sha1Of('bytes of b.jpg'), sha1Of(large)],
      ]);
    });

    it.each([4, 2_500_000])(
      'sends nothing as whole when the sidecar of %i bytes is no longer what it was',
      async (size) => {
        const sidecar = await written('a.xmp', Buffer.alloc(size));
        writeFileSync(sidecar.path, Buffer.alloc(size, 'y'));
        await expect(upload('a.jpg', { sidecar })).rejects.toBeInstanceOf(FileVersionError);
        expect(server.assets).toEqual([]);
      },
    );

    it('refuses a sidecar that is none by its size', async () => {
      const sidecar = await written('a.xmp', Buffer.alloc(MOST_SIDECAR_BYTES + 1));
      await expect(upload('a.jpg', { sidecar })).rejects.toBeInstanceOf(RangeError);
    });

    it('sets favourite, visibility and the date', async () => {
      await upload('a.jpg', { isFavorite: true, visibility: 'archive', takenAtMs: Date.UTC(2019, 0, 2, 3) });
      const [asset] = server.assets;
      expect(asset).toMatchObject({ visibility: 'archive', fields: { isFavorite: 'true' } });
      for (const date of ['fileCreatedAt', 'fileModifiedAt']) {
        expect(asset?.fields[date]).toBe('2019-01-02T03:00:00.000Z');
      }
    });

    it('links a still with the video that moves it', async () => {
      const livePhotoVideoId = await upload('a.mov');
      const still = await upload('a.heic', { livePhotoVideoId });
      expect(server.assets).toMatchObject([{ visibility: 'hidden' }, { id: still, livePhotoVideoId }]);
    });
  });

  it('reads an asset, and says that there is none', async () => {
    const assetId = await upload('a.jpg');
    const sha1 = sha1Of('bytes of a.jpg');
    expect(await client.asset(assetId)).toEqual({
      assetId,
      sha1,
      livePhotoVideoId: null,
      stackId: null,
      isTrashed: false,
    });
    server.trash(assetId);
    expect(await client.asset(assetId)).toMatchObject({ isTrashed: true });
    expect(await client.asset(NOBODY)).toBeUndefined();
  });

  it('changes an asset that is there already', async () => {
    const [video, still] = [await upload('a.mov'), await upload('a.heic')];
    const changes = { livePhotoVideoId: video, description: 'At the sea', rating: 4, isFavorite: true };
    await client.updateAsset(still, changes);
    expect(server.assets).toMatchObject([{ visibility: 'hidden' }, { livePhotoVideoId: video, changes }]);
    expect(await client.asset(still)).toMatchObject({ livePhotoVideoId: video });
  });

  it('makes a stack with the first asset on top', async () => {
    const [jpeg, raw] = [await upload('a.jpg'), await upload('a.dng')];
    const id = await client.createStack([jpeg, raw]);
    expect(server.stacks).toEqual([{ id, assetIds: [jpeg, raw] }]);
  });

  it('makes and fills albums, and an asset that is in one already is no error', async () => {
    const [a, b] = [await upload('a.jpg'), await upload('b.jpg')];
    const { albumId } = await client.createAlbum('Summer / 2026');
    await client.addToAlbum(albumId, [a]);
    await client.addToAlbum(albumId, [a, b]);
    expect(await client.albums()).toEqual([{ albumId, name: 'Summer / 2026' }]);
    expect(server.albums).toMatchObject([{ name: 'Summer / 2026', assetIds: [a, b] }]);
    await expect(client.addToAlbum(albumId, [NOBODY])).rejects.toMatchObject({
      kind: 'rejected',
      scope: 'file',
    });
  });

  it('makes tags with all above them, in the order in which they were asked for', async () => {
    const asset = await upload('a.jpg');
    const ids = await client.upsertTags(['trip/2026', 'card']);
    expect(await client.upsertTags(['card', 'trip/2026'])).toEqual([...ids].reverse());
    await client.tagAssets(ids, [asset]);
    expect(server.tags).toMatchObject([
      { value: 'trip', assetIds: [] },
      { value: 'trip/2026', assetIds: [asset] },
      { value: 'card', assetIds: [asset] },
    ]);
  });

  it.each<[string, (client: ImmichClient) => Promise<unknown>]>([
    ['asset.read', (at) => at.asset(NOBODY)],
    ['asset.update', (at) => at.updateAsset(NOBODY, { rating: 1 })],
    ['stack.create', (at) => at.createStack([NOBODY, NOBODY])],
    ['album.read', (at) => at.albums()],
    ['album.create', (at) => at.createAlbum('a')],
    ['albumAsset.create', (at) => at.addToAlbum(NOBODY, [NOBODY])],
    ['tag.create', (at) => at.upsertTags(['a'])],
    ['tag.asset', (at) => at.tagAssets([NOBODY], [NOBODY])],
  ])('names the permission %s when the key lacks it, and holds up no other file', async (permission, ask) => {
    server.setPermissions(['asset.upload']);
    await expect(ask(client)).rejects.toMatchObject({ kind: 'forbidden', scope: 'file', permission });
  });
});

it.each<[string, unknown, (client: ImmichClient) => Promise<unknown>]>([
  ['an asset without a checksum', { id: NOBODY }, (at) => at.asset(NOBODY)],
  ['a stack without an id', { id: '<script>' }, (at) => at.createStack([NOBODY, NOBODY])],
  ['no list of albums', { albums: [] }, (at) => at.albums()],
  ['an album without an id', {}, (at) => at.createAlbum('a')],
  ['tags that were not asked for', [{ id: NOBODY, value: 'b' }], (at) => at.upsertTags(['a'])],
])('takes %s for no answer of Immich', async (_what, body, ask) => {
  const server = await standIn({ permissions: ['all'] });
  server.fail({ kind: 'answer', status: 200, body: body as object });
  await expect(ask(clientOf(server))).rejects.toMatchObject({ kind: 'wrong-address', scope: 'file' });
});

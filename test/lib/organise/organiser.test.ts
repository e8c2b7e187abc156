import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImmichError } from '../../../lib/immich/immich-error.js';
import type { UploadedFile } from '../../../lib/media-file.js';
import { type OrganiseConfig, parseOrganiseSettings } from '../../../lib/organise/organise-settings.js';
import { createOrganiser } from '../../../lib/organise/organiser.js';
import type { UploadWishes } from '../../../lib/organise/upload-wishes.js';
import { type AttemptMemory, uploadFile } from '../../../lib/upload/upload-file.js';
import type { StandIn } from '../../support/immich-stand-in.js';
import { clientOf, stableFile, standIn, tempFolder } from '../../support/world.js';

/** An uploader of a folder with settings, as the node has it. */
async function world(server: StandIn, config: OrganiseConfig = {}) {
  const folder = tempFolder();
  const client = clientOf(server, { stallMs: 5_000, answerMs: 5_000 });
  const problems: ImmichError[] = [];
  const settings = parseOrganiseSettings({ timeZone: 'Europe/Berlin', ...config });
  const organiser = createOrganiser({
    client,
    settings,
    onProblem: (error) => problems.push(error),
    startedAt: new Date('2026-11-26T00:45:00Z'),
    waitMs: 20,
  });
  const send = organiser.organising((file, attempt) =>
    uploadFile(file, { client, trashPolicy: 'hold' }, attempt),
  );
  const upload = async (name: string, wishes?: UploadWishes, memory: AttemptMemory = {}) => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    const file = await stableFile(path, `bytes of ${name}`);
    return send({ ...file, folder, relativePath: name, ...(wishes && { wishes }) }, { memory });
  };
  return { upload, problems, organiser };
}

const inAlbums = (server: StandIn) =>
  Object.fromEntries(server.albums.map(({ name, assetIds }) => [name, assetIds.length]));
const withTags = (server: StandIn) =>
  Object.fromEntries(
    server.tags
      .filter(({ assetIds }) => assetIds.length > 0)
      .map(({ value, assetIds }) => [value, assetIds.length]),
  );
const countOf = (server: StandIn, method: string, path: RegExp) =>
  server.requests.filter((request) => request.method === method && path.test(request.path)).length;

describe.each(['v2', 'v3'] as const)('on Immich %s', (dialect) => {
  const immich = (permissions: readonly string[] = ['all']) => standIn({ dialect, permissions });

  it('puts photos into albums and tags of their folders', async () => {
    const server = await immich();
    const { upload } = await world(server, {
      albums: '{folder}, All, {path}',
      tags: 'trips/{path}, {session}',
    });
    await Promise.all([
      upload('2025/Lake/a.jpg'),
      upload('2025/Lake/b.jpg'),
      upload('2026/Lake/c.jpg'),
      upload('d.jpg'),
    ]);
    expect(inAlbums(server)).toEqual({ Lake: 3, All: 4, '2025 / Lake': 2, '2026 / Lake': 1 });
    expect(withTags(server)).toEqual({
      'trips/2025/Lake': 2,
      'trips/2026/Lake': 1,
      '2026-11-26 01.45': 4,
    });
  });

  it('asks nothing more of a server than before when there is nothing to put in order', async () => {
    const server = await immich(['asset.upload']);
    const { upload } = await world(server);
    const uploaded = await upload('a.jpg');
    expect(uploaded).not.toHaveProperty('wishes');
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/api/assets/bulk-upload-check',
      '/api/assets',
      '/api/assets/bulk-upload-check',
    ]);
  });

  it('takes the first of several albums of one name, and makes none', async () => {
    const server = await immich();
    const client = clientOf(server);
    const { albumId } = await client.createAlbum('Lake');
    await client.createAlbum('Lake');
    const { upload } = await world(server, { albums: '{folder}' });
    await upload('Lake/a.jpg');
    expect(server.albums.find(({ id }) => id === albumId)?.assetIds).toHaveLength(1);
    expect(server.albums).toHaveLength(2);
  });

  it('makes an album anew that was deleted meanwhile, and a tag', async () => {
    const server = await immich();
    const { upload } = await world(server, { albums: 'A', tags: 'T' });
    await upload('a.jpg');
    server.forgetCollections();
    await upload('b.jpg');
    expect(inAlbums(server)).toEqual({ A: 1 });
    expect(withTags(server)).toEqual({ T: 1 });
  });

  it('puts in order what Immich has already', async () => {
    const server = await immich();
    await (await world(server)).upload('Lake/a.jpg');
    const again = await (await world(server, { albums: '{folder}', tags: 'x' })).upload('Lake/a.jpg');
    expect(again.uploadOutcome).toBe('duplicate');
    expect([inAlbums(server), withTags(server)]).toEqual([{ Lake: 1 }, { x: 1 }]);
  });

  it('sends favourite, place and date of a new photo with it', async () => {
    const server = await immich(['asset.upload']);
    const { upload } = await world(server, { favorite: 'yes', visibility: 'archive', dateFromName: true });
    await upload('IMG_20230102_030405.jpg');
    const [asset] = server.assets;
    expect(asset).toMatchObject({ visibility: 'archive', fields: { isFavorite: 'true' } });
    expect(asset?.fields).toMatchObject({
      fileCreatedAt: '2023-01-02T02:04:05.000Z',
      fileModifiedAt: '2023-01-02T02:04:05.000Z',
    });
  });

  it('lets what a flow says outweigh the settings', async () => {
    const server = await immich();
    const { upload } = await world(server, { albums: 'All', tags: 'x', favorite: true, dateFromName: true });
    await upload('IMG_20230102_030405.jpg', {
      albums: ['{folder}'],
      tags: [],
      isFavorite: false,
      takenAtMs: Date.parse('2001-01-01T00:00:00Z'),
      description: 'At the lake',
      rating: 3,
    });
    const [asset] = server.assets;
    expect([inAlbums(server), withTags(server)]).toEqual([{ '{folder}': 1 }, {}]);
    expect(asset?.fields.fileCreatedAt).toBe('2001-01-01T00:00:00.000Z');
    expect(asset?.fields).not.toHaveProperty('isFavorite');
    expect(asset?.changes).toEqual({ description: 'At the lake', rating: 3 });
  });

  it('changes a photo that Immich has by what a flow says, and not by settings', async () => {
    const server = await immich();
    await (await world(server)).upload('a.jpg');
    const { upload } = await world(server, { favorite: true });
    await upload('a.jpg');
    expect(server.assets[0]?.changes).toEqual({});
    await upload('a.jpg', { isFavorite: true, visibility: 'archive' });
    expect(server.assets[0]?.changes).toEqual({ isFavorite: true, visibility: 'archive' });
  });

  it('puts locked photos nowhere', async () => {
    const server = await immich(['asset.upload']);
    const { upload } = await world(server, { albums: 'A', tags: 'T', visibility: 'locked' });
    await upload('a.jpg');
    expect(server.assets).toMatchObject([{ visibility: 'locked' }]);
    expect(server.albums).toEqual([]);
  });

  it('needs few calls for 500 photos of one album', async () => {
    const server = await immich();
    const { upload } = await world(server, { albums: 'A', tags: 'T' });
    const names = Array.from({ length: 500 }, (_, index) => `${index}.jpg`);
    const work = Array.from({ length: 32 }, async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) await upload(name);
    });
    await Promise.all(work);
    expect([inAlbums(server), withTags(server)]).toEqual([{ A: 500 }, { T: 500 }]);
    expect(countOf(server, 'GET', /albums$/)).toBe(1);
    expect(countOf(server, 'POST', /albums$/)).toBe(1);
    expect(countOf(server, 'PUT', /tags$/)).toBe(1);
    expect(countOf(server, 'PUT', /albums\/.*assets$/)).toBeLessThan(60);
    expect(countOf(server, 'PUT', /tags\/assets$/)).toBeLessThan(60);
  });

  it('asks for the list of albums once, however many albums it makes', async () => {
    const server = await immich();
    const { upload } = await world(server, { albums: '{folder}' });
    await Promise.all(Array.from({ length: 20 }, (_, index) => upload(`${index % 10}/${index}.jpg`)));
    expect(server.albums).toHaveLength(10);
    expect(countOf(server, 'GET', /albums$/)).toBe(1);
  });

  it('lets one refused asset keep no other out of the album', async () => {
    const server = await immich();
    const { upload } = await world(server, { albums: 'A' });
    await upload('a.jpg');
    const client = clientOf(server);
    const { createAlbumBook } = await import('../../../lib/organise/album-book.js');
    const book = createAlbumBook({ client, waitMs: 10 });
    const [asset] = server.assets;
    const stranger = '00000000-0000-4000-8000-000000000000';
    const results = await Promise.allSettled([book.add('B', stranger), book.add('B', asset?.id ?? '')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(inAlbums(server)).toMatchObject({ B: 1 });
  });

  it.each([
    ['album.read', 'in its albums'],
    ['album.create', 'in its albums'],
    ['albumAsset.create', 'in its albums'],
    ['tag.create', 'with its tags'],
    ['tag.asset', 'with its tags'],
    ['asset.update', 'with what the flow wants for it'],
  ])('names %s once when the key lacks it, and goes on when it has it', async (permission, what) => {
    const rights = [
      'asset.upload',
      'album.read',
      'album.create',
      'albumAsset.create',
      'tag.create',
      'tag.asset',
    ];
    const every = [...rights, 'asset.update'];
    const server = await immich(every.filter((right) => right !== permission));
    const { upload, problems } = await world(server, { albums: 'A', tags: 'T' });
    const memory: AttemptMemory = {};
    const wishes = { description: 'x' };
    const lacking = {
      kind: 'forbidden',
      scope: 'file',
      permission,
      tries: Number.POSITIVE_INFINITY,
      message: `Immich has the photo, but not ${what}. The API key lacks the permission "${permission}". Add it to the key in Immich. Until then the file stays where it is; it is tried again.`,
    };
    await expect(upload('a.jpg', wishes, memory)).rejects.toMatchObject(lacking);
    await expect(upload('b.jpg', wishes)).rejects.toMatchObject(lacking);
    expect(problems).toMatchObject([{ permission }]);

    server.setPermissions(every);
    const { upload: later } = await world(server, { albums: 'A', tags: 'T' });
    const { assetId, uploadOutcome } = await later('a.jpg', wishes, memory);
    expect(uploadOutcome).toBe('created');
    expect([...server.albums, ...server.tags].map(({ assetIds }) => assetIds.includes(assetId))).toEqual([
      true,
      true,
    ]);
  });

  it.each([500, 503])('throws what will pass (status %i), and makes up for it', async (status) => {
    const server = await immich();
    const { upload } = await world(server, { albums: 'A' });
    server.fail({ kind: 'answer', status, path: /albums\/.*assets$/, times: 1 });
    const memory: AttemptMemory = {};
    await expect(upload('a.jpg', undefined, memory)).rejects.toMatchObject({ willPass: true });
    expect((await upload('a.jpg', undefined, memory)).uploadOutcome).toBe('created');
    expect(inAlbums(server)).toEqual({ A: 1 });
  });

  it('makes no second album when the answer about the first one was lost', async () => {
    const server = await immich();
    const { upload } = await world(server, { albums: 'A' });
    server.fail({
      kind: 'answer',
      status: 502,
      method: 'POST',
      path: '/api/albums',
      takesEffect: true,
      times: 1,
    });
    await expect(upload('a.jpg')).rejects.toMatchObject({ kind: 'busy' });
    await upload('a.jpg');
    expect(server.albums.map(({ name, assetIds }) => [name, assetIds.length])).toEqual([['A', 1]]);
  });
});

it('puts the visible parts of a group into albums, and no video of a live photo', async () => {
  const server = await standIn({ permissions: ['all'] });
  const { organiser, upload } = await world(server, { albums: 'A' });
  const ids = [];
  for (const name of ['a.jpg', 'a.dng', 'a.mov', 'a.png'])
    ids.push((await upload(name, { albums: [] })).assetId);
  const [assetId = '', raw = '', video = '', twin = ''] = ids;
  const file = await stableFile(join(tempFolder(), 'a.jpg'), 'x');
  const part = { relativePath: 'a', sizeBytes: 1, mtimeMs: 1, ctimeMs: 1, sha1: 'a'.repeat(40) };
  const uploaded = {
    ...file,
    sha1: 'a'.repeat(40),
    ctimeMs: 1,
    assetId,
    uploadOutcome: 'created',
    isTrashed: false,
    uploadedAt: '',
    companions: [
      { ...part, path: '/a.dng', kind: 'raw', assetId: raw },
      { ...part, path: '/a.mov', kind: 'live-video', assetId: video },
      { ...part, path: '/a.png', kind: 'twin', assetId: twin },
      { ...part, path: '/a.xmp', kind: 'sidecar', assetId: null },
    ],
  } as unknown as UploadedFile;
  await organiser.organising(async () => uploaded)(file, {});
  expect(server.albums.map(({ assetIds }) => assetIds)).toEqual([[assetId, raw, twin]]);
});

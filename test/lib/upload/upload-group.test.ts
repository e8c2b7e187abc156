import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupFiles } from '../../../lib/companions/group-files.js';
import type { StableFile } from '../../../lib/media-file.js';
import { createFellowBook } from '../../../lib/upload/fellow-book.js';
import type { StackPolicy } from '../../../lib/upload/join-assets.js';
import { groupingUpload } from '../../../lib/upload/late-companions.js';
import { uploadFile } from '../../../lib/upload/upload-file.js';
import type { StandIn } from '../../support/immich-stand-in.js';
import { clientOf, sha1Of, stableFile, stableRecord, standIn, tempFolder } from '../../support/world.js';

const ALL = ['all'];
const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmp:Rating="4">
<dc:subject><rdf:Bag><rdf:li>dog</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`;

interface World {
  readonly server: StandIn;
  readonly folder: string;
  readonly notices: string[];
  write(...names: string[]): Promise<StableFile>;
  upload: ReturnType<typeof groupingUpload>;
  /** Called before each file. */
  before: (path: string) => void;
}

describe.each(['v2', 'v3'] as const)('a group to Immich %s', (dialect) => {
  async function world(stackPolicy: StackPolicy = 'jpeg', permissions = ALL): Promise<World> {
    const server = await standIn({ dialect, permissions });
    const client = clientOf(server);
    const folder = tempFolder();
    const notices: string[] = [];
    const options = { client, trashPolicy: 'hold' } as const;
    const at: World = {
      before: () => {},
      server,
      folder,
      notices,
      async write(...names) {
        const files = await Promise.all(
          names.map((name) =>
            stableFile(join(folder, name), name.toLowerCase().endsWith('.xmp') ? XMP : `bytes of ${name}`),
          ),
        );
        const [group, ...others] = groupFiles(files);
        expect(others).toEqual([]);
        const { primary, companions } = group!;
        const records = companions.map(({ file, kind }) => {
          const { path, relativePath, sizeBytes, mtimeMs } = file;
          return { kind, path, relativePath, sizeBytes, mtimeMs };
        });
        return records.length === 0 ? primary : { ...primary, companions: records };
      },
      upload: groupingUpload({
        client,
        stackPolicy,
        upload: (file, attempt) => {
          at.before(file.path);
          return uploadFile(file, options, attempt);
        },
        onNotice: (notice) => notices.push(notice.message),
        book: createFellowBook(),
      }),
    };
    return at;
  }
  const assetOf = ({ server }: World, name: string) =>
    server.assets.find(({ fileName }) => fileName === name);
  const shownStack = ({ server }: World) =>
    server.stacks.map(({ assetIds }) =>
      assetIds.map((id) => server.assets.find((asset) => asset.id === id)?.fileName),
    );

  it('the video goes first, and the still names it and brings its sidecar', async () => {
    const at = await world();
    const uploaded = await at.upload(await at.write('a.heic', 'a.mov', 'a.xmp'), {});
    expect(at.server.assets.map(({ fileName }) => fileName)).toEqual(['a.mov', 'a.heic']);
    const [video, still] = [assetOf(at, 'a.mov'), assetOf(at, 'a.heic')];
    expect(still?.livePhotoVideoId).toBe(video?.id);
    expect(still?.sidecar?.sha1).toBe(sha1Of(XMP));
    expect(video).toMatchObject({ visibility: 'hidden', sidecar: null });
    expect(uploaded).toMatchObject({ assetId: still?.id, sha1: sha1Of('bytes of a.heic') });
    expect(uploaded.companions).toMatchObject([
      { kind: 'live-video', assetId: video?.id, sha1: sha1Of('bytes of a.mov') },
      { kind: 'sidecar', assetId: null, sha1: sha1Of(XMP) },
    ]);
    // Nothing of this needs more than the right to upload.
    expect(at.server.requests.every(({ path }) => /assets(\/bulk-upload-check)?$/.test(path))).toBe(true);
  });

  it.each([
    ['jpeg', ['a.jpg', 'a.dng']],
    ['raw', ['a.dng', 'a.jpg']],
    ['off', undefined],
  ] as const)('RAW and JPEG with the policy %s', async (policy, stack) => {
    const at = await world(policy);
    await at.upload(await at.write('a.dng', 'a.jpg', 'a.xmp'), {});
    expect(shownStack(at)).toEqual(stack === undefined ? [] : [stack]);
    expect(at.server.assets.map(({ sidecar }) => sidecar?.sha1)).toEqual([sha1Of(XMP), sha1Of(XMP)]);
  });

  it('a burst is one stack with its cover on top, and twins are on none', async () => {
    const at = await world();
    const [one, two] = [
      'PXL_20230330_201207251.BURST-01.jpg',
      'PXL_20230330_201207251.BURST-02.COVER.jpg',
    ] as const;
    await at.upload(await at.write(one, two), {});
    await at.upload(await at.write('b.heic', 'b.jpg'), {});
    expect(shownStack(at)).toEqual([[two, one]]);
    expect(at.server.assets).toHaveLength(4);
  });

  it.each(['a.mov', 'a.heic', 'a.dng'])('goes on after the server was cut off before "%s"', async (name) => {
    const at = await world();
    const file = await at.write('a.heic', 'a.mov', 'a.xmp', 'a.dng');
    const memory = {};
    let mend = () => {};
    at.before = (path) => {
      if (path.endsWith(name)) mend = at.server.fail({ kind: 'reset', method: 'POST', path: '/api/assets' });
    };
    await expect(at.upload(file, { memory })).rejects.toMatchObject({ kind: 'offline' });
    mend();
    at.before = () => {};
    await at.upload(file, { memory });
    expect(assetOf(at, 'a.heic')?.livePhotoVideoId).toBe(assetOf(at, 'a.mov')?.id);
    expect(shownStack(at)).toEqual([['a.heic', 'a.dng']]);
  });

  it('is joined although all of it was there before, and nothing is done twice', async () => {
    const at = await world();
    for (const name of ['a.heic', 'a.mov', 'a.dng']) {
      await uploadFile(await at.write(name), { client: clientOf(at.server), trashPolicy: 'hold' });
    }
    const file = await at.write('a.heic', 'a.mov', 'a.dng', 'a.xmp');
    const uploaded = await at.upload(file, {});
    expect(uploaded.uploadOutcome).toBe('duplicate');
    expect(assetOf(at, 'a.heic')).toMatchObject({
      livePhotoVideoId: assetOf(at, 'a.mov')?.id,
      changes: { rating: 4 },
    });
    expect(assetOf(at, 'a.mov')?.visibility).toBe('hidden');
    expect(at.server.tags.map(({ value }) => value)).toEqual(['dog']);
    expect(shownStack(at)).toEqual([['a.heic', 'a.dng']]);
    const [stack] = at.server.stacks;
    await at.upload(file, {});
    expect(at.server.stacks).toEqual([stack]);
    expect(at.notices).toEqual([]);
  });

  it('without further rights all is uploaded, and what is missing is said', async () => {
    const at = await world('jpeg', ['asset.upload']);
    await at.upload(await at.write('a.jpg', 'a.dng'), {});
    expect(at.server.assets).toHaveLength(2);
    expect(at.notices.join()).toContain('stack.create');
  });

  it('a sidecar of a photo that was there needs a right, and says so', async () => {
    const at = await world('jpeg', ['asset.upload']);
    await uploadFile(await at.write('a.jpg'), { client: clientOf(at.server), trashPolicy: 'hold' });
    const file = await at.write('a.jpg', 'a.jpg.xmp');
    await expect(at.upload(file, {})).rejects.toThrow(/asset\.update, then retry/);
    at.server.setPermissions(ALL);
    const { companions } = await at.upload(file, {});
    expect(companions).toHaveLength(1);
    expect(assetOf(at, 'a.jpg')?.changes).toMatchObject({ rating: 4 });
  });

  it('a companion that is gone leaves it', async () => {
    const at = await world();
    const file = await at.write('a.heic', 'a.mov', 'a.xmp');
    rmSync(join(at.folder, 'a.mov'));
    rmSync(join(at.folder, 'a.xmp'));
    const { companions } = await at.upload(file, {});
    expect(companions).toEqual([]);
    expect(at.server.assets.map(({ fileName }) => fileName)).toEqual(['a.heic']);
  });

  it('one that changed makes all of it wait', async () => {
    const at = await world();
    const file = await at.write('a.heic', 'a.mov');
    writeFileSync(join(at.folder, 'a.mov'), 'another video');
    await expect(at.upload(file, {})).rejects.toMatchObject({ code: 'changed' });
  });

  it('a broken sidecar goes along as it is', async () => {
    const at = await world();
    await uploadFile(await at.write('a.jpg'), { client: clientOf(at.server), trashPolicy: 'hold' });
    const file = await at.write('a.jpg', 'a.xmp');
    writeFileSync(join(at.folder, 'a.xmp'), 'no XML');
    const { sizeBytes, mtimeMs } = await stableRecord(join(at.folder, 'a.xmp'));
    const companions = [{ ...file.companions![0]!, sizeBytes, mtimeMs }];
    expect((await at.upload({ ...file, companions }, {})).companions).toHaveLength(1);
    expect(at.notices).toEqual([expect.stringContaining('a.xmp')]);
  });

  it('a sidecar of some megabytes goes along, late too; a larger one stays, and that is said', async () => {
    const at = await world();
    const large = XMP.replace(
      '</rdf:Description>',
      `<crs:Look>${'x'.repeat(3_000_000)}</crs:Look></rdf:Description>`,
    );
    const file = await at.write('a.jpg', 'a.xmp');
    const sized = async (text: string) => {
      const { sizeBytes, mtimeMs } = await stableFile(join(at.folder, 'a.xmp'), text);
      return { ...file, companions: [{ ...file.companions![0]!, sizeBytes, mtimeMs }] };
    };
    await at.upload(await sized(large), {});
    expect(at.server.assets).toMatchObject([
      { sha1: sha1Of('bytes of a.jpg'), sidecar: { sha1: sha1Of(large) } },
    ]);
    await at.upload(await stableRecord(join(at.folder, 'a.xmp')), {});
    expect(at.server.assets[0]?.changes).toMatchObject({ rating: 4 });
    const beyond = await sized(large + ' '.repeat(14_000_000));
    expect((await at.upload(beyond, {})).companions).toEqual([]);
    const late = at.upload(await stableRecord(join(at.folder, 'a.xmp')), {});
    await expect(late).rejects.toMatchObject({ code: 'no-photo' });
    expect(at.notices).toEqual(Array(2).fill(expect.stringContaining('larger than 16 MB')));
  });

  it('an empty sidecar goes along and is not sent; filled meanwhile, all of it waits', async () => {
    const at = await world();
    const file = await at.write('a.jpg', 'a.xmp');
    writeFileSync(join(at.folder, 'a.xmp'), '');
    const { sizeBytes, mtimeMs } = await stableRecord(join(at.folder, 'a.xmp'));
    const empty = { ...file, companions: [{ ...file.companions![0]!, sizeBytes, mtimeMs }] };
    const uploaded = await at.upload(empty, {});
    expect(uploaded.companions).toMatchObject([{ kind: 'sidecar', sizeBytes: 0, sha1: sha1Of('') }]);
    expect(at.server.assets).toMatchObject([{ fileName: 'a.jpg', sidecar: null }]);
    expect(at.notices).toEqual([expect.stringContaining('a.xmp is empty')]);
    writeFileSync(join(at.folder, 'a.xmp'), XMP);
    await expect(at.upload(empty, {})).rejects.toMatchObject({ code: 'changed' });
  });

  it('a late sidecar is applied to photo and RAW, and goes the way of its photo', async () => {
    const at = await world();
    const photo = await at.upload(await at.write('a.jpg', 'a.dng'), {});
    const late = await at.upload(await at.write('a.xmp'), {});
    expect(at.server.assets.map(({ changes }) => changes)).toMatchObject([{ rating: 4 }, { rating: 4 }]);
    expect(late).toMatchObject({ assetId: photo.assetId, sidecarOf: { path: photo.path } });
    await expect(at.upload(await at.write('b.xmp'), {})).rejects.toMatchObject({ code: 'no-photo' });
  });

  it.each([
    ['a late video', 'a.heic', 'a.mov'],
    ['a late still', 'a.mov', 'a.heic'],
  ])('%s is linked', async (_what, first, second) => {
    const at = await world();
    await at.upload(await at.write(first), {});
    await at.upload(await at.write(second), {});
    expect(assetOf(at, 'a.heic')?.livePhotoVideoId).toBe(assetOf(at, 'a.mov')?.id);
  });

  it.each([
    ['a late RAW', ['a.jpg'], 'a.dng'],
    ['a late JPEG', ['a.dng'], 'a.jpg'],
    ['a late JPEG of a live photo', ['a.dng', 'a.mov'], 'a.jpg'],
  ])('%s is stacked', async (_what, first, second) => {
    const at = await world();
    await at.upload(await at.write(...first), {});
    await at.upload(await at.write(second), {});
    expect(shownStack(at)).toEqual([['a.jpg', 'a.dng']]);
  });

  it('what was taken at another time only has the same number', async () => {
    const at = await world();
    await at.upload(await at.write('a.heic'), {});
    const late = await at.write('a.mov');
    const mtimeMs = late.mtimeMs - 700_000;
    utimesSync(late.path, mtimeMs / 1_000, mtimeMs / 1_000);
    await at.upload(await stableRecord(late.path), {});
    expect(assetOf(at, 'a.heic')?.livePhotoVideoId).toBeNull();
  });
});

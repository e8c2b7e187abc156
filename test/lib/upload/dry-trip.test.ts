import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupFiles } from '../../../lib/companions/group-files.js';
import type { StableFile } from '../../../lib/media-file.js';
import { type OrganiseConfig, parseOrganiseSettings } from '../../../lib/organise/organise-settings.js';
import { dryTrip } from '../../../lib/upload/dry-trip.js';
import { createFellowBook } from '../../../lib/upload/fellow-book.js';
import { groupingUpload } from '../../../lib/upload/late-companions.js';
import { type TrashPolicy, uploadFile } from '../../../lib/upload/upload-file.js';
import { clientOf, stableFile, standIn, tempFolder } from '../../support/world.js';

const XMP = '<x:xmpmeta><rdf:RDF><rdf:Description xmp:Rating="4"/></rdf:RDF></x:xmpmeta>';

describe.each(['v2', 'v3'] as const)('a dry run beside Immich %s', (dialect) => {
  async function world(order: OrganiseConfig = {}, trashPolicy: TrashPolicy = 'hold') {
    const server = await standIn({ dialect, permissions: ['all'] });
    const folder = tempFolder();
    const client = clientOf(server);
    const book = createFellowBook();
    const trip = dryTrip({
      client,
      library: 'here',
      rulesFor: () => ({ trashPolicy }),
      book,
      stackPolicy: 'jpeg',
      settings: parseOrganiseSettings(order),
    });
    const real = groupingUpload({
      client,
      stackPolicy: 'off',
      book,
      upload: (file, attempt) => uploadFile(file, { client, trashPolicy }, attempt),
      onNotice: () => {},
    });
    return {
      server,
      folder,
      real,
      async write(...names: string[]): Promise<StableFile> {
        const files = await Promise.all(
          names.map((name) => stableFile(join(folder, name), /xmp$/.test(name) ? XMP : `bytes of ${name}`)),
        );
        const [{ primary, companions } = { primary: files[0]!, companions: [] }] = groupFiles(files);
        const fellows = companions.map(({ file, kind }) => ({ ...file, kind }));
        return fellows.length === 0 ? primary : { ...primary, companions: fellows };
      },
      /** Does the dry run, and makes sure that it left no trace. */
      async say(file: StableFile, wishes?: StableFile['wishes']) {
        const look = () =>
          readdirSync(folder).map((name) => {
            const { size, mtimeMs, ctimeMs } = statSync(join(folder, name));
            return [name, size, mtimeMs, ctimeMs];
          });
        const [files, asked] = [look(), server.requests.length];
        const held = JSON.stringify([server.assets, server.stacks, server.albums, server.tags]);
        const uploaded = await trip({ ...file, wishes }, {});
        expect(look()).toEqual(files);
        expect(JSON.stringify([server.assets, server.stacks, server.albums, server.tags])).toBe(held);
        const sent = server.requests.slice(asked).map(({ method, path }) => `${method} ${path}`);
        expect(sent.filter((one) => !/^GET |bulk-upload-check$/.test(one))).toEqual([]);
        expect(uploaded.isDryRun).toBe(true);
        const short = (word: string) => word.replace(`${folder}/`, '');
        return (uploaded.plan ?? []).map((step) =>
          [step.does, ...[step.path, ...step.with].map(short)].join(' '),
        );
      },
    };
  }

  it('says what would become of a group, in the order in which it would', async () => {
    const here = await world();
    const file = await here.write('a.heic', 'a.mov', 'a.dng', 'a.xmp', 'a.dng.xmp');
    expect(await here.say(file)).toEqual([
      'create a.mov',
      'create a.heic',
      'carry a.heic a.xmp',
      'link a.heic a.mov',
      'create a.dng',
      'carry a.dng a.dng.xmp',
      'stack a.heic a.dng',
    ]);
  });

  it('says what would change of a photo that Immich has', async () => {
    const here = await world();
    await here.real(await here.write('a.heic'), {});
    expect(await here.say(await here.write('a.heic', 'a.mov', 'a.xmp'))).toEqual([
      'create a.mov',
      'known a.heic',
      'apply a.heic rating: 4',
      'link a.heic a.mov',
    ]);
  });

  it('says to which photo a late sidecar would go, and a late RAW', async () => {
    const here = await world();
    await here.real(await here.write('a.jpg'), {});
    rmSync(join(here.folder, 'a.jpg'));
    expect(await here.say(await here.write('a.xmp'))).toEqual(['apply a.jpg rating: 4']);
    expect(await here.say(await here.write('a.dng'))).toEqual(['create a.dng', 'stack a.jpg a.dng']);
  });

  it('says albums, tags and what else would be set, and whom a flow wants it for', async () => {
    const here = await world({
      albums: 'Lake, {yyyy}',
      tags: 'x/y',
      favorite: 'true',
      dateFromName: 'true',
      timeZone: 'UTC',
    });
    const file = await here.write('IMG_20230102_030405.jpg');
    expect(await here.say(file, { rating: 3, visibility: 'archive' })).toEqual([
      'create IMG_20230102_030405.jpg',
      'favorite IMG_20230102_030405.jpg true',
      'visibility IMG_20230102_030405.jpg archive',
      'date IMG_20230102_030405.jpg 2023-01-02T03:04:05.000Z',
      'change IMG_20230102_030405.jpg rating: 3',
      'album IMG_20230102_030405.jpg Lake',
      'album IMG_20230102_030405.jpg 2023',
      'tag IMG_20230102_030405.jpg x/y',
    ]);
  });

  it.each([
    ['restore', ['restore a.jpg']],
    ['accept', ['trashed a.jpg']],
  ] as const)('says what the policy "%s" does about a photo in the trash', async (policy, said) => {
    const here = await world({}, policy);
    const file = await here.write('a.jpg');
    await here.real(file, {});
    here.server.trash(here.server.assets[0]!.id);
    expect(await here.say(file)).toEqual(said);
  });

  it('fails where the real one would: a photo that is left in the trash', async () => {
    const here = await world();
    const file = await here.write('a.jpg');
    await here.real(file, {});
    here.server.trash(here.server.assets[0]!.id);
    await expect(here.say(file)).rejects.toMatchObject({ kind: 'trashed' });
  });
});

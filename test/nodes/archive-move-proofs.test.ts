import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { UploadedFile } from '../../lib/media-file.js';
import archiveMove from '../../nodes/archive-move.js';
import { type ArchiveWorld, filesBelow, makeWorld } from '../support/archive-world.js';
import { collect, ON_TAB, TAB_WITH_CATCH, useNodeRed } from '../support/node-red-helper.js';

const helper = useNodeRed();

async function load(here: ArchiveWorld, config: object) {
  const nodes = [
    ...TAB_WITH_CATCH,
    { ...ON_TAB, id: 'n', type: 'archive-move', archiveFolder: here.archive, ...config, wires: [['out']] },
    { ...ON_TAB, id: 'out', type: 'helper', wires: [] },
  ];
  await helper.load(archiveMove, nodes);
  const give = (payload: UploadedFile) => helper.getNode('n').receive({ topic: 'file/uploaded', payload });
  return { give, sent: collect('out'), caught: collect('caught') };
}

describe('waiting for two uploads', () => {
  it('moves the original when the second library has it, and tells both proofs', async () => {
    const here = await makeWorld();
    const { give, sent } = await load(here, { waitFor: '2' });
    const file = { ...(await here.proven('a.jpg')), server: 'http://one' };
    const other = { ...(await here.proven('b.jpg')), server: 'http://one' };
    give(file);
    give(file);
    give(other);
    give({ ...file, assetId: 'on two', server: 'http://two', uploadOutcome: 'duplicate' });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.payload).toMatchObject({
      archivedTo: join(here.archive, 'a.jpg'),
      uploads: [
        { server: 'http://one', assetId: file.assetId },
        { server: 'http://two', assetId: 'on two', outcome: 'duplicate' },
      ],
    });
    expect(await filesBelow(here.watched)).toEqual(['b.jpg']);
  });

  it('does not take the same library twice for two, nor one version for the next', async () => {
    const here = await makeWorld();
    const { give, sent } = await load(here, { waitFor: '2' });
    const file = await here.proven('a.jpg');
    give(file);
    give({ ...file, server: 'http://by-another-address' });
    const newer = await here.proven('a.jpg', 'newer bytes');
    give({ ...newer, assetId: 'newer on two' });
    await vi.waitFor(async () => expect(await filesBelow(here.watched)).toEqual(['a.jpg']));
    expect(sent).toEqual([]);
    give(newer);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
  });
});

describe('a dry run', () => {
  it('says where an original would go, and leaves it', async () => {
    const here = await makeWorld();
    const { give, sent } = await load(here, { dryRun: 'true' });
    const file = await here.proven('trip/a.jpg');
    give({ ...file, isDryRun: true });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]).toMatchObject({
      topic: 'dry-run/archived',
      payload: { isDryRun: true, archivedTo: join(here.archive, 'trip/a.jpg'), archiveOutcome: 'moved' },
    });
    expect(await filesBelow(here.watched)).toEqual(['trip/a.jpg']);
  });

  it('says where each member of a group would go, by one number, and waits for both servers as a real one', async () => {
    const here = await makeWorld();
    await mkdir(here.archive);
    await writeFile(join(here.archive, 'a.xmp'), 'another');
    const { give, sent } = await load(here, { dryRun: 'true', waitFor: '2' });
    const [file, { path, sizeBytes, mtimeMs, ctimeMs, sha1, relativePath }] = [
      await here.proven('a.jpg'),
      await here.proven('a.xmp'),
    ];
    const companion = {
      path,
      sizeBytes,
      mtimeMs,
      ctimeMs,
      sha1,
      relativePath,
      kind: 'sidecar',
      assetId: null,
    } as const;
    const group = {
      ...file,
      isDryRun: true,
      companions: [{ ...companion, uploadOutcome: 'created' as const }],
    };
    give(group);
    expect(sent).toEqual([]);
    give({ ...group, assetId: 'on two' });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.payload).toMatchObject({
      archivedTo: join(here.archive, 'a (2).jpg'),
      companions: [{ archivedTo: join(here.archive, 'a (2).xmp') }],
    });
    expect(await filesBelow(here.watched)).toEqual(['a.jpg', 'a.xmp']);
    expect(await filesBelow(here.archive)).toEqual(['a.xmp']);
  });

  it.each([[{}], [{ mode: 'delete' }], [{ waitFor: '2' }]])(
    'of the upload alone moves nothing: %j',
    async (config) => {
      const here = await makeWorld();
      const { give, sent, caught } = await load(here, config);
      const file = await here.proven('a.jpg');
      give({ ...file, isDryRun: true });
      give({ ...file, isDryRun: true, assetId: 'another' });
      await vi.waitFor(() => expect(caught).toHaveLength(2));
      expect(caught[0]).toMatchObject({ error: { message: expect.stringContaining('dry run') } });
      expect(sent).toEqual([]);
      expect(await filesBelow(here.watched)).toEqual(['a.jpg']);
    },
  );
});

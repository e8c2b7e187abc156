import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createProofJoin } from '../../../lib/archive/proof-join.js';
import { fileIo } from '../../../lib/file-io.js';
import type { ArchivedFile, UploadedFile } from '../../../lib/media-file.js';
import { findReceipt } from '../../../lib/store/find-receipt.js';
import { rememberArchived } from '../../../lib/store/remember-archived.js';
import { archivedFile, storeWorld } from '../../support/store-world.js';
import { tempFolder } from '../../support/world.js';

const RAW = { kind: 'raw', sizeBytes: 3, mtimeMs: 1, ctimeMs: 1, sha1: 'b'.repeat(40) } as const;

/** What one of the libraries proved of a photo with its RAW. */
const proofBy = (library: string, path: string): UploadedFile => ({
  ...archivedFile(path),
  serverId: library,
  assetId: `photo in ${library}`,
  companions: [
    {
      ...RAW,
      path: `${path}.raw`,
      relativePath: 'a.raw',
      assetId: `raw in ${library}`,
      uploadOutcome: 'created',
    },
  ],
});

it.each<ArchivedFile['archiveOutcome']>(['moved', 'kept'])(
  'tells every library that proved a file where it is, over a restart (%s)',
  async (archiveOutcome) => {
    const before = storeWorld();
    const archive = tempFolder();
    const from = '/photos/a.jpg';
    const [first, second] = [proofBy('one', from), proofBy('two', from)];
    before.store.noteUploaded('one', first);
    for (const companion of first.companions ?? [])
      before.store.noteUploaded('one', { ...companion, uploadedAt: first.uploadedAt });
    const { store } = await before.reopen();
    const proofs = createProofJoin(2);
    proofs.add(first);
    const whole = proofs.add(second);
    const place = (path: string) => (archiveOutcome === 'kept' ? path : join(archive, path.slice(8)));
    const { path = '', companions = [] } = whole ?? {};
    writeFileSync(join(archive, 'a.jpg'), 'x'.repeat(first.sizeBytes));
    writeFileSync(join(archive, 'a.jpg.raw'), 'raw');
    const file = {
      ...whole,
      archivedTo: place(path),
      archivedAt: '2026-11-26T09:00:00.000Z',
      archiveOutcome,
      companions: companions.map((one) => ({ ...one, archivedTo: place(one.path) })),
    } as ArchivedFile;
    await rememberArchived(store, file, 'keeper', fileIo());
    await store.flush();

    expect(await findReceipt(store, 'one', { path: '/photos/none.jpg' })).toBeUndefined();
    for (const library of ['one', 'two']) {
      expect(await store.receipt(library, file.sha1)).toMatchObject({
        assetId: `photo in ${library}`,
        archivedTo: file.archivedTo,
      });
      expect(await store.file(library, file.archivedTo ?? '')).toMatchObject({
        keptBy: archiveOutcome === 'kept' ? 'keeper' : null,
      });
      // By where it lies now, and by where a person remembers it.
      for (const of of [{ path: file.archivedTo ?? '' }, { path: from }, { sha1: file.sha1.toUpperCase() }])
        expect(await findReceipt(store, library, of)).toMatchObject({ assetId: `photo in ${library}` });
      // A receipt names the asset of its own library.
      expect(await store.receipt(library, RAW.sha1)).toMatchObject({
        assetId: `raw in ${library}`,
        archivedTo: place(`${from}.raw`),
      });
    }
  },
);

it('makes no receipt of a companion that another library calls by a name unknown here', async () => {
  const { store } = storeWorld();
  const proofs = createProofJoin(2);
  proofs.add(proofBy('one', '/photos/a.jpg'));
  const whole = proofs.add(proofBy('two', '/photos/a.jpg'));
  const companions = whole?.companions?.map((one) => ({ ...one, archivedTo: null }));
  const file = { ...whole, companions, archivedTo: null, archivedAt: '', archiveOutcome: 'deleted' };
  await rememberArchived(store, file as ArchivedFile, 'keeper', fileIo());
  await store.flush();
  expect(await store.receipt('one', RAW.sha1)).toBeUndefined();
  expect(await store.receipt('two', RAW.sha1)).toMatchObject({ assetId: 'raw in two' });
});

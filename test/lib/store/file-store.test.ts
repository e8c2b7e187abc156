import { describe, expect, it } from 'vitest';
import { serverId } from '../../../lib/store/server-id.js';
import { all, archivedFile, storeWorld } from '../../support/store-world.js';

const HOME = serverId('http://photos.lan:2283', 'key of anna');
const OTHER = serverId('http://photos.lan:2283', 'key of ben');
const PLACE = { sizeBytes: 13, mtimeMs: 1, ctimeMs: 2 };

describe('what a store remembers over a restart', () => {
  it('of an uploaded file: its version, its bytes and a receipt, for this server and user alone', async () => {
    const first = storeWorld();
    const file = archivedFile('/photos/🌵 a.jpg');
    first.store.noteUploaded(HOME, file);
    const { store } = await first.reopen();
    const { sizeBytes, mtimeMs, ctimeMs, sha1, assetId } = file;
    expect(await store.file(HOME, file.path)).toEqual({ sizeBytes, mtimeMs, ctimeMs, sha1, keptBy: null });
    expect(await store.receipt(HOME, sha1)).toMatchObject({
      sha1,
      assetId,
      path: file.path,
      archivedTo: null,
    });
    expect(await store.file(OTHER, file.path)).toBeUndefined();
    expect(await store.receipt(OTHER, sha1)).toBeUndefined();
  });

  it('of a file that was moved: where it is now, and nothing at its old place', async () => {
    const first = storeWorld();
    const file = archivedFile('/photos/a.jpg', { archivedTo: '/archive/a.jpg', uploadOutcome: 'duplicate' });
    first.store.noteUploaded(HOME, file);
    first.store.noteArchived(HOME, file, PLACE);
    const { store } = await first.reopen();
    expect(await store.file(HOME, '/photos/a.jpg')).toBeUndefined();
    const { sizeBytes, mtimeMs, ctimeMs, sha1 } = file;
    const former = { sizeBytes, mtimeMs, ctimeMs, sha1, keptBy: null };
    expect(await store.formerFile(HOME, '/photos/a.jpg')).toEqual(former);
    expect(await store.formerFile(OTHER, '/photos/a.jpg')).toBeUndefined();
    expect(await store.file(HOME, '/archive/a.jpg')).toEqual({ ...PLACE, sha1: file.sha1, keptBy: null });
    expect(await store.receipt(HOME, file.sha1)).toMatchObject({
      archivedTo: '/archive/a.jpg',
      archivedAt: file.archivedAt,
      outcome: 'duplicate',
    });
  });

  it('of a deleted original: the receipt alone', async () => {
    const { store } = storeWorld();
    const file = archivedFile('/photos/a.jpg', { archivedTo: null });
    store.noteUploaded(HOME, file);
    store.noteArchived(HOME, file);
    await store.flush();
    expect(await all(store.files(HOME))).toEqual([]);
    expect(await all(store.receipts(HOME))).toMatchObject([{ sha1: file.sha1, archivedTo: null }]);
  });

  it('the first receipt of an asset; a new asset for the same bytes gets a new one', async () => {
    const { store } = storeWorld();
    const file = archivedFile('/photos/a.jpg');
    const again = {
      ...file,
      uploadOutcome: 'duplicate',
      path: '/photos/copy.jpg',
      uploadedAt: 'later',
    } as const;
    store.noteUploaded(HOME, file);
    store.noteUploaded(HOME, again);
    await store.flush();
    expect(await store.receipt(HOME, file.sha1)).toMatchObject({ path: file.path, outcome: 'created' });
    store.noteUploaded(HOME, { ...again, assetId: 'another' });
    await store.flush();
    expect(await store.receipt(HOME, file.sha1)).toMatchObject({ assetId: 'another', uploadedAt: 'later' });
  });

  it('of a failure: everything, for this version of the file and this uploader', async () => {
    const first = storeWorld();
    const failure = {
      path: '/photos/a.jpg',
      sizeBytes: 3,
      mtimeMs: 4,
      kind: 'unsupported',
      sentence: 'Immich does not take a.jpg.',
      attempts: 2,
      at: '2026-11-26T08:00:00.000Z',
      isDismissed: false,
    };
    first.store.noteFailed('upload-1', failure);
    const { store } = await first.reopen();
    expect((await store.recall(HOME, 'upload-1', failure)).failure).toEqual(failure);
    expect((await store.recall(HOME, 'upload-1', { ...failure, mtimeMs: 5 })).failure).toBeUndefined();
    expect((await store.recall(HOME, 'upload-2', failure)).failure).toBeUndefined();
    expect(await all(store.failures('upload-1'))).toEqual([failure]);
    store.forgetFailure('upload-1', failure.path);
    expect(await all(store.failures('upload-1'))).toEqual([]);
  });
});

describe('a file that is kept', () => {
  const file = archivedFile('/photos/a.jpg');
  const { path, sizeBytes, mtimeMs } = file;
  const seen = { path, sizeBytes, mtimeMs };
  it.each([
    ['is through where its archive-move is still there', [HOME], ['keep'], seen, true],
    ['is not, when that node is gone or keeps no more', [HOME], ['other'], seen, false],
    ['is not, when nobody keeps', [HOME], [], seen, false],
    ['is not for another server or user', [OTHER], ['keep'], seen, false],
    ['is, when its server is one of two', [OTHER, HOME], ['x', 'keep'], seen, true],
    ['is not with another size', [HOME], ['keep'], { ...seen, sizeBytes: 1 }, false],
    ['is not with another time', [HOME], ['keep'], { ...seen, mtimeMs: mtimeMs + 0.001 }, false],
    ['is not at another path', [HOME], ['keep'], { ...seen, path: '/photos/A.jpg' }, false],
  ])('%s', async (_, servers, keepers, look, expected) => {
    const first = storeWorld();
    first.store.noteUploaded(HOME, file);
    first.store.noteKept(HOME, file, 'keep');
    const { store } = await first.reopen();
    const unknown = { path: '/photos/b.jpg', sizeBytes: 1, mtimeMs: 1 };
    expect(await store.areKept(servers, new Set(keepers), [unknown, look, unknown])).toEqual([
      false,
      expected,
      false,
    ]);
  });

  it('is not through when it was uploaded but its original not yet dealt with', async () => {
    const { store } = storeWorld();
    store.noteUploaded(HOME, file);
    expect(await store.areKept([HOME], new Set(['keep']), [seen])).toEqual([false]);
  });
});

it('tells the records of one server and uploader from those of the next', async () => {
  const { store } = storeWorld();
  for (const server of ['a', 'a1', 'b']) store.noteUploaded(server, archivedFile(`/photos/${server}`));
  expect((await all(store.files('a'))).map(([path]) => path)).toEqual(['/photos/a']);
  expect((await all(store.receipts('a1'))).map(({ path }) => path)).toEqual(['/photos/a1']);
});

it('without a folder everything works and is forgotten', async () => {
  const { store, problems } = storeWorld({ folder: undefined });
  const file = archivedFile('/photos/a.jpg');
  store.noteUploaded(HOME, file);
  store.noteKept(HOME, file, 'keep');
  expect(await store.file(HOME, file.path)).toBeUndefined();
  expect(await store.isUsable()).toBe(false);
  expect(problems).toEqual([]);
});

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveFile } from '../../../lib/archive/archive-file.js';
import { type AuditOptions, audit } from '../../../lib/audit/audit.js';
import { stayingFile } from '../../../lib/audit/stay-file.js';
import { fileIo } from '../../../lib/file-io.js';
import { rememberArchived } from '../../../lib/store/remember-archived.js';
import { remembering } from '../../../lib/store/remembering.js';
import { uploadFile } from '../../../lib/upload/upload-file.js';
import { storeWorld } from '../../support/store-world.js';
import { clientOf, sha1Of, stableFile, standIn, tempFolder } from '../../support/world.js';

const SERVER = 'server';

/** Six photos that were uploaded and archived, with a memory of it. */
async function archivedWorld(dialect: 'v2' | 'v3' = 'v2') {
  const [folder, server, memory] = [tempFolder(), await standIn({ dialect }), storeWorld()];
  const client = clientOf(server, { answerMs: 5_000 });
  const [inbox, archive] = [join(folder, 'inbox'), join(folder, 'archive')];
  mkdirSync(inbox);
  const policy = { mode: 'move', archiveFolder: archive, template: '' } as const;
  const upload = remembering((file, attempt) => uploadFile(file, { client, trashPolicy: 'hold' }, attempt), {
    store: memory.store,
    server: SERVER,
    node: 'node',
  });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const uploaded = await upload(await stableFile(join(inbox, `${name}.jpg`), `photo ${name}`), {});
    await rememberArchived(memory.store, await archiveFile(uploaded, policy), 'archive', fileIo());
  }
  const run = (options: Partial<AuditOptions> = {}) =>
    audit({
      store: memory.store,
      server: SERVER,
      client,
      folders: [archive],
      isEverything: true,
      signal: new AbortController().signal,
      ...options,
    });
  const idOf = (name: string) => server.assets.find(({ fileName }) => fileName === `${name}.jpg`)?.id ?? '';
  const at = (name: string) => join(archive, `${name}.jpg`);
  return { server, memory, client, archive, upload, policy, run, idOf, at };
}

describe.each(['v2', 'v3'] as const)('an audit (Immich %s)', (dialect) => {
  it('finds all present, and reads no file that it knows', async () => {
    const { run, server } = await archivedWorld(dialect);
    const before = server.requests.length;
    expect(await run()).toMatchObject({
      present: 6,
      missing: 0,
      trashed: 0,
      changed: 0,
      unknown: 0,
      unreadable: 0,
    });
    expect(server.requests.length - before).toBe(1);
  });

  it('tells missing, trashed, changed and unknown ones apart, each with its place', async () => {
    const { run, server, idOf, at } = await archivedWorld(dialect);
    server.remove(idOf('a'));
    server.trash(idOf('b'));
    writeFileSync(at('c'), 'PHOTO c');
    writeFileSync(at('new'), 'never uploaded');
    writeFileSync(join(at('c'), '..', 'notes.txt'), 'no photo');
    const report = await run();
    expect(report).toMatchObject({
      present: 4,
      missing: 1,
      trashed: 1,
      changed: 1,
      unknown: 1,
      hasMemory: true,
    });
    expect(report.files).toMatchObject({
      missing: [{ path: at('a'), sha1: sha1Of('photo a') }],
      trashed: [{ path: at('b'), sha1: sha1Of('photo b') }],
      changed: [{ path: at('c'), sha1: sha1Of('PHOTO c') }],
      unknown: [{ path: at('new'), assetId: null }],
    });
    // A second one finds the same: what is wrong is not taken for known.
    expect(await run()).toMatchObject({ present: 4, missing: 1, trashed: 1, changed: 1, unknown: 1 });
  });

  it('puts what is missing back on request; its original stays where it is', async () => {
    const { run, server, idOf, at, upload, policy } = await archivedWorld(dialect);
    for (const name of ['a', 'd']) server.remove(idOf(name));
    rmSync(at('d'));
    const report = await run({
      async requeue({ path }) {
        const file = await stayingFile(path, new Date());
        if (file === undefined) return false;
        expect(await archiveFile(await upload(file, {}), policy)).toMatchObject({
          archivedTo: path,
          archiveOutcome: 'already-archived',
        });
        return true;
      },
    });
    expect(report).toMatchObject({ missing: 2, requeued: 1 });
    expect(server.assets.map(({ sha1 }) => sha1)).toContain(sha1Of('photo a'));
    expect(await run()).toMatchObject({ present: 5, missing: 1 });
  });
});

it('without a memory reads the files, and finds the same of those that lie there', async () => {
  const { run, server, idOf } = await archivedWorld();
  server.remove(idOf('a'));
  const { store } = storeWorld({ folder: undefined });
  expect(await run({ store })).toMatchObject({ present: 5, missing: 0, unknown: 1, hasMemory: false });
});

it('of a folder counts what lies or lay in it', async () => {
  const { run, server, idOf, archive, at } = await archivedWorld();
  mkdirSync(join(archive, 'sub'));
  renameSync(at('a'), join(archive, 'sub', 'a.jpg'));
  server.remove(idOf('b'));
  const report = await run({ folders: [join(archive, 'sub')], isEverything: false });
  expect(report).toMatchObject({ present: 0, missing: 0, unknown: 0 });
});

it('ends when it is asked to, and says nothing when Immich cannot be asked', async () => {
  const { run, server } = await archivedWorld();
  const end = new AbortController();
  end.abort(new Error('enough'));
  await expect(run({ signal: end.signal })).rejects.toThrow('enough');
  await server.goDown();
  await expect(run()).rejects.toMatchObject({ kind: 'offline' });
});

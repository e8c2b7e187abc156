import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { pruneFailures } from '../../../lib/store/prune-failures.js';
import { remembering, type Upload } from '../../../lib/store/remembering.js';
import { type DeletedPolicy, tombstoneCheck } from '../../../lib/store/tombstone.js';
import { uploadFile } from '../../../lib/upload/upload-file.js';
import { createUploadQueue } from '../../../lib/upload/upload-queue.js';
import type { StandIn } from '../../support/immich-stand-in.js';
import { all, type StoreWorld, storeWorld } from '../../support/store-world.js';
import { clientOf, stableFile, stableRecord, standIn, tempFolder } from '../../support/world.js';

const [SERVER, NODE] = ['server', 'node'];
const PATIENCE = { timeout: 20_000, interval: 10 };

/** An uploader as a Node-RED starts it, with the store of the one before. */
function uploader(server: StandIn, { store }: StoreWorld, deletedPolicy: DeletedPolicy = 'leave') {
  const end = new AbortController();
  const client = clientOf(server);
  const mayCreate = tombstoneCheck({ store, server: SERVER, policyOf: () => deletedPolicy });
  const send: Upload = (file, attempt) =>
    uploadFile(file, { client, trashPolicy: 'hold', mayCreate }, attempt);
  const told: string[] = [];
  const left: string[] = [];
  const queue = createUploadQueue<undefined>({
    upload: remembering(send, { store, server: SERVER, node: NODE }),
    settle: async (file) => stableRecord(file.path),
    probe: () => client.ping(),
    signal: end.signal,
    concurrency: 2,
    onProblem: (error) => told.push(error.message),
    onFailed: (failure) => store.noteFailed(NODE, failure),
    onLeft: (error) => left.push(error.message),
    onDelay: () => undefined,
    onChange: () => undefined,
    firstMs: 10,
    maxMs: 10,
  });
  const add = async (path: string) => {
    const promise = queue.add(await stableRecord(path), undefined);
    promise.catch(() => undefined);
    return { promise };
  };
  return { queue, told, left, add, stop: () => end.abort() };
}

const sent = (server: StandIn) =>
  server.requests.filter(({ path, method }) => method === 'POST' && path.endsWith('/assets')).length;
const asked = (server: StandIn) => server.requests.length;

describe.each(['v2', 'v3'] as const)('files that failed before a restart (Immich %s)', (dialect) => {
  async function failedFile() {
    const server = await standIn({ dialect });
    const path = join(tempFolder(), 'photo.xyz');
    await stableFile(path, 'of a kind that Immich does not take');
    const before = storeWorld();
    const first = uploader(server, before);
    await first.add(path);
    await vi.waitFor(() => expect(first.queue.state().failed).toBe(1), PATIENCE);
    first.stop();
    const memory = await before.reopen();
    return { server, path, first, memory };
  }

  it('fail again at once, with their reason and attempts, without a question to Immich and without being counted anew', async () => {
    const { server, path, first, memory } = await failedFile();
    const [questions, count] = [asked(server), first.queue.counts().today.failed];
    const second = uploader(server, memory);
    await second.add(path);
    await vi.waitFor(() => expect(second.queue.state().failed).toBe(1), PATIENCE);
    expect(asked(server)).toBe(questions);
    expect(second.queue.counts().today.failed).toBe(0);
    expect(count).toBe(1);
    expect(second.told).toEqual(first.told);
    expect(second.queue.failures()).toEqual(first.queue.failures());
    expect(second.queue.failures()).toMatchObject([
      { path, kind: 'unsupported', sentence: first.told[0], attempts: 1, isLeftAlone: false },
    ]);
  });

  it.each<[string, (retry: (path?: string) => void, path: string) => void]>([
    ['by the command for all', (retry) => retry()],
    ['by its path', (retry, path) => retry(path)],
  ])('are tried again %s', async (_, ask) => {
    const { server, path, memory } = await failedFile();
    const second = uploader(server, memory);
    await second.add(path);
    await vi.waitFor(() => expect(second.queue.state().failed).toBe(1), PATIENCE);
    const tries = sent(server);
    ask(second.queue.retryFailed, path);
    await vi.waitFor(() => expect(second.told).toHaveLength(2), PATIENCE);
    expect(sent(server)).toBe(tries + 1);
  });

  it('are tried when they changed', async () => {
    const { server, path, memory } = await failedFile();
    utimesSync(path, new Date(), new Date(1_600_000_000_000));
    const tries = sent(server);
    const second = uploader(server, memory);
    await second.add(path);
    await vi.waitFor(() => expect(sent(server)).toBe(tries + 1), PATIENCE);
  });

  it('are not shown again once they were dismissed, until they change', async () => {
    const { server, path, memory } = await failedFile();
    const second = uploader(server, memory);
    await second.add(path);
    await vi.waitFor(() => expect(second.queue.state().failed).toBe(1), PATIENCE);
    second.queue.dismiss(path);
    expect(second.queue.failures()).toEqual([]);
    const third = uploader(server, await memory.reopen());
    await expect((await third.add(path)).promise).rejects.toMatchObject({ code: 'dismissed' });
    expect(third.told).toEqual([]);
    writeFileSync(path, 'changed');
    await third.add(path);
    await vi.waitFor(() => expect(third.queue.state().failed).toBe(1), PATIENCE);
  });

  it('are forgotten when they are gone or changed, but not while their disk is away', async () => {
    const { path, memory } = await failedFile();
    const prune = async () => {
      await pruneFailures(memory.store, NODE, new AbortController().signal);
      return (await all(memory.store.failures(NODE))).length;
    };
    expect(await prune()).toBe(1);
    renameSync(join(path, '..'), `${join(path, '..')}-away`);
    expect(await prune()).toBe(1);
    renameSync(`${join(path, '..')}-away`, join(path, '..'));
    rmSync(path);
    expect(await prune()).toBe(0);
  });
});

it('a command for a file that did not fail is refused with a sentence', async () => {
  const { queue } = uploader(await standIn(), storeWorld());
  expect(() => queue.retryFailed('/photos/a.jpg')).toThrow('No failed file lies at "/photos/a.jpg"');
  expect(() => queue.dismiss('/photos/a.jpg')).toThrow('No failed file');
});

describe.each(['v2', 'v3'] as const)('a photo that was deleted in Immich for good (Immich %s)', (dialect) => {
  async function deletedPhoto() {
    const server = await standIn({ dialect });
    const path = join(tempFolder(), 'photo.jpg');
    await stableFile(path, 'a photo');
    const before = storeWorld();
    const first = uploader(server, before);
    await (await first.add(path)).promise;
    for (const { id } of server.assets) server.remove(id);
    first.stop();
    return { server, path, memory: await before.reopen() };
  }

  it('is left alone, with a sentence and a count of its own', async () => {
    const { server, path, memory } = await deletedPhoto();
    const { queue, left, told, add } = uploader(server, memory);
    await add(path);
    await vi.waitFor(() => expect(queue.state().leftAlone).toBe(1), PATIENCE);
    expect(queue.state()).toMatchObject({ state: 'idle', failed: 0, pending: 0, problem: null });
    expect(server.assets).toEqual([]);
    expect(told).toEqual([]);
    expect(left).toEqual([
      expect.stringMatching(/^photo\.jpg was in Immich \(\d{4}-\d\d-\d\d\) and has been deleted/),
    ]);
    expect(queue.failures()).toMatchObject([{ path, kind: 'deleted-in-immich', isLeftAlone: true }]);
  });

  it('is left alone under another name, too, and is not revived with all failed files', async () => {
    const { server, path, memory } = await deletedPhoto();
    renameSync(path, `${path}.copy.jpg`);
    const { queue, add } = uploader(server, memory);
    await add(`${path}.copy.jpg`);
    await vi.waitFor(() => expect(queue.state().leftAlone).toBe(1), PATIENCE);
    queue.retryFailed();
    expect(queue.state().leftAlone).toBe(1);
  });

  it('comes back when a person retries this one', async () => {
    const { server, path, memory } = await deletedPhoto();
    const { queue, add } = uploader(server, memory);
    const { promise } = await add(path);
    await vi.waitFor(() => expect(queue.state().leftAlone).toBe(1), PATIENCE);
    queue.retryFailed(path);
    expect(await promise).toMatchObject({ uploadOutcome: 'created', serverId: SERVER });
    expect(queue.state().leftAlone).toBe(0);
  });

  it('comes back where the policy says so, or nothing is remembered', async () => {
    const { server, path, memory } = await deletedPhoto();
    const again = uploader(server, memory, 'upload');
    expect(await (await again.add(path)).promise).toMatchObject({ uploadOutcome: 'created' });
    for (const { id } of server.assets) server.remove(id);
    const forgetful = uploader(server, storeWorld({ folder: undefined }));
    expect(await (await forgetful.add(path)).promise).toMatchObject({ uploadOutcome: 'created' });
  });
});

it('a file that was hashed before a restart is not read again, but Immich is asked', async () => {
  const server = await standIn();
  const path = join(tempFolder(), 'photo.jpg');
  const file = await stableFile(path, 'a photo');
  const before = storeWorld();
  const send: Upload = (of, attempt) =>
    uploadFile(of, { client: clientOf(server), trashPolicy: 'hold' }, attempt);
  const options = { server: SERVER, node: NODE };
  const first = await remembering(send, { ...options, store: before.store })(file, {});
  const { store } = await before.reopen();
  const hashed: unknown[] = [];
  const look: Upload = (of, attempt) => {
    hashed.push(attempt.memory?.hashed?.sha1);
    return send(of, attempt);
  };
  const questions = asked(server);
  const second = await remembering(look, { ...options, store })(file, {});
  expect(hashed).toEqual([first.sha1]);
  expect(asked(server)).toBe(questions + 1);
  expect(second.uploadOutcome).toBe('duplicate');
  writeFileSync(path, 'b photo');
  const third = await remembering(look, { ...options, store })(await stableRecord(path), {});
  expect(third.sha1).not.toBe(first.sha1);
});

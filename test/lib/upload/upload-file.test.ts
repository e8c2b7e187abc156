import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVersion } from '../../../lib/file-version.js';
import type { KnownAsset } from '../../../lib/immich/immich-client.js';
import type { StableFile } from '../../../lib/media-file.js';
import { type ByteStore, createByteStore } from '../../../lib/upload/byte-store.js';
import { type AttemptMemory, uploadFile } from '../../../lib/upload/upload-file.js';
import type { StandIn } from '../../support/immich-stand-in.js';
import { clientOf, sha1Of, stableFile, stableRecord, standIn, tempFolder } from '../../support/world.js';

it('does not hash a file again that is still the version of the last try', async () => {
  const client = clientOf(await standIn());
  const file = await stableFile(join(tempFolder(), 'a.jpg'), 'a photo');
  const asked: string[] = [];
  const check = async (sha1: string): Promise<KnownAsset> => {
    asked.push(sha1);
    return { isKnown: true, assetId: 'known', isTrashed: false };
  };
  const remembered = 'f'.repeat(40);
  const memory = { hashed: { version: await readVersion(file.path), sha1: remembered } };
  const options = { client: { ...client, check }, trashPolicy: 'hold' } as const;
  const fresh: AttemptMemory = {};
  await uploadFile(file, options, { memory });
  await uploadFile(file, options, { memory: fresh });
  expect(fresh.hashed).toEqual({ ...memory.hashed, sha1: sha1Of('a photo') });
  expect(asked).toEqual([remembered, sha1Of('a photo')]);
});

describe('a file that was swapped for a link before its turn', () => {
  it.each([
    ['the file itself', (inbox: string, secret: string) => swap(join(inbox, 'sub/a.jpg'), secret)],
    ['a folder on the way', (inbox: string, secret: string) => swap(join(inbox, 'sub'), dirname(secret))],
  ])('is gone, and nothing behind it is sent: %s', async (_what, attack) => {
    const root = tempFolder();
    const inbox = join(root, 'inbox');
    for (const folder of ['inbox/sub', 'outside']) mkdirSync(join(root, folder), { recursive: true });
    const secret = join(root, 'outside/a.jpg');
    await stableFile(secret, 'a secret');
    await stableFile(join(inbox, 'sub/a.jpg'), 'a photo');
    attack(inbox, secret);
    // As after a wait for the link to stand still: size and time are those of what it leads to.
    const { sizeBytes, mtimeMs } = await stableRecord(secret);
    const path = join(inbox, 'sub/a.jpg');
    const record = { ...(await stableRecord(path)), sizeBytes, mtimeMs, folder: inbox };
    const server = await standIn();
    const options = { client: clientOf(server), trashPolicy: 'hold' } as const;
    await expect(uploadFile({ ...record, isFollowingLinks: false }, options)).rejects.toMatchObject({
      code: 'vanished',
    });
    expect(server.requests).toEqual([]);
    // The same with links allowed: this is what would be sent.
    await uploadFile({ ...record, isFollowingLinks: true }, options);
    expect(server.assets.map(({ sha1 }) => sha1)).toEqual([sha1Of('a secret')]);
  });
});

function swap(path: string, target: string): void {
  renameSync(path, `${path}.was`);
  symlinkSync(target, path);
}

describe('small files, read once into memory that is used again and again', () => {
  const BYTES = 100_000;
  const SMALL_STORE = { totalBytes: 4 * 128 * 1024 };

  /** What is given back is spoilt at once, so that nobody can use it any more unnoticed. */
  function spoiling(store: ByteStore): ByteStore {
    return {
      lend(sizeBytes) {
        const loan = store.lend(sizeBytes);
        if (loan === undefined) return undefined;
        const giveBack = () => {
          loan.bytes.fill('spoilt ');
          loan.giveBack();
        };
        return { bytes: loan.bytes, giveBack };
      },
    };
  }

  /** Uploads eight at a time, each until it is there; the store has memory for four. */
  async function uploadAll(server: StandIn, files: readonly StableFile[]): Promise<void> {
    const options = {
      client: clientOf(server),
      trashPolicy: 'hold',
      store: spoiling(createByteStore(SMALL_STORE)),
    } as const;
    const waiting = [...files];
    let triesLeft = 20 * files.length;
    const work = async () => {
      for (let file = waiting.shift(); file !== undefined && triesLeft > 0; file = waiting.shift()) {
        triesLeft -= 1;
        const again = file;
        await uploadFile(file, options).catch(() => waiting.push(again));
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }

  const contentOf = (index: number) => Buffer.alloc(BYTES, `photo ${index} `);

  async function photos(count: number): Promise<StableFile[]> {
    const folder = tempFolder();
    const indexes = Array.from({ length: count }, (_, index) => index);
    return Promise.all(indexes.map((index) => stableFile(join(folder, `${index}.jpg`), contentOf(index))));
  }

  it.each([
    ['in peace', () => undefined],
    [
      'though some connections break half way',
      (server: StandIn) => server.fail({ kind: 'reset', path: '/api/assets', afterBytes: 50_000, times: 10 }),
    ],
    [
      'though some are refused before they were sent',
      (server: StandIn) =>
        server.fail({
          kind: 'answer',
          status: 503,
          path: '/api/assets',
          afterBytes: 0,
          times: 10,
          stopsReading: true,
        }),
    ],
  ])('each arrives with its own bytes, %s', async (_name, disturb) => {
    const server = await standIn();
    disturb(server);
    await uploadAll(server, await photos(40));
    const wanted = Array.from({ length: 40 }, (_, index) => sha1Of(contentOf(index)));
    expect(server.assets.map(({ sha1 }) => sha1).toSorted()).toEqual(wanted.toSorted());
  });

  it('opens each of them once', async () => {
    const server = await standIn();
    const file = await stableFile(join(tempFolder(), 'a.jpg'), contentOf(1));
    const client = clientOf(server);
    // What was hashed is sent, though the name leads elsewhere while it is sent.
    const upload: typeof client.upload = (form, signal) =>
      client.upload(
        {
          ...form,
          onBytes: () => renameSync(file.path, `${file.path}.away`),
        },
        signal,
      );
    const options = { client: { ...client, upload }, trashPolicy: 'hold', store: createByteStore() } as const;
    await expect(uploadFile(file, options)).rejects.toMatchObject({ code: 'vanished' });
    expect(server.assets.map(({ sha1 }) => sha1)).toEqual([sha1Of(contentOf(1))]);
  });

  it.each([createByteStore(), undefined])(
    'waits for no pipe that took the place of a file',
    async (store) => {
      const server = await standIn();
      const file = await stableFile(join(tempFolder(), 'a.jpg'), 'a photo');
      rmSync(file.path);
      execFileSync('mkfifo', [file.path]);
      const options = { client: clientOf(server), trashPolicy: 'hold', ...(store && { store }) } as const;
      await expect(uploadFile(file, options)).rejects.toMatchObject({ code: 'vanished' });
    },
  );
});

import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVersion } from '../../../lib/file-version.js';
import type { KnownAsset } from '../../../lib/immich/immich-client.js';
import { type AttemptMemory, uploadFile } from '../../../lib/upload/upload-file.js';
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

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readVersion } from '../../../lib/file-version.js';
import type { KnownAsset } from '../../../lib/immich/immich-client.js';
import { type AttemptMemory, uploadFile } from '../../../lib/upload/upload-file.js';
import { clientOf, sha1Of, stableFile, standIn, tempFolder } from '../../support/world.js';

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

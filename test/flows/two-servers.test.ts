import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { serverId } from '../../lib/store/server-id.js';
import { filesBelow } from '../support/files-below.js';
import { fixturePath, PHOTOS } from '../support/fixtures.js';
import { projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { PATIENCE } from '../support/pipeline-world.js';
import { all, storeWorld } from '../support/store-world.js';
import { standIn, tempFolder } from '../support/world.js';

it('archives what two servers of different dialects have, although one was down and all was killed in between', async () => {
  const [first, second] = [await standIn({ dialect: 'v2' }), await standIn({ dialect: 'v3' })];
  const folder = tempFolder();
  const [inbox, archive] = [join(folder, 'inbox'), join(folder, 'archive')];
  mkdirSync(inbox);
  const start = () =>
    startNodeRedProcess({
      userDir: join(folder, 'node-red'),
      flowFile: join(projectRoot, 'flows/two-servers.json'),
      env: {
        IMMICH_API_URL: first.url,
        IMMICH_API_KEY: first.apiKey,
        IMMICH_2_API_URL: second.url,
        IMMICH_2_API_KEY: second.apiKey,
        WATCH_DIRECTORIES: inbox,
        ARCHIVE_DIRECTORY: archive,
        FILE_STABILITY_WAIT_SECONDS: '0.5',
        FILE_STABILITY_CHECK_INTERVAL: '0.1',
      },
    });
  await second.goDown();
  for (const name of PHOTOS) copyFileSync(fixturePath(name), join(inbox, name));
  const before = await start();
  await vi.waitFor(() => expect(first.assets).toHaveLength(PHOTOS.length), PATIENCE);
  expect(filesBelow(inbox)).toHaveLength(PHOTOS.length);
  await before.kill();
  await second.comeUp();
  const after = await start();
  await vi.waitFor(() => expect(filesBelow(archive)).toEqual([...PHOTOS].sort()), PATIENCE);
  await vi.waitFor(() => expect(filesBelow(inbox)).toEqual([]), PATIENCE);
  expect(first.assets).toHaveLength(PHOTOS.length);
  expect(second.assets.map(({ fileName }) => fileName).sort()).toEqual([...PHOTOS].sort());

  await after.stop();
  const { store } = storeWorld({}, join(folder, 'node-red', 'immich-bridge', 'store'));
  for (const { url, apiKey, assets } of [first, second]) {
    const receipts = await all(store.receipts(serverId(url, apiKey)));
    const byAsset = new Map(receipts.map(({ assetId, archivedTo }) => [assetId, archivedTo]));
    const wanted = assets.map(({ id, fileName }) => [id, join(archive, fileName)] as const);
    expect(byAsset).toEqual(new Map(wanted));
  }
}, 120_000);

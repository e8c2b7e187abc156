import { expect, it, onTestFinished } from 'vitest';
import { type StandIn, type StandInOptions, startImmichStandIn } from '../immich-stand-in.js';
import { send } from './test-client.js';

async function start(options: StandInOptions = {}): Promise<StandIn> {
  const standIn = await startImmichStandIn({ permissions: ['all'], ...options });
  onTestFinished(() => standIn.stop());
  return standIn;
}

const get = (standIn: StandIn, path: string) =>
  send(`${standIn.url}/api${path}`, { headers: { 'x-api-key': standIn.apiKey } });

it.each([
  ['v2', 18],
  ['v3', 19],
] as const)('has the queues of %s, in both forms', async (dialect, count) => {
  const ocr = { waiting: 3, paused: 2, delayed: 1, active: 1, isPaused: true };
  const standIn = await start({ dialect, condition: { queues: { ocr } } });
  const list = JSON.parse((await get(standIn, '/queues')).text) as { name: string }[];
  const table = (await get(standIn, '/jobs')).json ?? {};
  expect(list).toHaveLength(count);
  expect(Object.keys(table).sort()).toEqual(list.map(({ name }) => name).sort());
  const counts = { active: 1, completed: 0, failed: 0, delayed: 1, waiting: 3, paused: 2 };
  const named = { name: 'ocr', isPaused: true, statistics: counts };
  expect(list).toContainEqual(named);
  expect(table.ocr).toEqual({ queueStatus: { isPaused: true, isActive: true }, jobCounts: counts });
  expect((await get(standIn, '/queues/ocr')).json).toEqual(named);
  expect((await get(standIn, '/queues/nope')).status).toBe(400);
});

it('can be from before there were queues, or before a key could ask for itself', async () => {
  const standIn = await start({ condition: { hasQueues: false, hasKeyInfo: false } });
  const statuses = ['/queues', '/queues/ocr', '/jobs', '/api-keys/me'].map(
    async (path) => (await get(standIn, path)).status,
  );
  expect(await Promise.all(statuses)).toEqual([404, 404, 200, 404]);
});

it('takes another disk, a newer version and other permissions while it runs', async () => {
  const standIn = await start({ now: () => new Date('2026-05-06T07:08:09Z') });
  expect((await get(standIn, '/server/version-check')).json).toEqual({
    checkedAt: null,
    releaseVersion: null,
  });
  standIn.setCondition({
    releaseVersion: 'v2.8.0',
    disk: { totalBytes: 100 * 2 ** 30, usedBytes: 90 * 2 ** 30, freeBytes: 5 * 2 ** 30 },
  });
  expect((await get(standIn, '/server/version-check')).json).toEqual({
    checkedAt: '2026-05-06T07:08:09.000Z',
    releaseVersion: 'v2.8.0',
  });
  expect((await get(standIn, '/server/storage')).json).toMatchObject({
    diskSize: '100.0 GiB',
    diskAvailableRaw: 5 * 2 ** 30,
    diskUsagePercentage: 90,
  });
  standIn.setPermissions(['server.about']);
  expect((await get(standIn, '/server/storage')).status).toBe(403);
  expect((await get(standIn, '/api-keys/me')).json).toMatchObject({ permissions: ['server.about'] });
});

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSendLimit } from '../../../lib/immich/send-limit.js';
import { uploadFile } from '../../../lib/upload/upload-file.js';
import { clientOf, stableFile, standIn, tempFolder } from '../../support/world.js';

function limitAt(bytesPerSecond: number) {
  const clock = { ms: 1_000 };
  return { clock, limit: createSendLimit(bytesPerSecond, () => clock.ms) };
}

it('lets a quarter of a second leave at once, and then no faster than it should', () => {
  const { clock, limit } = limitAt(100_000);
  expect(limit.reserve(25_000)).toBe(0);
  expect(limit.reserve(10_000)).toBeCloseTo(100);
  expect(limit.reserve(10_000)).toBeCloseTo(200);
  clock.ms += 200;
  expect(limit.reserve(10_000)).toBeCloseTo(100);
  clock.ms += 60_000;
  expect(limit.reserve(25_000)).toBe(0);
  expect(limit.reserve(1_000)).toBeCloseTo(10);
});

it.each([
  [1_000, 1_024],
  [100_000, 25_000],
  [100_000_000, 65_536],
])('at %d bytes a second it wants pieces of %d', (bytesPerSecond, pieceBytes) => {
  expect(limitAt(bytesPerSecond).limit.pieceBytes).toBe(pieceBytes);
});

it.each(['v2', 'v3'] as const)(
  'all files of a server (%s) share it, and none of them counts as stalled',
  async (dialect) => {
    const server = await standIn({ dialect });
    const folder = tempFolder();
    const files = await Promise.all(
      ['a.jpg', 'b.jpg'].map((name) => stableFile(join(folder, name), name.repeat(20_000))),
    );
    const limit = createSendLimit(200_000);
    // Shorter than any of the waits.
    const client = clientOf(server, { limit, stallMs: 40 });
    const startMs = performance.now();
    const bytes: number[] = [];
    const onBytes = (count: number) => bytes.push(count);
    await Promise.all(files.map((file) => uploadFile(file, { client, trashPolicy: 'hold' }, { onBytes })));
    const tookMs = performance.now() - startMs;
    expect(server.assets.map(({ sizeBytes }) => sizeBytes)).toEqual([100_000, 100_000]);
    expect(tookMs).toBeGreaterThan(700);
  },
);

it('ends at once when everything ends, however long it would have to wait', async () => {
  const server = await standIn();
  const file = await stableFile(join(tempFolder(), 'a.jpg'), 'x'.repeat(100_000));
  const client = clientOf(server, { limit: createSendLimit(1_000) });
  const stop = new AbortController();
  const onBytes = () => stop.abort(new Error('the end'));
  const upload = uploadFile(file, { client, trashPolicy: 'hold' }, { onBytes, signal: stop.signal });
  await expect(upload).rejects.toThrow('the end');
  expect(server.assets).toEqual([]);
});

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { setAside } from '../../../lib/failed/set-aside.js';
import type { StableFile } from '../../../lib/media-file.js';
import { stableFile, tempFolder } from '../../support/world.js';

const REASON = new Error('trip.jpg is no photo. The file stays where it is.');

async function world() {
  const root = tempFolder();
  const folder = join(root, 'inbox');
  const failed = join(root, 'failed');
  const make = async (relativePath: string, content: string): Promise<StableFile> => {
    const path = join(folder, relativePath);
    mkdirSync(dirname(path), { recursive: true });
    return { ...(await stableFile(path, content)), folder, relativePath };
  };
  return { folder, failed, make };
}

it('moves the file with its folders kept, and says in words why it is there', async () => {
  const { failed, make } = await world();
  const file = await make('2026/trip.jpg', 'no photo');
  const place = await setAside(file, failed, REASON);
  expect(place).toBe(join(failed, '2026/trip.jpg'));
  expect(existsSync(file.path)).toBe(false);
  expect(readFileSync(place, 'utf8')).toBe('no photo');
  expect(statSync(place).mtimeMs).toBe(file.mtimeMs);
  const text = readFileSync(`${place}.txt`, 'utf8');
  expect(text).toMatch(/Why: +trip\.jpg is no photo\.\n/);
  expect(text).toContain(`From:  ${file.path}`);
  expect(text).toMatch(/move the file back/);
});

it('overwrites nothing: neither another file of that name nor another text', async () => {
  const { failed, make } = await world();
  mkdirSync(failed);
  writeFileSync(join(failed, 'a.jpg'), 'another');
  writeFileSync(join(failed, 'a (2).jpg.txt'), 'my words');
  const place = await setAside(await make('a.jpg', 'first'), failed, REASON);
  expect(place).toBe(join(failed, 'a (2).jpg'));
  expect(readFileSync(join(failed, 'a.jpg'), 'utf8')).toBe('another');
  expect(readFileSync(join(failed, 'a (2).jpg.txt'), 'utf8')).toBe('my words');
  expect(readFileSync(join(failed, 'a (2).jpg (2).txt'), 'utf8')).toMatch(/could not be brought/);
});

it('leaves a file that changed meanwhile', async () => {
  const { failed, make } = await world();
  const file = await make('a.jpg', 'first');
  writeFileSync(file.path, 'second');
  utimesSync(file.path, new Date(), new Date(file.mtimeMs + 5_000));
  await expect(setAside(file, failed, REASON)).rejects.toMatchObject({ code: 'changed' });
  expect(readFileSync(file.path, 'utf8')).toBe('second');
  expect(existsSync(failed)).toBe(false);
});

it('takes its companions along, or nothing at all', async () => {
  const { failed, make } = await world();
  const file = await make('a.heic', 'still');
  const others = [await make('a.mov', 'video'), await make('a.heic.xmp', 'words')];
  const companions = others.map(({ path, relativePath, sizeBytes, mtimeMs }, at) => ({
    kind: at === 0 ? ('live-video' as const) : ('sidecar' as const),
    ...{ path, relativePath, sizeBytes, mtimeMs },
  }));
  const touched = companions.map((one) => ({ ...one, mtimeMs: one.mtimeMs - 1 }));
  await expect(setAside({ ...file, companions: touched }, failed, REASON)).rejects.toMatchObject({
    code: 'changed',
  });
  expect(existsSync(file.path)).toBe(true);
  await setAside({ ...file, companions }, failed, REASON);
  expect(
    readdirSync(failed)
      .filter((name) => !name.startsWith('.'))
      .sort(),
  ).toEqual(['a.heic', 'a.heic.txt', 'a.heic.xmp', 'a.mov']);
  expect(readFileSync(join(failed, 'a.heic.txt'), 'utf8')).toMatch(/With it: a\.mov, a\.heic\.xmp\./);
});

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as realFs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { groupFiles } from '../../../lib/companions/group-files.js';
import { setAside } from '../../../lib/failed/set-aside.js';
import type { StableFile } from '../../../lib/media-file.js';
import { twoDevices } from '../../support/archive-world.js';
import { endingFs } from '../../support/ending-fs.js';
import { filesBelow } from '../../support/files-below.js';
import { stableFile, stableRecord, tempFolder } from '../../support/world.js';

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

const DISKS = [
  ['one disk', () => realFs],
  ['two disks', (folder: string) => twoDevices({ watched: folder })],
] as const;

it.each(DISKS)(
  'ended at any moment on %s, nothing is lost, doubled or overwritten',
  async (_, fsOn) => {
    const whole = { 'a.heic': 'still', 'a.mov': 'video' };
    const another = 'somebody else had that name';
    const run = async (lastStep: number) => {
      const { folder, failed, make } = await world();
      for (const [name, content] of Object.entries(whole)) await make(`2026/${name}`, content);
      mkdirSync(join(failed, '2026'), { recursive: true });
      writeFileSync(join(failed, '2026/a.mov'), another);
      const ended = endingFs(fsOn(folder), lastStep);
      const groups = await groupsIn(folder);
      const end = Promise.all(groups.map((file) => setAside(file, failed, REASON, { fs: ended.fs })));
      await Promise.race([ended.reached, end]);
      await ended.closeAll();
      return { folder, failed, steps: ended.count() };
    };
    const { steps } = await run(Number.POSITIVE_INFINITY);
    expect(steps).toBeGreaterThan(15);
    for (let step = 1; step <= steps; step += 1) {
      const { folder, failed } = await run(step);
      for (const file of await groupsIn(folder)) {
        await setAside(file, failed, REASON, { fs: fsOn(folder), pause: async () => undefined });
      }
      const names = filesBelow(failed).filter((name) => !name.endsWith('.part'));
      const contents = names.map((name) => [name, readFileSync(join(failed, name), 'utf8')] as const);
      const photos = contents.filter(([name]) => !name.endsWith('.txt'));
      expect(Object.fromEntries(photos), `step ${step}`).toEqual({
        '2026/a.mov': another,
        '2026/a (2).heic': 'still',
        '2026/a (2).mov': 'video',
      });
      expect(filesBelow(folder), `step ${step}`).toEqual([]);
      // What ends before its first letter is written down costs the text, and never a photo.
      if (step < steps) expect(contents.length, `step ${step}`).toBeGreaterThan(photos.length);
    }
  },
  60_000,
);

/** What stable-file would send for all that lies below a folder, a name that had stepped aside included. */
async function groupsIn(folder: string): Promise<StableFile[]> {
  const files = await Promise.all(
    filesBelow(folder).map(async (relativePath) => ({
      ...(await stableRecord(join(folder, relativePath))),
      folder,
      relativePath,
    })),
  );
  return groupFiles(files).map(({ primary, companions }) => ({
    ...primary,
    companions: companions.map(({ kind, file }) => ({ kind, ...file })),
  }));
}

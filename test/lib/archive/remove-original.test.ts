import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { asidePath, withoutAside } from '../../../lib/archive/archive-path.js';
import { deleteFile, moveFile } from '../../../lib/archive/move-file.js';
import {
  type ArchiveWorld,
  failingFs,
  filesBelow,
  makeWorld,
  twoDevices,
} from '../../support/archive-world.js';

type Fs = typeof fs;

const KINDS: readonly (readonly [string, (world: ArchiveWorld) => Fs])[] = [
  ['one device', () => fs],
  ['one device without hard links', () => failingFs({ link: 'EPERM' })],
  ['two devices', (world) => twoDevices(world)],
];

/** The file system in which something happens right before each look at the original has any effect. */
function withDeed(base: Fs, path: string, isTime: () => Promise<boolean>, deed: () => Promise<void>): Fs {
  let isDone = false;
  const first = async (given: unknown) => {
    if (isDone || String(given) !== path || !(await isTime())) return;
    isDone = true;
    await deed();
  };
  return {
    ...base,
    async unlink(given) {
      await first(given);
      return base.unlink(given);
    },
    async rename(from, to) {
      await first(from);
      return base.rename(from, to);
    },
  };
}

it.each(KINDS)(
  'never removes a file that takes the name after the last look at the original, on %s',
  async (_kind, fsOf) => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', 'the proven photo');
    const next = join(world.root, 'next');
    await fs.writeFile(next, 'another photo');
    const target = join(world.archive, 'a.jpg');
    const isTime = async () => (await filesBelow(world.archive)).includes('a.jpg');
    const io = withDeed(fsOf(world), file.path, isTime, () => fs.rename(next, file.path));
    await moveFile(file, target, world.archive, { fs: io }).catch(() => undefined);

    expect(await contentsBelow(world.watched)).toEqual(['another photo']);
    // Where there are no hard links, the new file was caught before the old one was placed.
    const archived = await contentsBelow(world.archive);
    expect(archived.filter((content) => content !== 'the proven photo')).toEqual([]);
  },
);

it.each(KINDS)(
  'archives no byte that was written after the last look at the original, on %s',
  async (_kind, fsOf) => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', 'the proven photo');
    const isTime = async () => (await filesBelow(world.archive)).includes('a.jpg');
    const deed = () => fs.appendFile(file.path, ', and more');
    const io = withDeed(fsOf(world), file.path, isTime, deed);
    await moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: io }).catch(() => undefined);
    expect(await contentsBelow(world.archive)).not.toContain('the proven photo, and more');
    expect(await contentsBelow(world.watched)).toEqual(['the proven photo, and more']);
  },
);

it('deletes no file that took the name after the last look', async () => {
  const world = await makeWorld();
  const file = await world.proven('a.jpg', 'the proven photo');
  const next = join(world.root, 'next');
  await fs.writeFile(next, 'another photo');
  const io = withDeed(
    fs,
    file.path,
    async () => true,
    () => fs.rename(next, file.path),
  );
  await expect(deleteFile(file, { fs: io })).rejects.toMatchObject({ code: 'changed' });
  expect(await contentsBelow(world.watched)).toEqual(['another photo']);
  expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
});

it('gives a file that must stay a number when its name was taken once more', async () => {
  const world = await makeWorld();
  const file = await world.proven('a.jpg', 'the proven photo');
  const [next, last] = [join(world.root, 'next'), join(world.root, 'last')];
  await fs.writeFile(next, 'another photo');
  await fs.writeFile(last, 'a third photo');
  const io: Fs = {
    ...fs,
    async rename(from, to) {
      await fs.rename(next, file.path);
      await fs.rename(from, to);
      await fs.rename(last, file.path);
    },
  };
  await expect(deleteFile(file, { fs: io })).rejects.toMatchObject({ code: 'changed' });
  expect(await filesBelow(world.watched)).toEqual(['a (2).jpg', 'a.jpg']);
  expect(await contentsBelow(world.watched)).toEqual(['another photo', 'a third photo']);
});

it('removes the original from a full card, on which nothing gets another name', async () => {
  const world = await makeWorld();
  const file = await world.proven('a.jpg');
  await moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: failingFs({ rename: 'ENOSPC' }) });
  expect(await filesBelow(world.watched)).toEqual([]);
});

it('leaves the original under its name when it cannot be removed', async () => {
  const world = await makeWorld();
  const file = await world.proven('a.jpg');
  await expect(deleteFile(file, { fs: failingFs({ unlink: 'EIO' }) })).rejects.toMatchObject({
    isTransient: true,
  });
  expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
});

it.each(['/in/a.jpg', '/in/a', '/in/.a.jpg', '/in/a.tar.gz', `/in/${'é'.repeat(125)}.jpg`])(
  'steps aside from %s under a name of the same folder and kind, and back',
  (path) => {
    const aside = asidePath(path);
    expect(dirname(aside)).toBe('/in');
    expect(aside).not.toBe(asidePath(path));
    expect(Buffer.byteLength(aside.slice(4))).toBeLessThanOrEqual(255);
    expect(path.startsWith(withoutAside(aside).slice(0, 4))).toBe(true);
    if (path.length < 50) expect(withoutAside(aside)).toBe(path);
  },
);

async function contentsBelow(folder: string): Promise<string[]> {
  const paths = await filesBelow(folder);
  return Promise.all(paths.map((path) => fs.readFile(join(folder, path), 'utf8')));
}

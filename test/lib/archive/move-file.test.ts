import { execFileSync } from 'node:child_process';
import type { Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deleteFile, moveFile } from '../../../lib/archive/move-file.js';
import {
  type ArchiveWorld,
  failingFs,
  filesBelow,
  makeWorld,
  recordOf,
  twoDevices,
} from '../../support/archive-world.js';

type Fs = typeof fs;
type Kind = readonly [string, (world: ArchiveWorld) => Fs];

/** The four ways a file gets to its name. Every rule below holds on all of them. */
const KINDS: readonly Kind[] = [
  ['one device', () => fs],
  ['one device without hard links', () => failingFs({ link: 'EPERM' })],
  ['two devices', (world) => twoDevices(world)],
  ['two devices without hard links', (world) => twoDevices(world, failingFs({ link: 'ENOTSUP' }))],
];

describe.each(KINDS)('moveFile on %s', (_kind, fsOf) => {
  it('keeps the date of a photo from before 1970', async () => {
    const world = await makeWorld();
    const date = new Date('1955-06-01T12:00:00Z');
    const file = await world.proven('grandma.jpg', 'grandma', date);
    const { archivedTo } = await moveFile(file, join(world.archive, 'grandma.jpg'), world.archive, {
      fs: fsOf(world),
    });
    expect((await fs.stat(archivedTo)).mtime).toEqual(date);
  });

  it('moves a file, creates the folders and keeps bytes, mtime and mode', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', Buffer.alloc(3_000_000, 'photo'));
    await fs.chmod(file.path, 0o640);
    const before = await fs.lstat(file.path);
    const target = join(world.archive, '2024/05/a.jpg');

    const move = await moveFile(file, target, world.archive, { fs: fsOf(world) });

    expect(move).toEqual({ archivedTo: target, outcome: 'moved' });
    expect(await filesBelow(world.root)).toEqual(['archive/2024/05/a.jpg']);
    expect((await recordOf(world.archive, '2024/05/a.jpg')).sha1).toBe(file.sha1);
    const after = await fs.lstat(target);
    expect(Math.abs(after.mtimeMs - before.mtimeMs)).toBeLessThan(1);
    expect(after.mode).toBe(before.mode);
  });

  it('moves an empty file', async () => {
    const world = await makeWorld();
    const file = await world.proven('empty.jpg', '');
    await moveFile(file, join(world.archive, 'empty.jpg'), world.archive, { fs: fsOf(world) });
    expect(await filesBelow(world.root)).toEqual(['archive/empty.jpg']);
  });

  it.each([
    'with space "and" quotes.jpg',
    '100%.jpg',
    '😀.jpg',
    'line\nbreak.jpg',
    `${'é'.repeat(125)}x.jpg`,
  ])('moves a file named %j, and a second one of that name', async (name) => {
    const world = await makeWorld();
    const target = join(world.archive, name);
    const first = await world.proven(name, 'first');
    const one = await moveFile(first, target, world.archive, { fs: fsOf(world) });
    const second = await world.proven(name, 'other');
    const two = await moveFile(second, target, world.archive, { fs: fsOf(world) });
    expect(await fs.readFile(one.archivedTo, 'utf8')).toBe('first');
    expect(await fs.readFile(two.archivedTo, 'utf8')).toBe('other');
    expect(await filesBelow(world.watched)).toEqual([]);
  });

  it('removes only the original when the same bytes are there', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const target = join(world.archive, 'a.jpg');
    await fs.mkdir(world.archive);
    await fs.copyFile(file.path, target);
    const before = await fs.lstat(target);

    const move = await moveFile(file, target, world.archive, { fs: fsOf(world) });

    expect(move).toEqual({ archivedTo: target, outcome: 'already-archived' });
    expect(await filesBelow(world.root)).toEqual(['archive/a.jpg']);
    expect((await fs.lstat(target)).ino).toBe(before.ino);
  });

  it('removes only the original when the name is a hard link to it', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const target = join(world.archive, 'a.jpg');
    await fs.mkdir(world.archive);
    await fs.link(file.path, target);
    const move = await moveFile(file, target, world.archive, { fs: fsOf(world) });
    expect(move).toEqual({ archivedTo: target, outcome: 'already-archived' });
    expect(await filesBelow(world.root)).toEqual(['archive/a.jpg']);
  });

  it('numbers the name when other bytes have it, whatever stands there', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', '12345');
    await fs.mkdir(join(world.archive, 'a (3).jpg'), { recursive: true });
    await fs.writeFile(join(world.archive, 'a.jpg'), '54321');
    await fs.symlink(file.path, join(world.archive, 'a (2).jpg'));

    const move = await moveFile(file, join(world.archive, 'a.jpg'), world.archive, {
      fs: fsOf(world),
      pause: async () => undefined,
    });

    expect(move).toEqual({ archivedTo: join(world.archive, 'a (4).jpg'), outcome: 'moved' });
    expect(await fs.readFile(join(world.archive, 'a.jpg'), 'utf8')).toBe('54321');
    expect(await fs.readFile(move.archivedTo, 'utf8')).toBe('12345');
    expect(await filesBelow(world.watched)).toEqual([]);
  });

  it('finds its bytes under a numbered name and adds no second copy', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', '12345');
    await fs.mkdir(world.archive);
    await fs.writeFile(join(world.archive, 'a.jpg'), '54321');
    await fs.writeFile(join(world.archive, 'a (2).jpg'), '12345');
    const move = await moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: fsOf(world) });
    expect(move).toEqual({ archivedTo: join(world.archive, 'a (2).jpg'), outcome: 'already-archived' });
    expect(await filesBelow(world.root)).toEqual(['archive/a (2).jpg', 'archive/a.jpg']);
  });

  it('gives an empty name a moment to be filled by another instance', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const target = join(world.archive, 'a.jpg');
    await fs.mkdir(world.archive);
    await fs.writeFile(target, '');
    const pause = () => fs.copyFile(file.path, target);
    const move = await moveFile(file, target, world.archive, { fs: fsOf(world), pause });
    expect(move.outcome).toBe('already-archived');
    expect(await filesBelow(world.root)).toEqual(['archive/a.jpg']);
  });

  it('archives a file that was only touched', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const mtime = new Date();
    await fs.utimes(file.path, mtime, mtime);
    const target = join(world.archive, 'a.jpg');
    await moveFile(file, target, world.archive, { fs: fsOf(world) });
    expect(await filesBelow(world.root)).toEqual(['archive/a.jpg']);
    expect(Math.abs((await fs.lstat(target)).mtimeMs - mtime.getTime())).toBeLessThan(1);
  });

  it.each([
    ['longer', 'photo and more', undefined],
    ['as long, with its mtime put back', 'PHOTO', 'same mtime'],
  ])('leaves a file alone whose bytes changed: %s', async (_what, bytes, keepsMtime) => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', 'photo');
    await fs.writeFile(file.path, bytes);
    if (keepsMtime) await fs.utimes(file.path, file.mtimeMs / 1000, file.mtimeMs / 1000);
    const move = moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: fsOf(world) });
    await expect(move).rejects.toMatchObject({ code: 'changed', isTransient: false });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it('leaves a folder or a symbolic link alone that took the place of the file', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const elsewhere = join(world.root, 'elsewhere.jpg');
    await fs.rename(file.path, elsewhere);
    await fs.symlink(elsewhere, file.path);
    const move = () => moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: fsOf(world) });
    await expect(move()).rejects.toMatchObject({ code: 'failed', isTransient: false });
    await fs.unlink(file.path);
    await fs.mkdir(file.path);
    await expect(move()).rejects.toMatchObject({ code: 'changed' });
    expect(await filesBelow(world.root)).toEqual(['elsewhere.jpg']);
  });

  it('says that a file vanished, and creates nothing for it', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    await fs.unlink(file.path);
    const move = moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: fsOf(world) });
    await expect(move).rejects.toMatchObject({ code: 'vanished', isTransient: false });
    expect(await fs.readdir(world.root)).toEqual(['watched']);
  });

  it('finds what another instance has archived', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    await fs.mkdir(world.archive);
    await fs.writeFile(join(world.archive, 'a.jpg'), 'other');
    await fs.rename(file.path, join(world.archive, 'a (2).jpg'));
    const move = await moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: fsOf(world) });
    expect(move).toEqual({ archivedTo: join(world.archive, 'a (2).jpg'), outcome: 'already-archived' });
  });

  it('leaves a new version that came under the old name, and archives the proven one', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', 'proven');
    const base = fsOf(world);
    // As rsync and editors do it: a new file is renamed into place, at the worst moment.
    const replace = async () => {
      await fs.writeFile(join(world.root, 'new'), 'newer!');
      await fs.rename(join(world.root, 'new'), file.path);
    };
    const link: Fs['link'] = async (from, to) => {
      await base.link(from, to);
      await replace();
    };
    const move = await moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: { ...base, link } });
    expect(move.outcome).toBe('moved');
    expect(await fs.readFile(move.archivedTo, 'utf8')).toBe('proven');
    const isRenamed = _kind.endsWith('without hard links');
    expect(await filesBelow(world.watched)).toEqual(isRenamed ? [] : ['a.jpg']);
  });

  it('archives nothing that came under the old name just before the move', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', 'proven');
    const base = fsOf(world);
    let replaced = false;
    const replace = async () => {
      if (replaced) return;
      replaced = true;
      await fs.writeFile(join(world.root, 'new'), 'newer!');
      await fs.rename(join(world.root, 'new'), file.path);
    };
    const link: Fs['link'] = async (from, to) => {
      await replace();
      return base.link(from, to);
    };
    const move = moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: { ...base, link } });
    await expect(move).rejects.toMatchObject({ code: 'changed' });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
    expect(await fs.readFile(file.path, 'utf8')).toBe('newer!');
  });

  it('never removes a file whose archive is its own folder', async () => {
    const world = await makeWorld();
    const file = await world.proven('trip/a.jpg');
    const alias = join(world.root, 'alias');
    await fs.symlink(world.watched, alias);
    for (const archive of [world.watched, alias]) {
      const move = await moveFile(file, join(archive, 'trip/a.jpg'), archive, { fs: fsOf(world) });
      expect(move).toEqual({ archivedTo: join(archive, 'trip/a.jpg'), outcome: 'already-archived' });
      expect(await filesBelow(world.watched)).toEqual(['trip/a.jpg']);
    }
    await fs.link(file.path, join(world.root, 'a second hard link'));
    await moveFile(file, join(alias, 'trip/a.jpg'), alias, { fs: fsOf(world) });
    expect(await filesBelow(world.watched)).toEqual(['trip/a.jpg']);
  });

  it('follows no symbolic link out of the archive folder, and creates nothing behind it', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const outside = join(world.root, 'outside');
    await fs.mkdir(outside);
    await fs.mkdir(world.archive);
    await fs.symlink(outside, join(world.archive, 'link'));
    for (const place of ['link/a.jpg', 'link/deeper/and/a.jpg']) {
      const move = moveFile(file, join(world.archive, place), world.archive, { fs: fsOf(world) });
      await expect(move).rejects.toMatchObject({ code: 'outside-archive', isTransient: true });
    }
    expect(await fs.readdir(outside)).toEqual([]);
    expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
  });

  it('archives into a folder that is itself a symbolic link', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    await fs.mkdir(join(world.root, 'disk'));
    await fs.symlink(join(world.root, 'disk'), world.archive);
    await moveFile(file, join(world.archive, '2024/a.jpg'), world.archive, { fs: fsOf(world) });
    expect(await filesBelow(join(world.root, 'disk'))).toEqual(['2024/a.jpg']);
  });

  it.each([
    ['mkdir', 'EACCES', 'no-permission', /^No permission to move "a\.jpg" from ".*watched" to ".*archive"/],
    ['mkdir', 'EROFS', 'read-only', /^The archive folder ".*archive" is read-only/],
    ['mkdir', 'ENOSPC', 'disk-full', /^The archive folder ".*archive" is on a full disk/],
    ['mkdir', 'EDQUOT', 'disk-full', /Free some space there/],
    ['mkdir', 'EIO', 'failed', /the disk does not answer properly \(EIO\)/],
    ['open', 'EACCES', 'no-permission', /^No permission/],
    ['unlink', 'EACCES', 'no-permission', /could not be removed from ".*watched": no permission/],
    ['unlink', 'EPERM', 'no-permission', /Allow this user to write into that folder/],
    ['unlink', 'EROFS', 'read-only', /Unlock the card or mount it writable, or choose the mode "keep"/],
  ] as const)(
    '%s says %s: the file stays, the reason is said, and later it works',
    async (call, code, problem, says) => {
      const world = await makeWorld();
      const file = await world.proven('a.jpg');
      const target = join(world.archive, 'a.jpg');
      const base = fsOf(world);
      const isWatched = (path: string) => path.startsWith(`${world.watched}/`);
      const failing = failingFs({
        [call]: (path: string) => (call === 'mkdir' || isWatched(path) ? code : undefined),
      });
      const refused = moveFile(file, target, world.archive, { fs: { ...base, [call]: failing[call] } });
      // Not each way needs each call: a rename unlinks nothing, and a link opens nothing.
      const isNeeded =
        call === 'mkdir' ||
        (call === 'open' && _kind.startsWith('two')) ||
        (call === 'unlink' && _kind !== 'one device without hard links');
      if (isNeeded) {
        await expect(refused).rejects.toMatchObject({
          code: problem,
          isTransient: true,
          message: expect.stringMatching(says),
        });
        expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
        const retried = await moveFile(file, target, world.archive, { fs: base });
        expect(retried.archivedTo).toBe(target);
      } else await refused;
      expect(await filesBelow(world.root)).toEqual(['archive/a.jpg']);
    },
  );

  it('says that a file stands where a folder must be', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    await fs.mkdir(world.archive);
    await fs.writeFile(join(world.archive, '2024'), 'a file');
    const move = moveFile(file, join(world.archive, '2024/05/a.jpg'), world.archive, { fs: fsOf(world) });
    await expect(move).rejects.toMatchObject({
      code: 'failed',
      isTransient: true,
      message: expect.stringContaining('a file stands where a folder is needed'),
    });
    expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
  });

  it('says that a name is too long', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const move = moveFile(file, join(world.archive, `${'a'.repeat(300)}.jpg`), world.archive, {
      fs: fsOf(world),
    });
    await expect(move).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('too long'),
    });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it('does nothing once it was stopped', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const signal = AbortSignal.abort(new Error('stopped'));
    const move = moveFile(file, join(world.archive, 'a.jpg'), world.archive, { fs: fsOf(world), signal });
    await expect(move).rejects.toThrow('stopped');
    expect(await fs.readdir(world.root)).toEqual(['watched']);
  });

  it('loses and doubles nothing when two archive the same 100 files at once', async () => {
    const world = await makeWorld();
    const names = Array.from({ length: 100 }, (_, index) => `${index % 7}/IMG_${index}.jpg`);
    const files = await Promise.all(names.map((name) => world.proven(name)));
    const instance = () =>
      Promise.all(
        files.map((file) =>
          moveFile(file, join(world.archive, file.relativePath), world.archive, { fs: fsOf(world) }),
        ),
      );
    const moves = (await Promise.all([instance(), instance()])).flat();
    expect(moves).toHaveLength(200);
    expect(await filesBelow(world.watched)).toEqual([]);
    expect(await filesBelow(world.archive)).toEqual([...names].sort());
    for (const file of files) {
      expect((await recordOf(world.archive, file.relativePath)).sha1).toBe(file.sha1);
    }
  });
});

describe('an archive that is the watched folder in disguise', () => {
  it('as a network share of its own disk: nothing is removed', async () => {
    const world = await makeWorld();
    const file = await world.proven('trip/a.jpg');
    const share = join(world.root, 'share');
    await fs.symlink(world.watched, share);
    // A share gives devices and inodes of its own.
    const disguise = (path: unknown, stats: Stats) => {
      if (String(path).startsWith(share)) stats.dev += 1;
      return stats;
    };
    const io = Object.assign(twoDevices(world), {
      lstat: async (path: string) => disguise(path, await fs.lstat(path)),
      stat: async (path: string) => disguise(path, await fs.stat(path)),
    });
    const move = await moveFile(file, join(share, 'trip/a.jpg'), share, { fs: io });
    expect(move.outcome).toBe('already-archived');
    expect(await filesBelow(world.watched)).toEqual(['trip/a.jpg']);
  });

  it('as a bind mount of the folder: nothing is removed', async (ctx) => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    await fs.mkdir(world.archive);
    if (!bind(world.watched, world.archive)) ctx.skip('mounting is not allowed here');
    const move = await moveFile(file, join(world.archive, 'a.jpg'), world.archive);
    expect(move.outcome).toBe('already-archived');
    expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
  });

  it('as a bind mount of the file under another name: nothing is removed', async (ctx) => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const target = join(world.archive, 'b.jpg');
    await fs.mkdir(world.archive);
    await fs.writeFile(target, '');
    if (!bind(file.path, target)) ctx.skip('mounting is not allowed here');
    expect(await moveFile(file, target, world.archive)).toMatchObject({ outcome: 'already-archived' });
    expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
  });
});

it('copies to a bind mount of the same disk, which takes no rename', async (ctx) => {
  const world = await makeWorld();
  const file = await world.proven('a.jpg');
  const disk = join(world.root, 'disk');
  await fs.mkdir(disk);
  await fs.mkdir(world.archive);
  if (!bind(disk, world.archive)) ctx.skip('mounting is not allowed here');
  const move = await moveFile(file, join(world.archive, 'a.jpg'), world.archive);
  expect(move.outcome).toBe('moved');
  expect(await filesBelow(disk)).toEqual(['a.jpg']);
  expect(await filesBelow(world.watched)).toEqual([]);
});

/** Shows a folder or file at a second place; false where that is not allowed. */
function bind(from: string, to: string): boolean {
  try {
    execFileSync('mount', ['--bind', from, to], { stdio: 'ignore' });
  } catch {
    // No right to mount, or no such command: the test is then skipped with that reason.
    return false;
  }
  onTestFinished(() => {
    execFileSync('umount', [to]);
  });
  return true;
}

describe('deleteFile', () => {
  it('deletes a proven file', async () => {
    const world = await makeWorld();
    await deleteFile(await world.proven('a.jpg'));
    expect(await filesBelow(world.root)).toEqual([]);
  });

  it('leaves a changed file alone', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', 'photo');
    await fs.writeFile(file.path, 'PHOTO');
    await expect(deleteFile(file)).rejects.toMatchObject({ code: 'changed' });
    expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
  });

  it('says that a file vanished', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    await fs.unlink(file.path);
    await expect(deleteFile(file)).rejects.toMatchObject({ code: 'vanished' });
  });

  it('says why it could not', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    await expect(deleteFile(file, { fs: failingFs({ unlink: 'EROFS' }) })).rejects.toMatchObject({
      code: 'read-only',
      isTransient: true,
    });
  });
});

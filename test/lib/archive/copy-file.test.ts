import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copyProven } from '../../../lib/archive/copy-file.js';
import { moveFile } from '../../../lib/archive/move-file.js';
import { type FileIo, fileIo } from '../../../lib/file-io.js';
import type { UploadedFile } from '../../../lib/media-file.js';
import {
  areTwoDevices,
  filesBelow,
  makeFolder,
  makeWorld,
  recordOf,
  systemError,
  twoDevices,
} from '../../support/archive-world.js';

const SHARED_MEMORY = '/dev/shm';
const HOUR_MS = 3_600_000;
const LEFTOVER = '.immich-bridge-0123456789abcdef.part';

async function makeCopyWorld(bytes: string | Buffer = 'photo') {
  const world = await makeWorld();
  await fs.mkdir(world.archive);
  const file = await world.proven('a.jpg', bytes);
  const copy = async (io: Partial<FileIo> = {}, of: UploadedFile = file) =>
    copyProven(of, await fs.lstat(file.path), world.archive, fileIo(io));
  return { ...world, file, copy };
}

/** A file system whose file handles are changed before they are used. */
function withHandles(change: (handle: fs.FileHandle, path: string, flags: unknown) => void): typeof fs {
  const open: typeof fs.open = async (path, flags, mode) => {
    const handle = await fs.open(path, flags, mode);
    change(handle, String(path), flags);
    return handle;
  };
  return { ...fs, open };
}

describe('copyProven', () => {
  it('copies under a hidden name and leaves the original', async () => {
    const { copy, file, root } = await makeCopyWorld(Buffer.alloc(2_500_000, 'photo'));
    const path = await copy();
    expect(path).toMatch(/archive\/\.immich-bridge-[0-9a-f]{16}\.part$/);
    expect((await fs.readFile(path)).equals(await fs.readFile(file.path))).toBe(true);
    expect(await filesBelow(root)).toHaveLength(2);
  });

  it('writes the copy to the disk before it is read again', async () => {
    const { copy } = await makeCopyWorld();
    const calls: string[] = [];
    const io = withHandles((handle, path, flags) => {
      if (!path.endsWith('.part')) return;
      if (flags !== 'wx') calls.push('read again');
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        await sync();
        calls.push('sync');
      };
    });
    await copy({ fs: io });
    expect(calls).toEqual(['sync', 'read again']);
  });

  it('finds out that the disk wrote other bytes, and keeps no copy of them', async () => {
    const { copy, root } = await makeCopyWorld();
    const io = withHandles((handle, path, flags) => {
      if (!path.endsWith('.part') || flags !== 'wx') return;
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        await handle.write(Buffer.from('X'), 0, 1, 2);
        await sync();
      };
    });
    await expect(copy({ fs: io })).rejects.toMatchObject({
      code: 'failed',
      isTransient: true,
      message: expect.stringContaining('did not have the same bytes'),
    });
    expect(await filesBelow(root)).toEqual(['watched/a.jpg']);
  });

  it('finds out that the original changed meanwhile', async () => {
    const { copy, file, root } = await makeCopyWorld();
    await expect(copy({}, { ...file, sha1: '0'.repeat(40) })).rejects.toMatchObject({ code: 'changed' });
    expect(await filesBelow(root)).toEqual(['watched/a.jpg']);
  });

  it('is not led on by an original that grows as fast as it is read', async () => {
    const { copy, file, root } = await makeCopyWorld(Buffer.alloc(1_500_000));
    let reads = 0;
    const io = withHandles((handle, path) => {
      if (path !== file.path) return;
      onPiece(handle, 'read', async () => {
        reads += 1;
        await fs.appendFile(path, Buffer.alloc(1_100_000));
      });
    });
    await expect(copy({ fs: io })).rejects.toMatchObject({ code: 'changed' });
    expect(reads).toBe(2);
    expect(await filesBelow(root)).toEqual(['watched/a.jpg']);
  });

  it.each(['ENOSPC', 'EDQUOT', 'EIO'])('leaves nothing behind when writing fails with %s', async (code) => {
    const { copy, root } = await makeCopyWorld(Buffer.alloc(3_000_000));
    let writes = 0;
    const io = withHandles((handle, path) => {
      if (!path.endsWith('.part')) return;
      onPiece(handle, 'write', async () => {
        writes += 1;
        if (writes === 2) throw systemError(code);
      });
    });
    await expect(copy({ fs: io })).rejects.toMatchObject({ code });
    expect(writes).toBe(2);
    expect(await filesBelow(root)).toEqual(['watched/a.jpg']);
  });

  it('stops at once and leaves nothing behind', async () => {
    const { copy, file, root } = await makeCopyWorld(Buffer.alloc(8_000_000));
    const stop = new AbortController();
    let reads = 0;
    const io = withHandles((handle, path) => {
      if (path !== file.path) return;
      onPiece(handle, 'read', async () => {
        reads += 1;
        if (reads === 2) stop.abort(new Error('closing'));
      });
    });
    await expect(copy({ fs: io, signal: stop.signal })).rejects.toThrow('closing');
    expect(reads).toBe(2);
    expect(await filesBelow(root)).toEqual(['watched/a.jpg']);
  });

  it('does not fill a disk on which there is no room', async () => {
    const { copy } = await makeCopyWorld(Buffer.alloc(10_000));
    const opened: string[] = [];
    const counted = withHandles((_handle, path) => opened.push(path));
    await expect(copy({ fs: withDisk({ bavail: 2 }, counted) })).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(opened).toEqual([]);
    await copy({ fs: withDisk({ bavail: 3 }) });
    // Some network disks do not tell their size.
    await copy({ fs: withDisk({ bavail: 0, blocks: 0 }) });
  });

  it('copies to a disk that keeps no owner, mode or time', async () => {
    const { copy } = await makeCopyWorld();
    const io = withHandles((handle) => {
      for (const call of ['chown', 'chmod', 'utimes'] as const) {
        handle[call] = () => Promise.reject(systemError('EPERM'));
      }
    });
    expect(await fs.readFile(await copy({ fs: io }), 'utf8')).toBe('photo');
  });

  it('removes what an interrupted copy left over an hour ago, once a folder', async () => {
    const { copy, archive } = await makeCopyWorld();
    const leftover = join(archive, LEFTOVER);
    const kept = ['.immich-bridge-notes.part', 'photo.part', `x${LEFTOVER}`];
    const put = () => Promise.all([leftover, ...kept.map((name) => join(archive, name))].map(writeOld));
    const has = async () => (await fs.readdir(archive)).includes(LEFTOVER);

    await put();
    await copy();
    expect(await has()).toBe(true);

    const later = { now: () => Date.now() + HOUR_MS + 1_000, swept: new Map<string, Promise<void>>() };
    await copy(later);
    expect(await has()).toBe(false);
    expect(await fs.readdir(archive)).toEqual(expect.arrayContaining(kept));

    await put();
    await copy(later);
    expect(await has()).toBe(true);
  });

  it('begins no copy while leftovers are looked for, since after a jump of the clock it would look like one', async () => {
    const { copy } = await makeCopyWorld();
    const steps: string[] = [];
    const opening = withHandles((_handle, path, flags) => {
      if (path.endsWith('.part') && flags === 'wx') steps.push('copy');
    });
    const opendir = async (path: string) => {
      for (let turns = 0; turns < 500; turns += 1) await new Promise(setImmediate);
      const entries = await fs.opendir(path);
      return (async function* () {
        yield* entries;
        steps.push('swept');
      })();
    };
    const io = { fs: Object.assign(opening, { opendir }), swept: new Map<string, Promise<void>>() };
    await Promise.all([copy(io), copy(io), copy(io)]);
    expect(steps).toEqual(['swept', 'copy', 'copy', 'copy']);
  });

  it('copies though leftovers cannot be looked for, at the second try', async () => {
    const { copy } = await makeCopyWorld();
    const opendir = async () => Promise.reject(systemError('EACCES'));
    const io = { fs: { ...fs, opendir }, swept: new Map<string, Promise<void>>() };
    await expect(copy(io)).rejects.toMatchObject({ code: 'EACCES' });
    expect(await fs.readFile(await copy(io), 'utf8')).toBe('photo');
  });
});

describe('a real other device', () => {
  it('gets the file whole, with its mtime, and the original goes', async (ctx) => {
    const world = await makeWorld();
    if (!(await areTwoDevices(SHARED_MEMORY, world.root)))
      ctx.skip(`${SHARED_MEMORY} is no other device here`);
    const archive = await makeFolder(SHARED_MEMORY);
    const file = await world.proven('trip/a.jpg', Buffer.alloc(5_000_000, 'photo'));
    const { archivedTo } = await moveFile(file, join(archive, 'trip/a.jpg'), archive);
    expect(await filesBelow(archive)).toEqual(['trip/a.jpg']);
    expect(await filesBelow(world.root)).toEqual([]);
    expect(Math.abs((await fs.lstat(archivedTo)).mtimeMs - file.mtimeMs)).toBeLessThan(1);
  });

  it('that is full keeps nothing half, says so, and takes the file once there is room', async (ctx) => {
    const world = await makeWorld();
    await fs.mkdir(world.archive);
    if (!mountSmall(world.archive)) ctx.skip('mounting is not allowed here');
    const big = await world.proven('big.mp4', Buffer.alloc(700_000, 'v'));
    const filler = join(world.archive, 'filler');
    await fs.writeFile(filler, Buffer.alloc(600_000));
    // Also where the disk claims to have room, as some network disks do.
    for (const io of [fs, withDisk({ bavail: 1e9 })]) {
      const move = moveFile(big, join(world.archive, 'big.mp4'), world.archive, { fs: io });
      await expect(move).rejects.toMatchObject({ code: 'disk-full', isTransient: true });
      expect(await filesBelow(world.root)).toEqual(['archive/filler', 'watched/big.mp4']);
    }
    await fs.unlink(filler);
    await moveFile(big, join(world.archive, 'big.mp4'), world.archive);
    expect(await filesBelow(world.root)).toEqual(['archive/big.mp4']);
  });
});

it('copies a file of 100 MB in flat memory', async () => {
  const world = await makeWorld();
  const { path } = await world.proven('big.mp4', '');
  await fs.truncate(path, 100_000_000);
  const hash = createHash('sha1');
  for (let index = 0; index < 100; index += 1) hash.update(Buffer.alloc(1_000_000));
  const big = await recordOf(world.watched, 'big.mp4', hash.digest('hex'));
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  onTestFinished(() => clearInterval(timer));
  await moveFile(big, join(world.archive, 'big.mp4'), world.archive, { fs: twoDevices(world) });
  expect(await filesBelow(world.root)).toEqual(['archive/big.mp4']);
  expect(peak - before).toBeLessThan(40_000_000);
});

/** Does something before each piece that a file handle reads or writes. */
function onPiece(handle: fs.FileHandle, call: 'read' | 'write', before: () => Promise<void>): void {
  type Piece = [Buffer, number, number, number];
  const real: (...piece: Piece) => Promise<unknown> = handle[call].bind(handle);
  Object.assign(handle, {
    async [call](...piece: Piece) {
      await before();
      return real(...piece);
    },
  });
}

/** A file system that tells other sizes of the disk; its blocks have 4096 bytes. */
function withDisk(sizes: { bavail: number; blocks?: number }, base: typeof fs = fs): typeof fs {
  const disk = { type: 0, bsize: 4096, blocks: 1000, bfree: 1000, files: 0, ffree: 0, ...sizes };
  return Object.assign({ ...base }, { statfs: async () => disk });
}

async function writeOld(path: string): Promise<void> {
  await fs.writeFile(path, 'half');
  await fs.utimes(path, 1, 1);
}

/** Mounts a disk of 1 MB; false where that is not allowed. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    // No right to mount, or no such command: the test is then skipped with that reason.
    return false;
  }
  onTestFinished(() => {
    execFileSync('umount', [folder]);
  });
  return true;
}

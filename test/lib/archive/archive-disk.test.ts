import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ARCHIVE_MARK, openArchiveDisk } from '../../../lib/archive/archive-disk.js';
import { type FileIo, fileIo } from '../../../lib/file-io.js';
import { failingFs, makeFolder } from '../../support/archive-world.js';
import { tempFolder } from '../../support/world.js';

let root: string;
let archiveFolder: string;
let memory: string;
beforeEach(() => {
  root = tempFolder();
  archiveFolder = join(root, 'archive');
  memory = join(root, 'memory', 'archive.json');
});

/** As after a start of Node-RED: what is known comes from the memory, and each question is asked anew. */
const open = (io: Partial<FileIo> = {}, path: string | undefined = memory) =>
  openArchiveDisk({ archiveFolder, memory: path, io: fileIo(io), everyMs: 0 });

/** A file system on which the archive lies on another disk than it does. */
function onAnotherDisk(): Partial<FileIo> {
  const stat = async (path: string) => {
    const stats = await fs.stat(path);
    stats.dev += 1;
    return stats;
  };
  return { fs: { ...fs, stat } as typeof fs };
}

const marks = async () => (await fs.readdir(archiveFolder)).includes(ARCHIVE_MARK);

describe('the disk of an archive', () => {
  it('is marked at its first use, and its folder is made', async () => {
    await open().mustBeThere();
    expect(await marks()).toBe(true);
  });

  it('is missing when its mark is gone and the place lies on another disk, over restarts, too', async () => {
    await open().mustBeThere();
    await fs.rm(join(archiveFolder, ARCHIVE_MARK));
    const later = open(onAnotherDisk());
    await expect(later.mustBeThere()).rejects.toMatchObject({ code: 'no-disk', isTransient: true });
    await expect(later.mustBeThere()).rejects.toThrow(
      `The archive folder "${archiveFolder}" is not the one of before: its disk may not be mounted.`,
    );
    expect(await fs.readdir(archiveFolder)).toEqual([]);
  });

  it('is missing when its folder is gone, too: the folder is not made on the disk above', async () => {
    await open().mustBeThere();
    await fs.rm(archiveFolder, { recursive: true });
    await expect(open(onAnotherDisk()).mustBeThere()).rejects.toMatchObject({ code: 'no-disk' });
    await expect(fs.readdir(archiveFolder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('may have another number after a restart, as long as it bears the mark', async () => {
    await open().mustBeThere();
    await open(onAnotherDisk()).mustBeThere();
    await fs.rm(join(archiveFolder, ARCHIVE_MARK));
    await open(onAnotherDisk()).mustBeThere();
    expect(await marks()).toBe(true);
  });

  it('goes on when it is back, and when a person marks a new one', async () => {
    await open().mustBeThere();
    await fs.rm(join(archiveFolder, ARCHIVE_MARK));
    const disk = open(onAnotherDisk());
    await expect(disk.mustBeThere()).rejects.toMatchObject({ code: 'no-disk' });
    await fs.writeFile(join(archiveFolder, ARCHIVE_MARK), '');
    await disk.mustBeThere();
  });

  it('is marked anew when a person emptied it on the same disk', async () => {
    await open().mustBeThere();
    await fs.rm(archiveFolder, { recursive: true });
    await open().mustBeThere();
    expect(await marks()).toBe(true);
  });

  it('is another one when the settings name another folder', async () => {
    await open().mustBeThere();
    archiveFolder = join(root, 'elsewhere');
    await open(onAnotherDisk()).mustBeThere();
    expect(await marks()).toBe(true);
  });

  it('is known in this run also without a memory, and forgotten when that is asked for', async () => {
    const disk = open({}, undefined);
    await disk.mustBeThere();
    await open().mustBeThere();
    await open().forget();
    expect(await fs.readdir(join(root, 'memory'))).toEqual([]);
  });

  it.each(['mkdir', 'open', 'stat', 'lstat'] as const)(
    'is no obstacle where %s does not work',
    async (call) => {
      await open({ fs: failingFs({ [call]: 'EACCES' }) }).mustBeThere();
    },
  );

  it('is a real one that is not mounted', async (ctx) => {
    const point = join(await makeFolder(root), 'disk');
    await fs.mkdir(point);
    const mount = () => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', point]).status === 0;
    const unmount = () => void spawnSync('umount', [point]);
    if (process.getuid?.() !== 0 || !mount()) return ctx.skip('mounting is not allowed here');
    onTestFinished(unmount);
    archiveFolder = join(point, 'archive');
    await open().mustBeThere();
    unmount();
    await expect(open().mustBeThere()).rejects.toMatchObject({ code: 'no-disk' });
    expect(await fs.readdir(point)).toEqual([]);
  });
});

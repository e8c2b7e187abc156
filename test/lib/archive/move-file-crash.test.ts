import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { archivePath, withoutAside } from '../../../lib/archive/archive-path.js';
import { moveFile } from '../../../lib/archive/move-file.js';
import type { UploadedFile } from '../../../lib/media-file.js';
import {
  type ArchiveWorld,
  areTwoDevices,
  failingFs,
  filesBelow,
  makeFolder,
  makeWorld,
  recordOf,
  twoDevices,
} from '../../support/archive-world.js';
import { endingFs } from '../../support/ending-fs.js';
import { projectRoot } from '../../support/node-red-process.js';

type Fs = typeof fs;

const TWO_HOURS_MS = 7_200_000;
const KINDS: readonly (readonly [string, (world: ArchiveWorld) => Fs])[] = [
  ['one device', () => fs],
  ['one device without hard links', () => failingFs({ link: 'EPERM' })],
  ['two devices', (world) => twoDevices(world)],
  ['two devices without hard links', (world) => twoDevices(world, failingFs({ link: 'ENOTSUP' }))],
];

describe.each(KINDS)('ended at any moment, on %s', (kind, fsOf) => {
  const timeout = 180_000;
  it('the file is whole where it was or where it goes, and the next try ends well', { timeout }, async () => {
    const steps = await countSteps(fsOf);
    expect(steps).toBeGreaterThan(5);
    for (let step = 1; step <= steps; step += 1) {
      const world = await makeWorld();
      const file = await world.proven('2024/a.jpg', Buffer.alloc(2_100_000, 'photo'));
      const target = join(world.archive, '2024/a.jpg');
      const ended = endingFs(fsOf(world), step);
      void moveFile(file, target, world.archive, { fs: ended.fs });
      await ended.reached;
      await ended.closeAll();

      const has = { source: await bytesMatch(file.path, file), target: await bytesMatch(target, file) };
      expect(has.source || has.target, `step ${step}: the bytes are somewhere`).toBe(true);
      const size = await fs.lstat(target).then(
        (stats) => stats.size,
        () => undefined,
      );
      // A placeholder may stay where there are no hard links; a half file never.
      const sizes = kind.endsWith('without hard links')
        ? [undefined, file.sizeBytes, 0]
        : [undefined, file.sizeBytes];
      expect(sizes, `step ${step}: no half file`).toContain(size);

      const pause = async () => undefined;
      // folder-watch finds whatever lies there, a file that had stepped aside too.
      const left = await filesBelow(world.watched);
      const again = left.length > 0 ? await recordOf(world.watched, left[0]!) : file;
      const place = archivePath({ archiveFolder: world.archive, template: '', file: again });
      const { archivedTo } = await moveFile(again, place, world.archive, { fs: fsOf(world), pause });
      expect(left.length, `step ${step}: one file under one name`).toBeLessThanOrEqual(1);
      expect(await bytesMatch(archivedTo, file), `step ${step}: archived`).toBe(true);
      expect(await filesBelow(world.watched), `step ${step}: the original is gone`).toEqual([]);

      const next = await world.proven('2024/b.jpg');
      const now = () => Date.now() + TWO_HOURS_MS;
      await moveFile(next, join(world.archive, '2024/b.jpg'), world.archive, { fs: fsOf(world), pause, now });
      const expected = new Set([archivedTo.slice(world.archive.length + 1), '2024/b.jpg']);
      if (size === 0) expected.add('2024/a.jpg');
      expect(await filesBelow(world.archive), `step ${step}: nothing is left over`).toEqual(
        [...expected].sort(),
      );
    }
  });
});

describe('processes of their own', () => {
  it.each(['write', 'sync', 'link', 'unlink'])(
    'killed at "%s" while copying to another device',
    async (call) => {
      const world = await makeWorld();
      const archive = await otherDevice(world);
      const file = await world.proven('a.jpg', Buffer.alloc(3_000_000, 'photo'));
      const target = join(archive, 'a.jpg');
      const child = await startChild(world.root, [{ file, target, archive }], call);
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');

      // Killed while it is removed, the original lies there under the name with which it stepped aside.
      const [name = ''] = await filesBelow(world.watched);
      expect(withoutAside(name)).toBe('a.jpg');
      expect(await bytesMatch(join(world.watched, name), file)).toBe(true);
      const left = await filesBelow(archive);
      expect(left.some((name) => name.endsWith('.part'))).toBe(true);
      if (left.includes('a.jpg')) expect(await bytesMatch(target, file)).toBe(true);

      const now = () => Date.now() + TWO_HOURS_MS;
      const again = await world.proven('b.jpg');
      await moveFile(await recordOf(world.watched, name), target, archive, { now });
      await moveFile(again, join(archive, 'b.jpg'), archive, { now });
      expect(await filesBelow(archive)).toEqual(['a.jpg', 'b.jpg']);
      expect(await bytesMatch(target, file)).toBe(true);
      expect(await filesBelow(world.watched)).toEqual([]);
    },
  );

  it.each(['one device', 'another device'])(
    'two at once archive the same 200 files to %s, each exactly once',
    async (where) => {
      const world = await makeWorld();
      const archive = where === 'one device' ? world.archive : await otherDevice(world);
      const names = Array.from({ length: 200 }, (_, index) => `IMG_${String(index).padStart(3, '0')}.jpg`);
      const files = await Promise.all(names.map((name) => world.proven(name)));
      const jobs = files.map((file) => ({ file, target: join(archive, file.relativePath), archive }));
      const children = await Promise.all([startChild(world.root, jobs), startChild(world.root, jobs)]);
      const results = await Promise.all(children.map(outcomesOf));

      expect(await filesBelow(world.watched)).toEqual([]);
      expect(await filesBelow(archive)).toEqual(names);
      for (const file of files) expect(await bytesMatch(join(archive, file.relativePath), file)).toBe(true);
      for (const outcomes of results) {
        expect(outcomes).toHaveLength(200);
        expect(outcomes.filter((outcome) => !['moved', 'already-archived'].includes(outcome))).toEqual([]);
      }
    },
  );
});

/** How many calls of the file system one undisturbed move makes. */
async function countSteps(fsOf: (world: ArchiveWorld) => Fs): Promise<number> {
  const world = await makeWorld();
  const file = await world.proven('2024/a.jpg', Buffer.alloc(2_100_000, 'photo'));
  const counting = endingFs(fsOf(world), Number.POSITIVE_INFINITY);
  await moveFile(file, join(world.archive, '2024/a.jpg'), world.archive, { fs: counting.fs });
  return counting.count();
}

async function bytesMatch(path: string, file: UploadedFile): Promise<boolean> {
  const record = await recordOf(
    path.slice(0, path.lastIndexOf('/')),
    path.slice(path.lastIndexOf('/') + 1),
  ).catch(() => undefined);
  return record?.sha1 === file.sha1;
}

/** A folder on a real other device, or where there is none on the same one, which the child then treats as another. */
async function otherDevice(world: ArchiveWorld): Promise<string> {
  const isOther = await areTwoDevices('/dev/shm', world.root);
  return isOther ? makeFolder('/dev/shm') : world.archive;
}

interface Job {
  readonly file: UploadedFile;
  readonly target: string;
  readonly archive: string;
}

const PROCESS = join(projectRoot, 'dist/test/support/archive-process.js');

/** Runs moves in a process of its own; with `hangAt` it says so and hangs at the first such call on the archive's side. */
async function startChild(root: string, jobs: readonly Job[], hangAt = '') {
  const folder = await fs.mkdtemp(join(root, '.process-'));
  await fs.writeFile(join(folder, 'jobs.json'), JSON.stringify(jobs));
  const child = spawn(process.execPath, [PROCESS, join(folder, 'jobs.json'), hangAt], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function outcomesOf(child: Awaited<ReturnType<typeof startChild>>): Promise<string[]> {
  let text = '';
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  await once(child, 'close');
  return JSON.parse(text) as string[];
}

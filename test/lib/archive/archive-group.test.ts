import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveFile } from '../../../lib/archive/archive-file.js';
import { memberPath } from '../../../lib/archive/archive-group.js';
import { type FileGroup, groupFiles } from '../../../lib/companions/group-files.js';
import type { UploadedFile } from '../../../lib/media-file.js';
import {
  type ArchiveWorld,
  failingFs,
  filesBelow,
  makeWorld,
  recordOf,
  systemError,
  twoDevices,
} from '../../support/archive-world.js';
import { endingFs } from '../../support/ending-fs.js';

type Fs = typeof fs;

const KINDS: readonly (readonly [string, (world: ArchiveWorld) => Fs])[] = [
  ['one device', () => fs],
  ['one device without hard links', () => failingFs({ link: 'EPERM' })],
  ['two devices', (world) => twoDevices(world)],
  ['two devices without hard links', (world) => twoDevices(world, failingFs({ link: 'ENOTSUP' }))],
];

const NAMES = ['a.jpg', 'a.dng', 'a.mov', 'a.xmp', 'a.jpg.xmp'];
const ARCHIVED = NAMES.map((name) => `archive/2024/${name}`).sort();
const pause = async () => undefined;

describe.each(KINDS)('a group on %s', (kind, fsOf) => {
  it('moves together', async () => {
    const { world, group } = await worldOf(NAMES);
    const archived = await archive(world, group, fsOf);
    expect(await filesBelow(world.root)).toEqual(ARCHIVED);
    expect(archived.archivedTo).toBe(join(world.archive, '2024/a.jpg'));
    expect(archived.companions?.map(({ archivedTo }) => archivedTo).sort()).toEqual(
      NAMES.slice(1)
        .map((name) => join(world.archive, '2024', name))
        .sort(),
    );
  });

  it('takes an empty sidecar along', async () => {
    const { world, group } = await worldOf(['a.jpg', 'a.xmp'], { 'a.xmp': '' });
    await archive(world, group, fsOf);
    expect(await filesBelow(world.root)).toEqual(['archive/2024/a.jpg', 'archive/2024/a.xmp']);
  });

  it('gets one number where one of its names is taken', async () => {
    const { world, group } = await worldOf(['a.jpg', 'a.jpg.xmp', 'a.mov']);
    await fs.mkdir(join(world.archive, '2024'), { recursive: true });
    await fs.writeFile(join(world.archive, '2024/a.mov'), 'another one');
    await archive(world, group, fsOf);
    expect(await filesBelow(world.root)).toEqual(
      ['a (2).jpg', 'a (2).jpg.xmp', 'a (2).mov', 'a.mov'].map((name) => `archive/2024/${name}`).sort(),
    );
  });

  it('joins what the archive has of it, and adds nothing twice', async () => {
    const { world, group } = await worldOf(NAMES);
    await fs.mkdir(join(world.archive, '2024'), { recursive: true });
    for (const name of ['a.jpg', 'a.mov']) {
      await fs.copyFile(join(world.watched, '2024', name), join(world.archive, '2024', name));
    }
    await archive(world, group, fsOf);
    expect(await filesBelow(world.root)).toEqual(ARCHIVED);
  });

  it('stays wholly where one of it changed', async () => {
    const { world, group } = await worldOf(NAMES);
    await fs.writeFile(join(world.watched, '2024/a.dng'), 'developed anew');
    await expect(archive(world, group, fsOf)).rejects.toMatchObject({ code: 'changed' });
    expect(await filesBelow(world.archive)).toEqual([]);
    expect(await filesBelow(world.watched)).toHaveLength(NAMES.length);
  });

  it('goes on without a companion that was deleted', async () => {
    const { world, group } = await worldOf(['a.jpg', 'a.xmp']);
    await fs.unlink(join(world.watched, '2024/a.xmp'));
    const archived = await archive(world, group, fsOf);
    expect(archived.companions).toEqual([]);
    expect(await filesBelow(world.root)).toEqual(['archive/2024/a.jpg']);
  });

  it('is no longer ours when its photo was deleted', async () => {
    const { world, group } = await worldOf(['a.jpg', 'a.xmp']);
    await fs.unlink(join(world.watched, '2024/a.jpg'));
    await expect(archive(world, group, fsOf)).rejects.toMatchObject({ code: 'vanished' });
    expect(await filesBelow(world.root)).toEqual(['watched/2024/a.xmp']);
  });

  it.each(NAMES)('stays wholly where "%s" does not fit in, and moves when there is room', async (name) => {
    const { world, group } = await worldOf(NAMES);
    const full = fullFor(fsOf(world), join(world.archive, '2024', name), name);
    await expect(archive(world, group, () => full)).rejects.toMatchObject({ code: 'disk-full' });
    expect(await filesBelow(world.root)).toEqual(NAMES.map((one) => `watched/2024/${one}`).sort());
    await archive(world, group, fsOf);
    expect(await filesBelow(world.root)).toEqual(ARCHIVED);
  });

  it('ended at any moment, nothing of it is lost, and the next try puts it together', {
    timeout: 120_000,
  }, async () => {
    const names = ['a.jpg', 'a.mov', 'a.xmp'];
    const steps = await countSteps(names, fsOf);
    expect(steps).toBeGreaterThan(20);
    for (let step = 1; step <= steps; step += 1) {
      const { world, group } = await worldOf(names);
      const ended = endingFs(fsOf(world), step);
      void archive(world, group, () => ended.fs);
      await ended.reached;
      await ended.closeAll();
      const left = await filesBelow(world.watched);
      for (const next of await groupsIn(world, left)) await archive(world, next, fsOf);
      // A placeholder may stay where there are no hard links, and takes the number: what was placed with it comes
      // once more with the next number. A half file is never left.
      const isStrict = !kind.endsWith('without hard links');
      const whole: string[] = [];
      for (const name of await filesBelow(world.archive)) {
        const text = await fs.readFile(join(world.archive, name), 'utf8');
        if (name.endsWith('.part') || (text === '' && !isStrict)) continue;
        const plain = isStrict ? name : name.replace(' (2)', '');
        expect(text).toBe(`bytes of ${plain}`);
        whole.push(plain);
      }
      const kept = isStrict ? whole : [...new Set(whole)];
      expect(kept.sort(), `step ${step}: ${left}`).toEqual(names.map((name) => `2024/${name}`).sort());
      expect(await filesBelow(world.watched)).toEqual([]);
    }
  });
});

describe('the other ways to deal with a group', () => {
  it('two names that a disk may take for one both arrive', async () => {
    const { world, group } = await worldOf(['A.JPG', 'a.jpg', 'a.xmp']);
    await archive(world, group, () => fs);
    expect(await filesBelow(world.root)).toEqual(
      ['A.JPG', 'a.jpg', 'a.xmp'].map((name) => `archive/2024/${name}`),
    );
  });

  it('a date in the template is that of the photo for all', async () => {
    const { world, group } = await worldOf(['a.jpg', 'a.xmp']);
    const companions = group.companions?.map((one) => ({ ...one }));
    const late = new Date(2025, 0, 1);
    await fs.utimes(join(world.watched, '2024/a.xmp'), late, late);
    const [companion] = companions ?? [];
    const { mtimeMs, ctimeMs } = await fs.stat(join(world.watched, '2024/a.xmp'));
    const file = { ...group, companions: companion ? [{ ...companion, mtimeMs, ctimeMs }] : [] };
    const policy = { mode: 'move', archiveFolder: world.archive, template: '{yyyy}-{MM}' } as const;
    await archiveFile(file, policy);
    expect(await filesBelow(world.archive)).toEqual(['2024-05/a.jpg', '2024-05/a.xmp']);
  });

  it('keeping keeps all, deleting deletes all or, where one changed, none', async () => {
    const { world, group } = await worldOf(NAMES);
    const kept = await archiveFile(group, { mode: 'keep' });
    expect(kept.companions?.every(({ archivedTo, path }) => archivedTo === path)).toBe(true);
    await fs.writeFile(join(world.watched, '2024/a.mov'), 'another');
    await expect(archiveFile(group, { mode: 'delete' })).rejects.toMatchObject({ code: 'changed' });
    expect(await filesBelow(world.watched)).toHaveLength(NAMES.length);
    const [next] = await groupsIn(world, await filesBelow(world.watched));
    await archiveFile(next!, { mode: 'delete' });
    expect(await filesBelow(world.watched)).toEqual([]);
  });

  it.each([
    ['/archive/x.jpg', 2, '/archive/x (2).jpg'],
    ['/archive/x.jpg.xmp', 2, '/archive/x (2).jpg.xmp'],
    ['/archive/x.JPG.XMP', 3, '/archive/x (3).JPG.XMP'],
    ['/archive/x.xmp', 2, '/archive/x (2).xmp'],
    ['/archive/x.1.xmp', 1, '/archive/x.1.xmp'],
  ])('%s with the number %i is %s', (target, number, expected) => {
    expect(memberPath(target, number)).toBe(expected);
  });
});

/** A world with one group in it, whose first file is the photo. */
async function worldOf(
  names: string[],
  bytes: Readonly<Record<string, string>> = {},
): Promise<{ world: ArchiveWorld; group: UploadedFile }> {
  const world = await makeWorld();
  for (const name of names) await world.proven(`2024/${name}`, bytes[name]);
  const files = await Promise.all(names.map((name) => recordOf(world.watched, `2024/${name}`)));
  const [first, ...rest] = groupFiles(files);
  const group = asGroup(first!);
  // Two sidecars of one photo are one group here all the same.
  const extra = rest.flatMap((one) => asGroup(one)).map(asCompanion);
  return { world, group: { ...group, companions: [...(group.companions ?? []), ...extra] } };
}

async function groupsIn(world: ArchiveWorld, paths: string[]): Promise<UploadedFile[]> {
  const files = await Promise.all(paths.map((path) => recordOf(world.watched, path)));
  return groupFiles(files).map(asGroup);
}

function asGroup({ primary, companions }: FileGroup<UploadedFile>): UploadedFile {
  const records = companions.map(({ file, kind }) => ({ ...asCompanion(file), kind }));
  return records.length === 0 ? primary : { ...primary, companions: records };
}

function asCompanion(file: UploadedFile) {
  const { path, relativePath, sizeBytes, mtimeMs, ctimeMs, sha1 } = file;
  const of = { path, relativePath, sizeBytes, mtimeMs, ctimeMs, sha1 };
  return { ...of, kind: 'sidecar', assetId: null, uploadOutcome: 'created' } as const;
}

function archive(world: ArchiveWorld, group: UploadedFile, fsOf: (world: ArchiveWorld) => Fs) {
  const policy = { mode: 'move', archiveFolder: world.archive, template: '' } as const;
  return archiveFile(group, policy, { fs: fsOf(world), pause });
}

/** A disk on which one file finds no room, however it gets its name. */
function fullFor(base: Fs, target: string, name: string): Fs {
  const refuse = (to: unknown) => {
    if (String(to) === target) throw systemError('ENOSPC');
  };
  return {
    ...base,
    async link(from, to) {
      refuse(to);
      return base.link(from, to);
    },
    async rename(from, to) {
      refuse(to);
      return base.rename(from, to);
    },
    async open(path, ...rest) {
      refuse(path);
      if (String(path).endsWith(`/${name}`) && rest[0] === 'wx') throw systemError('ENOSPC');
      return base.open(path, ...rest);
    },
  };
}

async function countSteps(names: string[], fsOf: (world: ArchiveWorld) => Fs): Promise<number> {
  const { world, group } = await worldOf(names);
  const counting = endingFs(fsOf(world), Number.POSITIVE_INFINITY);
  await archive(world, group, () => counting.fs);
  return counting.count();
}

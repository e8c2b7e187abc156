import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toArchiveError } from '../../../lib/archive/archive-error.js';
import { archiveFile, parseArchivePolicy, provenFile } from '../../../lib/archive/archive-file.js';
import { failingFs, filesBelow, makeWorld, systemError } from '../../support/archive-world.js';

const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);

describe('archiveFile', () => {
  it('moves by a template and returns the fields of the record and its own', async () => {
    const world = await makeWorld();
    const file = { ...(await world.proven('trip/a.jpg')), albumName: 'Trip', isTrashed: true };
    const policy = { mode: 'move', archiveFolder: world.archive, template: '{yyyy}/{MM}' } as const;
    const before = structuredClone(file);
    expect(await archiveFile(file, policy, { now })).toEqual({
      ...file,
      archivedTo: join(world.archive, '2024/05/a.jpg'),
      archiveOutcome: 'moved',
      archivedAt: '2026-01-02T03:04:05.000Z',
    });
    expect(file).toEqual(before);
    expect(await filesBelow(world.root)).toEqual(['archive/2024/05/a.jpg']);
  });

  it('keeps the tree when there is no template, and numbers equal names of two watched folders', async () => {
    const [one, two] = [await makeWorld(), await makeWorld()];
    const policy = { mode: 'move', archiveFolder: one.archive, template: '' } as const;
    await archiveFile(await one.proven('trip/a.jpg', 'one'), policy);
    const second = await archiveFile(await two.proven('trip/a.jpg', 'two'), policy);
    expect(second.archivedTo).toBe(join(one.archive, 'trip/a (2).jpg'));
    expect(await filesBelow(one.archive)).toEqual(['trip/a (2).jpg', 'trip/a.jpg']);
  });

  it('does not delete the only copy beside one in the trash', async () => {
    const world = await makeWorld();
    const file = { ...(await world.proven('a.jpg')), isTrashed: true };
    await expect(archiveFile(file, { mode: 'delete' })).rejects.toMatchObject({ code: 'unproven' });
    expect(await filesBelow(world.watched)).toEqual(['a.jpg']);
  });

  it('leaves a file that lies in the archive already, where the archive is watched by mistake', async () => {
    const world = await makeWorld();
    const file = await world.proven('archive/a.jpg');
    const archiveFolder = join(world.watched, 'archive');
    const archived = await archiveFile(file, { mode: 'move', archiveFolder, template: '' });
    expect(archived).toMatchObject({ archivedTo: file.path, archiveOutcome: 'already-archived' });
    expect(await filesBelow(world.watched)).toEqual(['archive/a.jpg']);
  });

  it('keeps: touches nothing at all', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg');
    const untouchable = new Proxy({}, { get: () => expect.unreachable('the file system was used') });
    const io = { fs: Object.assign(Object.create(untouchable), {}) as typeof fs };
    const kept = await archiveFile(file, { mode: 'keep' }, io);
    expect(kept).toMatchObject({ archivedTo: file.path, archiveOutcome: 'kept' });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it('deletes', async () => {
    const world = await makeWorld();
    const deleted = await archiveFile(await world.proven('a.jpg'), { mode: 'delete' });
    expect(deleted).toMatchObject({ archivedTo: null, archiveOutcome: 'deleted' });
    expect(await filesBelow(world.root)).toEqual([]);
  });

  it('deletes nothing that changed', async () => {
    const world = await makeWorld();
    const file = await world.proven('a.jpg', 'photo');
    await fs.writeFile(file.path, 'PHOTO');
    await expect(archiveFile(file, { mode: 'delete' })).rejects.toMatchObject({ code: 'changed' });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it('moves nothing out of the archive folder', async () => {
    const world = await makeWorld();
    const file = { ...(await world.proven('a.jpg')), relativePath: '../../a.jpg' };
    const policy = { mode: 'move', archiveFolder: world.archive, template: '' } as const;
    await expect(archiveFile(file, policy)).rejects.toMatchObject({ code: 'outside-archive' });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });
});

describe('provenFile', () => {
  it('takes what immich-upload sends, a trashed one included', async () => {
    const world = await makeWorld();
    const file = { ...(await world.proven('a.jpg')), isTrashed: true };
    expect(provenFile(file)).toEqual(file);
  });

  it.each([
    ['no checksum', { sha1: undefined }],
    ['a checksum that is none', { sha1: 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709' }],
    ['no asset', { assetId: '' }],
    ['no change time', { ctimeMs: undefined }],
    ['no outcome', { uploadOutcome: 'failed' }],
    ['no proof', { uploadedAt: undefined }],
    ['not stable', { stableAt: undefined }],
  ])('refuses a file with %s', async (_what, change) => {
    const world = await makeWorld();
    const file = { ...(await world.proven('a.jpg')), ...change };
    expect(() => provenFile(file)).toThrow(expect.objectContaining({ code: 'unproven', isTransient: false }));
  });

  it.each([undefined, null, 'a path', 7, []])('refuses %j', (payload) => {
    expect(() => provenFile(payload)).toThrow(/put an immich-upload node before this one/);
  });
});

describe('parseArchivePolicy', () => {
  it.each([
    [{ archiveFolder: '/archive' }, { mode: 'move', archiveFolder: '/archive', template: '' }],
    [
      { archiveFolder: '/archive/', template: ' {yyyy} ', mode: 'MOVE' },
      { mode: 'move', archiveFolder: '/archive', template: '{yyyy}' },
    ],
    [{ mode: 'keep' }, { mode: 'keep' }],
    [{ mode: 'delete', template: '{nonsense}' }, { mode: 'delete' }],
    [
      { archiveFolder: '/archive', template: '${T}', mode: '${M}' },
      { mode: 'move', archiveFolder: '/archive', template: '' },
    ],
  ] as const)('reads %j', (settings, policy) => {
    expect(parseArchivePolicy(settings)).toEqual(policy);
  });

  it.each([
    [{}, /^Archive folder: none is set\. .*ARCHIVE_DIRECTORY/],
    [{ archiveFolder: '${ARCHIVE_DIRECTORY}' }, /ARCHIVE_DIRECTORY/],
    [{ archiveFolder: '/a', mode: 'copy' }, /^Original: "copy".*move, keep, delete/],
    [{ archiveFolder: '/a', template: '{year}' }, /^Path in the archive: .*\{yyyy\}/],
  ])('refuses %j with a sentence', (settings, says) => {
    expect(() => parseArchivePolicy(settings)).toThrow(
      expect.objectContaining({ code: 'setting', message: expect.stringMatching(says) }),
    );
  });
});

describe('toArchiveError', () => {
  it.each(['ENOSPC', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'ENAMETOOLONG', 'EMFILE'])(
    'makes a sentence of %s that names file and folder and has no stack',
    (code) => {
      const error = toArchiveError(systemError(code), '/photos/a.jpg', '/archive/2024');
      expect(String(error)).toBe(error.message);
      expect(error.message).toContain('"a.jpg"');
      expect(error.message).toContain('"/photos"');
      expect(error.message).toContain('"/archive/2024"');
      expect(error.message).toMatch(/It is tried again by itself\.$/);
      expect(error.isTransient).toBe(true);
    },
  );

  it('leaves its own kind alone', () => {
    const error = toArchiveError(systemError('EIO'), '/a', '/b');
    expect(toArchiveError(error, '/c', '/d')).toBe(error);
  });
});

it('says which step failed when the card is read-only', async () => {
  const world = await makeWorld();
  const policy = { mode: 'move', archiveFolder: world.archive, template: '' } as const;
  const refused = archiveFile(await world.proven('a.jpg'), policy, { fs: failingFs({ unlink: 'EROFS' }) });
  await expect(refused).rejects.toThrow('"a.jpg" could not be removed from');
  expect(await filesBelow(world.root)).toEqual(['archive/a.jpg', 'watched/a.jpg']);
});

describe('a folder on the way that was swapped for a link', () => {
  it('takes no file away from where it leads, though its bytes were proven', async () => {
    const world = await makeWorld();
    const file = { ...(await world.proven('sub/a.jpg', 'the same photo')), isFollowingLinks: false };
    const outside = join(world.root, 'outside');
    await fs.mkdir(outside);
    await fs.writeFile(join(outside, 'a.jpg'), 'the same photo');
    await fs.rename(join(world.watched, 'sub'), join(world.watched, 'was'));
    await fs.symlink(outside, join(world.watched, 'sub'));
    for (const mode of ['move', 'delete'] as const) {
      const policy = parseArchivePolicy({ archiveFolder: world.archive, mode });
      await expect(archiveFile(file, policy)).rejects.toMatchObject({ code: 'vanished' });
    }
    expect(await filesBelow(world.root)).toEqual(['outside/a.jpg', 'watched/sub', 'watched/was/a.jpg']);
  });
});

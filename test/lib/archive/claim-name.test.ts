import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimName } from '../../../lib/archive/claim-name.js';
import { fileIo } from '../../../lib/file-io.js';
import { failingFs, filesBelow, makeWorld, systemError } from '../../support/archive-world.js';

const WITHOUT_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'];

async function makeNames() {
  const { root } = await makeWorld();
  const from = join(root, 'from');
  await fs.writeFile(from, 'photo');
  return { root, from, to: join(root, 'to') };
}

describe('claimName', () => {
  it('links a free name and leaves the old one', async () => {
    const { from, to, root } = await makeNames();
    expect(await claimName(from, to, fileIo())).toBe('linked');
    expect(await filesBelow(root)).toEqual(['from', 'to']);
  });

  it.each(WITHOUT_LINKS)('renames where there are no hard links (%s)', async (code) => {
    const { from, to, root } = await makeNames();
    expect(await claimName(from, to, fileIo({ fs: failingFs({ link: code }) }))).toBe('renamed');
    expect(await filesBelow(root)).toEqual(['to']);
    expect(await fs.readFile(to, 'utf8')).toBe('photo');
  });

  it.each([undefined, ...WITHOUT_LINKS])(
    'never replaces a file that is there (link says %s)',
    async (code) => {
      const { from, to } = await makeNames();
      await fs.writeFile(to, 'precious');
      const io = fileIo(code ? { fs: failingFs({ link: code }) } : {});
      expect(await claimName(from, to, io)).toBe('taken');
      expect(await fs.readFile(to, 'utf8')).toBe('precious');
      expect(await fs.readFile(from, 'utf8')).toBe('photo');
    },
  );

  it.each([
    ['fills the placeholder', async (to: string) => fs.writeFile(to, 'precious')],
    [
      'replaces the placeholder',
      async (to: string) => {
        await fs.writeFile(`${to}.new`, '');
        await fs.rename(`${to}.new`, to);
      },
    ],
  ])('leaves it to another program that %s', async (_what, meddle) => {
    const { from, to } = await makeNames();
    const open: typeof fs.open = async (...args) => {
      const handle = await fs.open(...args);
      await meddle(to);
      return handle;
    };
    const io = fileIo({ fs: { ...failingFs({ link: 'EPERM' }), open } });
    const before = await fs.readFile(from, 'utf8');
    expect(await claimName(from, to, io)).toBe('taken');
    expect(await fs.readFile(from, 'utf8')).toBe(before);
    expect(['', 'precious']).toContain(await fs.readFile(to, 'utf8'));
  });

  it('removes its placeholder when the rename fails', async () => {
    const { from, to, root } = await makeNames();
    const io = fileIo({ fs: failingFs({ link: 'EPERM', rename: 'EXDEV' }) });
    await expect(claimName(from, to, io)).rejects.toThrow(systemError('EXDEV').message);
    expect(await filesBelow(root)).toEqual(['from']);
  });

  it.each(['EXDEV', 'EACCES', 'EROFS', 'ENOSPC', 'ENOENT'])(
    'passes %s on and changes nothing',
    async (code) => {
      const { from, to, root } = await makeNames();
      await expect(claimName(from, to, fileIo({ fs: failingFs({ link: code }) }))).rejects.toMatchObject({
        code,
      });
      expect(await filesBelow(root)).toEqual(['from']);
    },
  );
});

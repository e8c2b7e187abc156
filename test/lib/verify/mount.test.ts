import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isShare, mountOf, mountTable } from '../../../lib/verify/mount.js';
import { tempFolder } from '../../support/world.js';

/** A line of Linux's table of mounts. */
const line = (id: number, point: string, type: string) =>
  `${id} 1 0:1 / ${point.replaceAll(' ', '\\040')} rw,relatime shared:1 - ${type} source rw`;

it('finds the innermost mount, the last one of several, through links and blanks', async () => {
  const root = realpathSync(tempFolder());
  const photos = join(root, 'my photos');
  mkdirSync(join(photos, 'inbox'), { recursive: true });
  mkdirSync(join(root, 'my photos too'));
  symlinkSync(photos, join(root, 'link'));
  const table = [
    line(1, '/', 'ext4'),
    line(2, photos, 'nfs4'),
    line(3, photos, 'cifs'),
    'no line at all',
    '',
  ].join('\n');
  expect(await mountOf(join(photos, 'inbox'), table)).toEqual({ id: '3', type: 'cifs' });
  expect(await mountOf(join(root, 'link'), table)).toEqual({ id: '3', type: 'cifs' });
  expect(await mountOf(join(root, 'my photos too'), table)).toEqual({ id: '1', type: 'ext4' });
  expect(await mountOf(root, '')).toBeUndefined();
});

it('knows shares, which send no events', () => {
  const isShared = (type: string) => isShare({ id: '1', type });
  expect(
    ['nfs', 'nfs4', 'cifs', 'smb3', '9p', 'virtiofs', 'fuse.sshfs'].filter((type) => !isShared(type)),
  ).toEqual([]);
  expect(['ext4', 'btrfs', 'xfs', 'zfs', 'overlay', 'fuseblk', 'tmpfs'].filter(isShared)).toEqual([]);
});

it('reads the table of this machine where there is one', async (ctx) => {
  const table = await mountTable();
  if (table === undefined) return ctx.skip('only Linux has such a table');
  expect(await mountOf(tempFolder(), table)).toMatchObject({ id: expect.stringMatching(/^\d+$/) });
  expect(await mountTable('/no/such/table')).toBeUndefined();
});

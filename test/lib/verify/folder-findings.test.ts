import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkFailedFolder } from '../../../lib/verify/failed-folder.js';
import { type FolderSettings, folderFindings } from '../../../lib/verify/folder-findings.js';
import { tempFolder } from '../../support/world.js';

const never = new AbortController().signal;

function settings(
  given: Partial<FolderSettings> = {},
): FolderSettings & { readonly root: string; inbox: string } {
  const root = tempFolder();
  const [inbox, archiveFolder] = [join(root, 'inbox'), join(root, 'archive')];
  for (const folder of [inbox, archiveFolder]) mkdirSync(folder);
  return { root, inbox, watchFolders: [inbox], archiveFolder, isRecursive: true, ...given };
}

async function findingsOf(folders: FolderSettings) {
  const findings = await folderFindings(folders, never);
  return (check: string) => findings.find((finding) => finding.check === check);
}

it('counts what is watched, without litter and without an archive that lies inside', async () => {
  const here = settings();
  const archiveFolder = join(here.inbox, 'done');
  for (const folder of ['done/old', '.hidden/x', '@eaDir', 'card/DCIM'])
    mkdirSync(join(here.inbox, folder), { recursive: true });
  for (const file of ['a.jpg', 'card/b.jpg', 'card/DCIM/c.jpg', 'done/old/d.jpg', '.e.jpg']) {
    writeFileSync(join(here.inbox, file), Buffer.alloc(1_000_000));
  }
  const deep = await findingsOf({ ...here, archiveFolder });
  expect(deep(here.inbox)).toMatchObject({ verdict: 'ok', found: '3 folders, 3 files (3 MB)' });
  expect(deep(`${archiveFolder} (archive)`)).toMatchObject({ verdict: 'ok' });
  const flat = await findingsOf({ ...here, archiveFolder, isRecursive: false });
  expect(flat(here.inbox)?.found).toBe('1 folder, 1 file (1 MB)');
});

it('makes no archive, and says whether one can be made', async () => {
  const here = settings();
  const archiveFolder = join(here.root, 'new/archive');
  const later = await findingsOf({ ...here, archiveFolder });
  expect(later(`${archiveFolder} (archive)`)).toMatchObject({
    verdict: 'warning',
    found: expect.stringContaining('is made'),
  });
  writeFileSync(join(here.root, 'file'), '');
  const never = await findingsOf({ ...here, archiveFolder: join(here.root, 'file') });
  expect(never(`${join(here.root, 'file')} (archive)`)?.verdict).toBe('problem');
  const below = await findingsOf({ ...here, archiveFolder: join(here.root, 'file/archive') });
  expect(below(`${join(here.root, 'file/archive')} (archive)`)?.verdict).toBe('problem');
});

it('names the folder that cannot be read, and the one out of which nothing can be moved', async (ctx) => {
  if (process.getuid?.() === 0)
    return ctx.skip('root may read and write everything; the packed command is tried as another user');
  const here = settings();
  const closed = join(here.inbox, 'closed');
  mkdirSync(closed, { mode: 0o000 });
  expect((await findingsOf(here))(here.inbox)).toMatchObject({
    verdict: 'problem',
    found: `${closed} cannot be read`,
  });
  chmodSync(closed, 0o555);
  expect((await findingsOf(here))(here.inbox)?.found).toContain(`nothing may be moved out of ${closed}`);
  chmodSync(closed, 0o755);
  chmodSync(here.archiveFolder, 0o555);
  expect((await findingsOf(here))(`${here.archiveFolder} (archive)`)?.found).toContain(
    'nothing can be written there',
  );
});

it('stops when it is told to', async () => {
  await expect(folderFindings(settings(), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});

it('does not count what failed, and watches nothing in the folder for that', async () => {
  const here = settings();
  const failedFolder = join(here.inbox, 'failed');
  mkdirSync(join(failedFolder, 'card'), { recursive: true });
  writeFileSync(join(failedFolder, 'card/a.jpg'), 'x');
  writeFileSync(join(here.inbox, 'b.jpg'), 'x');
  const said = await findingsOf({ ...here, failedFolder });
  expect(said(here.inbox)?.found).toContain('1 folder, 1 file');
  const inside = await findingsOf({ ...here, watchFolders: [join(failedFolder, 'card')], failedFolder });
  expect(inside(join(failedFolder, 'card'))).toMatchObject({
    verdict: 'problem',
    found: expect.stringContaining('folder of failed files'),
  });
});

it.each([
  ['beside all others', 'failed', {}, 'ok', 'can be written'],
  ['missing', 'new/failed', {}, 'warning', 'is made for the first file'],
  [
    'below a watched folder that leaves it out',
    'inbox/failed',
    { failedFolder: 'inbox/failed' },
    'warning',
    'is made',
  ],
  ['below a watched folder', 'inbox/failed', {}, 'problem', 'would be found again'],
  ['a watched folder', 'inbox', { isRecursive: false }, 'problem', 'would be found again'],
  ['below a folder that is watched alone', 'inbox/failed', { isRecursive: false }, 'warning', 'is made'],
  ['the archive', 'archive', {}, 'warning', 'an audit counts'],
  ['no folder', 'file', {}, 'problem', 'this is a file'],
] as const)('looks at the folder of failed files: %s', async (_what, path, watch, verdict, found) => {
  const { root, inbox, archiveFolder } = settings();
  mkdirSync(join(root, 'failed'));
  writeFileSync(join(root, 'file'), '');
  const given: { isRecursive?: boolean; failedFolder?: string } = watch;
  const failedFolder = given.failedFolder && join(root, given.failedFolder);
  const watches = [{ folders: [inbox], isRecursive: given.isRecursive ?? true, failedFolder }];
  expect(await checkFailedFolder(join(root, path), { watches, archiveFolder, isTried: true })).toMatchObject({
    verdict,
    found: expect.stringContaining(found),
  });
});

import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { type FolderIo, realFolderIo } from '../../../lib/watch/folder-listing.js';
import { until, watchWorld, write } from '../../support/watched-world.js';
import { tempFolder } from '../../support/world.js';

/** A file system in which a call fails for each path that `reason` gives a code for. */
function failing(
  call: 'lstat' | 'opendir' | 'watch',
  reason: (path: string) => string | undefined,
  io: FolderIo = realFolderIo,
) {
  const real = io[call] as (...args: unknown[]) => unknown;
  const wrapped = (...args: unknown[]) => {
    const code = reason(String(args[0]));
    if (code === undefined) return real(...args);
    const error = Object.assign(new Error(`${code}: no`), { code });
    if (call === 'watch') throw error;
    return Promise.reject(error);
  };
  return { ...io, [call]: wrapped } as FolderIo;
}

/** A file system whose watches never tell anything, as after an overflow of the queue of signals. */
const deaf: FolderIo = {
  ...realFolderIo,
  watch: ((path: string) => realFolderIo.watch(path, () => {})) as FolderIo['watch'],
};

it('reports an unreadable folder once and goes on with the rest', async () => {
  const root = tempFolder();
  write(root, 'a.jpg', 'locked/b.jpg', 'x/c.jpg');
  let isLocked = true;
  const io = failing('opendir', (path) => (isLocked && path.endsWith('locked') ? 'EACCES' : undefined));
  const { watch, finds, problems, settled } = watchWorld([root], { io });
  await finds('a.jpg', 'x/c.jpg');
  watch.rescan();
  await settled();
  expect(problems).toEqual([{ kind: 'unreadable', path: join(root, 'locked'), detail: 'EACCES' }]);
  isLocked = false;
  watch.rescan();
  await finds('a.jpg', 'x/c.jpg', 'locked/b.jpg');
});

it('does not forget what lies in a folder that cannot be read for a while', async () => {
  const root = tempFolder();
  write(root, 'x/a.jpg', 'x/y/b.jpg');
  let isBroken = false;
  const io = failing('opendir', (path) => (isBroken && path.endsWith('x') ? 'EIO' : undefined));
  const { watch, finds, settled, problems } = watchWorld([root], { io });
  await settled();
  isBroken = true;
  watch.rescan();
  await until(() => expect(problems).toHaveLength(1));
  await settled();
  isBroken = false;
  watch.rescan();
  await settled();
  write(root, 'last.jpg');
  await finds('x/a.jpg', 'x/y/b.jpg', 'last.jpg');
});

it('reports files that cannot be asked once a folder and finds the others', async () => {
  const root = tempFolder();
  write(root, 'a.jpg', 'bad1.jpg', 'bad2.jpg', 'c.jpg');
  const io = failing('lstat', (path) => (path.includes('bad') ? 'EIO' : undefined));
  const { finds, problems, settled } = watchWorld([root], { io });
  await finds('a.jpg', 'c.jpg');
  await settled();
  expect(problems).toMatchObject([{ kind: 'unreadable', detail: 'EIO' }]);
});

it('says that the watched folder itself is unreadable and picks it up by itself', async () => {
  const root = tempFolder();
  write(root, 'a.jpg');
  let isLocked = true;
  const io = failing('opendir', () => (isLocked ? 'EACCES' : undefined));
  const { watch, finds, problems } = watchWorld([root], { io });
  await until(() => expect(watch.report().folders[0]?.state).toBe('unreadable'));
  expect(watch.report().state).toBe('waiting');
  isLocked = false;
  await finds('a.jpg');
  expect(problems).toEqual([{ kind: 'unreadable', path: root, detail: 'EACCES' }]);
});

it('sees that rights were given back', async () => {
  const root = tempFolder();
  write(root, 'locked/a.jpg');
  let isLocked = true;
  const isOff = (path: string) => (isLocked && path.endsWith('locked') ? 'EACCES' : undefined);
  const { finds, problems } = watchWorld([root], { io: failing('watch', isOff, failing('opendir', isOff)) });
  await until(() => expect(problems).toMatchObject([{ kind: 'unreadable', detail: 'EACCES' }]));
  isLocked = false;
  chmodSync(join(root, 'locked'), 0o700);
  await finds('locked/a.jpg');
});

it.each(['ENOSPC', 'EMFILE'])(
  'says once that no more watches are allowed (%s) and finds by re-scan',
  async (code) => {
    const root = tempFolder();
    write(root, 'x/a.jpg', 'y/b.jpg');
    const io = failing('watch', () => code);
    const { finds, problems } = watchWorld([root], { io, rescanMs: 50 });
    await finds('x/a.jpg', 'y/b.jpg');
    write(root, 'x/c.jpg', 'z/d.jpg');
    await finds('x/a.jpg', 'y/b.jpg', 'x/c.jpg', 'z/d.jpg');
    expect(problems).toEqual([{ kind: 'watch-limit', path: root, detail: code }]);
  },
);

it('finds by re-scan what signals that were lost would have told', async () => {
  const root = tempFolder();
  write(root, 'x/a.jpg', 'x/gone.jpg');
  const { watch, finds, settled } = watchWorld([root], { io: deaf, rescanMs: 50 });
  await settled();
  write(root, 'x/new/b.jpg');
  appendFileSync(join(root, 'x/a.jpg'), 'more');
  rmSync(join(root, 'x/gone.jpg'));
  await finds('x/a.jpg', 'x/a.jpg', 'x/gone.jpg', 'x/new/b.jpg');
  await until(() => expect(watch.report().folders[0]?.fileCount).toBe(2));
});

it('finds all that came while the event loop was blocked', async () => {
  const root = tempFolder();
  const { found, settled } = watchWorld([root], { rescanMs: 500 });
  await settled();
  for (let at = 0; at < 20_000; at++) writeFileSync(join(root, `${at}.jpg`), '');
  await until(() => expect(found.length).toBe(20_000));
  expect(new Set(found.map(({ path }) => path)).size).toBe(20_000);
});

it('sees a folder that took the place of the watched one, as a mount does, without a signal', async () => {
  const root = join(tempFolder(), 'photos');
  write(root, 'a.jpg');
  // A mount hides a folder, and its watch hears nothing of that.
  const io = {
    ...realFolderIo,
    watch: ((path: string, listener: (event: string, name: string | null) => void) =>
      realFolderIo.watch(path, (event, name) => {
        if (name !== basename(path)) listener(event, name);
      })) as FolderIo['watch'],
  };
  const { finds, settled } = watchWorld([root], { io });
  await settled();
  write(root, '../other/x/b.jpg');
  renameSync(root, join(root, '../before'));
  renameSync(join(root, '../other'), root);
  await finds('a.jpg', 'x/b.jpg');
  write(root, 'c.jpg', 'x/d.jpg');
  await finds('a.jpg', 'x/b.jpg', 'c.jpg', 'x/d.jpg');
});

it('makes a watch anew that broke', async () => {
  const root = tempFolder();
  const watchers: ReturnType<FolderIo['watch']>[] = [];
  const io = {
    ...realFolderIo,
    watch: ((path: string, listener: () => void) => {
      const watcher = realFolderIo.watch(path, listener);
      watchers.push(watcher);
      return watcher;
    }) as FolderIo['watch'],
  };
  const { finds, settled } = watchWorld([root], { io });
  await settled();
  watchers[0]?.emit('error', Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  await until(() => expect(watchers).toHaveLength(2));
  write(root, 'a.jpg');
  await finds('a.jpg');
});

it('reports names that are not UTF-8 once, with a form to read, and goes on', async () => {
  const root = tempFolder();
  const odd = (name: string) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
  write(root, 'a.jpg');
  try {
    writeFileSync(odd('caf\xe9.jpg'), 'x');
    mkdirSync(odd('\xfcber'));
  } catch {
    return; // macOS and some file systems refuse such names, so nobody meets them there.
  }
  const { watch, finds, problems, settled } = watchWorld([root]);
  await finds('a.jpg');
  watch.rescan();
  await settled();
  writeFileSync(odd('late\xff.jpg'), 'x');
  await until(() => expect(problems).toHaveLength(3));
  expect(problems.map(({ kind, path, detail }) => [kind, path, detail]).sort()).toEqual([
    ['not-utf8', root, '\\xfcber'],
    ['not-utf8', root, 'caf\\xe9.jpg'],
    ['not-utf8', root, 'late\\xff.jpg'],
  ]);
  renameSync(odd('caf\xe9.jpg'), join(root, 'café.jpg'));
  await finds('a.jpg', 'café.jpg');
});

it('finds a folder again that was away for a moment together with its disk', async () => {
  const root = tempFolder();
  write(root, 'x/a.jpg');
  let isAway = false;
  const io = failing('lstat', (path) => {
    if (!isAway || path !== join(root, 'x')) return undefined;
    // Back before anybody asks for the disk itself.
    isAway = false;
    return 'ENOENT';
  });
  const { finds, settled } = watchWorld([root], { io });
  await finds('x/a.jpg');
  await settled();
  isAway = true;
  write(root, 'x/b.jpg');
  await finds('x/a.jpg', 'x/a.jpg', 'x/b.jpg');
});

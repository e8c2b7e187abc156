import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { folderId } from '../../../lib/watch/folder-id.js';
import { realFolderIo } from '../../../lib/watch/folder-listing.js';
import { compileIgnoreRules } from '../../../lib/watch/ignore-rules.js';
import { until, watchWorld, write } from '../../support/watched-world.js';
import { tempFolder } from '../../support/world.js';

describe('what lies there at the start', () => {
  it('is found in all folders, with its record', async () => {
    const root = tempFolder();
    write(root, 'one/a.jpg', 'one/deep/er/b.MP4', 'two/c.HEIC', 'two/notes.txt', 'two/c.heic.xmp');
    const { found, finds, settled, watch } = watchWorld([join(root, 'one'), join(root, 'two')]);
    await finds('a.jpg', 'deep/er/b.MP4', 'c.HEIC', 'c.heic.xmp');
    await settled();
    const deep = found.find((file) => file.relativePath.endsWith('b.MP4'));
    expect(deep).toEqual({
      path: join(root, 'one/deep/er/b.MP4'),
      folder: join(root, 'one'),
      relativePath: 'deep/er/b.MP4',
      sizeBytes: 'one/deep/er/b.MP4'.length,
      mtimeMs: statSync(join(root, 'one/deep/er/b.MP4')).mtimeMs,
      foundAt: expect.stringMatching(/^\d{4}-.*Z$/),
      isFollowingLinks: false,
    });
    expect(watch.report()).toEqual({
      state: 'watching',
      folders: [
        {
          id: folderId(join(root, 'one')),
          path: join(root, 'one'),
          state: 'watching',
          fileCount: 2,
          waiting: 0,
        },
        {
          id: folderId(join(root, 'two')),
          path: join(root, 'two'),
          state: 'watching',
          fileCount: 1,
          waiting: 0,
        },
      ],
      found: 4,
      tooLarge: 0,
    });
  });

  it('is passed over while archive-move removes it, and found when a power cut left it there', async () => {
    const root = tempFolder();
    const aside = 'a.immich-bridge-0123456789abcdef.jpg';
    const { finds, settled } = watchWorld([root]);
    await settled();
    write(root, aside, 'b.jpg');
    await finds('b.jpg');
    await watchWorld([root]).finds(aside, 'b.jpg');
  });

  it('is found only in the folder itself when that is asked for', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'deep/b.jpg');
    const { finds } = watchWorld([root], { isRecursive: false });
    await finds('a.jpg');
    write(root, 'deep/c.jpg', 'new/d.jpg', 'e.jpg');
    await finds('a.jpg', 'e.jpg');
  });

  it('is found once where a watched folder lies in another one, or comes twice', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'inner/b.jpg');
    symlinkSync(root, join(root, '.again'));
    const { found, finds, problems } = watchWorld([root, join(root, 'inner'), root, join(root, '.again')]);
    await finds('a.jpg', 'b.jpg');
    await until(() => expect(problems).toMatchObject([{ kind: 'watched-twice' }]));
    expect(found.find(({ path }) => path.endsWith('b.jpg'))?.folder).toBe(join(root, 'inner'));
  });
});

describe('what comes later', () => {
  it.each([
    ['written', (root: string) => write(root, 'a.jpg')],
    ['renamed into place', (root: string) => renameSync(outside(root, 'a.jpg'), join(root, 'a.jpg'))],
    [
      'renamed from a name that is ignored',
      (root: string) => {
        write(root, '.a.jpg.Xa81bQ');
        renameSync(join(root, '.a.jpg.Xa81bQ'), join(root, 'a.jpg'));
      },
    ],
  ])('is found when it is %s', async (_how, come) => {
    const root = join(tempFolder(), 'photos');
    mkdirSync(root);
    const { finds, settled } = watchWorld([root]);
    await settled();
    come(root);
    await finds('a.jpg');
  });

  it('is found in a whole tree that is renamed into place, and watched from then on', async () => {
    const root = join(tempFolder(), 'photos');
    mkdirSync(root);
    const { finds, settled } = watchWorld([root]);
    await settled();
    outside(root, 'tree/a.jpg', 'tree/x/b.jpg', 'tree/x/y/z/c.jpg');
    renameSync(join(root, '../outside/tree'), join(root, 'tree'));
    await finds('tree/a.jpg', 'tree/x/b.jpg', 'tree/x/y/z/c.jpg');
    write(root, 'tree/x/y/z/d.jpg', 'tree/x/y/new/e.jpg');
    await finds(
      ...['tree/a.jpg', 'tree/x/b.jpg', 'tree/x/y/z/c.jpg', 'tree/x/y/z/d.jpg', 'tree/x/y/new/e.jpg'],
    );
  });

  it('is found under its new name when a folder is moved within', async () => {
    const root = tempFolder();
    write(root, 'old/x/a.jpg', 'b.jpg');
    const { finds, settled, watch } = watchWorld([root]);
    await settled();
    renameSync(join(root, 'old'), join(root, 'new'));
    await finds('b.jpg', 'old/x/a.jpg', 'new/x/a.jpg');
    await until(() => expect(watch.report().folders[0]?.fileCount).toBe(2));
    write(root, 'new/x/c.jpg');
    await finds('b.jpg', 'old/x/a.jpg', 'new/x/a.jpg', 'new/x/c.jpg');
  });

  it('is found in new folders within new folders, with files already in them', async () => {
    const root = tempFolder();
    const { finds, settled } = watchWorld([root]);
    await settled();
    const files = Array.from({ length: 20 }, (_, at) => `n${at}/m/k/${at}.jpg`);
    write(root, ...files);
    await finds(...files);
  });

  it('is listed a bounded number of times in a burst of 10,000', async () => {
    const root = tempFolder();
    let listings = 0;
    const io = realFolderIo;
    const counting = {
      ...io,
      opendir: ((...args: Parameters<typeof io.opendir>) => {
        listings++;
        return io.opendir(...args);
      }) as typeof io.opendir,
    };
    const { found, settled } = watchWorld([root], { io: counting, quietMs: 100, maxWaitMs: 1000 });
    await settled();
    const startedAt = performance.now();
    for (let slice = 0; slice < 100; slice++) {
      for (let at = 0; at < 100; at++) writeFileSync(join(root, `${slice}-${at}.jpg`), '');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => expect(found.length).toBe(10_000));
    expect(listings).toBeLessThanOrEqual(4 + (performance.now() - startedAt) / 500);
  });
});

describe('each version of a file is found once', () => {
  it('again when it grew, and when only its time changed', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'b.jpg');
    const { found, finds, settled } = watchWorld([root]);
    await settled();
    appendFileSync(join(root, 'a.jpg'), 'more');
    await finds('a.jpg', 'a.jpg', 'b.jpg');
    expect(found.at(-1)?.sizeBytes).toBe('a.jpgmore'.length);
    utimesSync(join(root, 'b.jpg'), 1000, 1000);
    await finds('a.jpg', 'a.jpg', 'b.jpg', 'b.jpg');
    expect(found.at(-1)?.mtimeMs).toBe(1_000_000);
  });

  it('not again at a re-scan', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'x/b.jpg');
    const { watch, finds, settled } = watchWorld([root]);
    await settled();
    for (let round = 0; round < 3; round++) {
      watch.rescan();
      await settled();
    }
    write(root, 'last.jpg');
    await finds('a.jpg', 'x/b.jpg', 'last.jpg');
  });

  it('again when it was gone and is back, with the same size and time', async () => {
    const root = join(tempFolder(), 'photos');
    write(root, 'a.jpg');
    const { watch, finds, settled } = watchWorld([root]);
    await settled();
    renameSync(join(root, 'a.jpg'), join(root, '../a.jpg'));
    await until(() => expect(watch.report().folders[0]?.fileCount).toBe(0));
    renameSync(join(root, '../a.jpg'), join(root, 'a.jpg'));
    await finds('a.jpg', 'a.jpg');
  });

  it('again when another node hands it back', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'x/b.jpg');
    const { watch, finds, settled } = watchWorld([root]);
    await settled();
    watch.forget([join(root, 'x/b.jpg'), join(root, 'nowhere/c.jpg'), '/elsewhere/d.jpg']);
    await finds('a.jpg', 'x/b.jpg', 'x/b.jpg');
  });
});

describe('a folder that is not there', () => {
  it('is waited for, also when its parent is missing', async () => {
    const root = join(tempFolder(), 'mnt/usb/photos');
    const { watch, finds } = watchWorld([root]);
    await until(() => expect(watch.report().state).toBe('waiting'));
    expect(watch.report().folders).toEqual([
      { id: folderId(root), path: root, state: 'missing', fileCount: 0, waiting: 0 },
    ]);
    write(root, 'x/a.jpg');
    await finds('x/a.jpg');
    write(root, 'x/b.jpg');
    await finds('x/a.jpg', 'x/b.jpg');
    expect(watch.report().state).toBe('watching');
  });

  it('is picked up again after it went, as often as it goes', async () => {
    const root = join(tempFolder(), 'photos');
    const wanted: string[] = [];
    write(root, 'x/0.jpg');
    const { watch, finds, settled } = watchWorld([root]);
    await settled();
    wanted.push('x/0.jpg');
    for (const name of ['x/1.jpg', 'x/2.jpg', 'x/3.jpg']) {
      rmSync(root, { recursive: true });
      await until(() => expect(watch.report().folders[0]?.state).toBe('missing'));
      write(root, name);
      wanted.push(name);
      await finds(...wanted);
    }
  });

  it('is not deaf after it was removed and made again at once', async () => {
    const root = join(tempFolder(), 'photos');
    const wanted: string[] = [];
    write(root, 'x/0.jpg');
    const { finds, settled } = watchWorld([root], { probeMs: 60_000 });
    await settled();
    wanted.push('x/0.jpg');
    for (const name of ['x/1.jpg', 'x/2.jpg', 'x/3.jpg']) {
      rmSync(root, { recursive: true });
      mkdirSync(join(root, 'x'), { recursive: true });
      await settled();
      write(root, name);
      wanted.push(name);
      await finds(...wanted);
    }
  });

  it('does not hold up the others', async () => {
    const root = tempFolder();
    write(root, 'here/a.jpg');
    const { watch, finds } = watchWorld([join(root, 'gone'), join(root, 'here')]);
    await finds('a.jpg');
    await until(() => expect(watch.report().state).toBe('waiting'));
    write(root, 'here/b.jpg');
    await finds('a.jpg', 'b.jpg');
  });

  it('counts as missing while a file has its name', async () => {
    const root = join(tempFolder(), 'photos');
    writeFileSync(root, 'no folder');
    const { watch, finds } = watchWorld([root]);
    await until(() => expect(watch.report().folders[0]?.state).toBe('missing'));
    rmSync(root);
    write(root, 'a.jpg');
    await finds('a.jpg');
  });
});

describe('symbolic links', () => {
  function linkedWorld() {
    const root = join(tempFolder(), 'photos');
    write(root, 'a.jpg', 'x/b.jpg');
    outside(root, 'c.jpg', 'd/e.jpg');
    symlinkSync(join(root, '../outside/c.jpg'), join(root, 'file.jpg'));
    symlinkSync(join(root, '../outside/d'), join(root, 'folder'));
    symlinkSync('..', join(root, 'x/loop'));
    symlinkSync('self', join(root, 'self'));
    symlinkSync('nowhere.jpg', join(root, 'broken.jpg'));
    return root;
  }

  it('are not followed', async () => {
    const root = linkedWorld();
    const { finds } = watchWorld([root]);
    await finds('a.jpg', 'x/b.jpg');
    symlinkSync(join(root, '../outside/c.jpg'), join(root, 'late.jpg'));
    write(root, 'last.jpg');
    await finds('a.jpg', 'x/b.jpg', 'last.jpg');
  });

  it('are followed when asked for, and loops end', async () => {
    const root = linkedWorld();
    const { finds, settled, problems } = watchWorld([root], { isFollowingLinks: true });
    await finds('a.jpg', 'x/b.jpg', 'file.jpg', 'folder/e.jpg');
    await settled();
    write(root, '../outside/d/f.jpg');
    await finds('a.jpg', 'x/b.jpg', 'file.jpg', 'folder/e.jpg', 'folder/f.jpg');
    expect(problems).toEqual([]);
  });

  it('may lead to the watched folder itself', async () => {
    const root = linkedWorld();
    symlinkSync(root, join(root, '../link'));
    const { finds, found } = watchWorld([join(root, '../link')]);
    await finds('a.jpg', 'x/b.jpg');
    expect(found[0]?.folder).toBe(join(root, '../link'));
  });
});

describe('the archive folder is left out', () => {
  it.each([
    ['inside a watched folder', (root: string) => join(root, 'archive')],
    ['by another spelling', (root: string) => `${dirname(root)}/./${basename(root)}/x/../archive`],
    ['by a link to it', (root: string) => join(root, '../link/archive')],
  ])('%s', async (_how, archiveOf) => {
    const root = join(tempFolder(), 'photos');
    write(root, 'a.jpg', 'x/b.jpg', 'archive/c.jpg', 'archive/2024/d.jpg');
    symlinkSync(root, join(root, '../link'));
    const { finds, settled, watch } = watchWorld([root], { archiveFolder: archiveOf(root) });
    await settled();
    write(root, 'archive/2024/e.jpg', 'archive/f.jpg', 'last.jpg');
    await finds('a.jpg', 'x/b.jpg', 'last.jpg');
    watch.rescan();
    await settled();
    await finds('a.jpg', 'x/b.jpg', 'last.jpg');
  });

  it('when it comes into being later', async () => {
    const root = tempFolder();
    const { finds, settled } = watchWorld([root], { archiveFolder: join(root, 'archive') });
    await settled();
    write(root, 'archive/2024/a.jpg', 'b.jpg');
    await finds('b.jpg');
    write(root, 'archive/2025/c.jpg', 'd.jpg');
    await finds('b.jpg', 'd.jpg');
  });

  it('when it is a watched folder, which is said', async () => {
    const root = tempFolder();
    write(root, 'a.jpg');
    const { watch, found, problems } = watchWorld([root], { archiveFolder: root });
    await until(() => expect(watch.report().folders[0]?.state).toBe('skipped'));
    expect([found, problems]).toEqual([[], [{ kind: 'is-archive', path: root, detail: '' }]]);
  });

  it('but not a watched folder inside of it', async () => {
    const root = tempFolder();
    write(root, 'inbox/a.jpg', 'old.jpg');
    const { finds } = watchWorld([join(root, 'inbox')], { archiveFolder: root });
    await finds('a.jpg');
  });
});

describe('what counts', () => {
  it('leaves out what is ignored, by default and by a person', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', '.b.jpg', '@eaDir/c.jpg', 'Drafts/d.jpg', 'x/Drafts/e.jpg', 'x/f.jpg');
    const { finds } = watchWorld([root], { isIgnored: compileIgnoreRules(['.*', '@eaDir/', 'Drafts/']) });
    await finds('a.jpg', 'x/f.jpg');
    write(root, '@eaDir/new/g.jpg', 'x/Drafts/h.jpg', 'x/last.jpg');
    await finds('a.jpg', 'x/f.jpg', 'x/last.jpg');
  });

  it('takes the extensions that were chosen, in any case', async () => {
    const root = tempFolder();
    write(root, 'a.JPG', 'b.jpg', 'c.heic', 'd');
    const askExtensions = vi.fn(async () => ['.heic']);
    const { finds, settled } = watchWorld([root], { extensions: new Set(['.jpg']), askExtensions });
    await finds('a.JPG', 'b.jpg');
    await settled();
    expect(askExtensions).not.toHaveBeenCalled();
  });

  it('finds what the server takes once it answers, without waiting for it', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'b.future');
    let answer: ((extensions: string[]) => void) | undefined;
    const askExtensions = () => new Promise<string[]>((resolve) => (answer = resolve));
    const { finds } = watchWorld([root], { askExtensions });
    await finds('a.jpg');
    answer?.(['.jpg', '.future']);
    await finds('a.jpg', 'b.future');
  });

  it('asks a server that did not answer again at the next re-scan', async () => {
    const root = tempFolder();
    write(root, 'b.future');
    const askExtensions = vi.fn(async () => (askExtensions.mock.calls.length < 3 ? undefined : ['.future']));
    const { finds } = watchWorld([root], { askExtensions, rescanMs: 30 });
    await finds('b.future');
  });

  it('leaves out small files until they have grown', async () => {
    const root = tempFolder();
    write(root, ['a.jpg', '12'], ['b.jpg', '123']);
    const { finds } = watchWorld([root], { minBytes: 3 });
    await finds('b.jpg');
    appendFileSync(join(root, 'a.jpg'), '3');
    await finds('a.jpg', 'b.jpg');
  });

  it('counts files that are too large, says each once and finds them when they shrink', async () => {
    const root = tempFolder();
    write(root, ['a.mp4', '1234'], ['b.mp4', '123'], ['x/c.mp4', '12345']);
    const { watch, finds, problems, settled } = watchWorld([root], { maxBytes: 3 });
    await finds('b.mp4');
    await settled();
    expect(watch.report().tooLarge).toBe(2);
    appendFileSync(join(root, 'a.mp4'), '5');
    watch.rescan();
    await settled();
    rmSync(join(root, 'x'), { recursive: true });
    writeFileSync(join(root, 'a.mp4'), '1');
    await finds('a.mp4', 'b.mp4');
    await until(() => expect(watch.report().tooLarge).toBe(0));
    expect(problems.filter(({ kind }) => kind === 'too-large')).toHaveLength(2);
    expect(problems).toContainEqual({ kind: 'too-large', path: join(root, 'a.mp4'), detail: '4' });
  });

  it.each([
    'with blank.jpg',
    `quotes '" .jpg`,
    '100%25.jpg',
    '😀🎉.jpg',
    'line\nbreak.jpg',
    'back\\slash.jpg',
    '$(rm).jpg',
    'e\u0301 and \u00e9.jpg',
    'replacement \ufffd.jpg',
    `${'x'.repeat(251)}.jpg`,
  ])('takes the name %j', async (name) => {
    const root = tempFolder();
    write(root, name);
    const { found, finds, settled } = watchWorld([root]);
    await settled();
    write(root, `sub/${name}`);
    await finds(name, `sub/${name}`);
    for (const { path } of found) expect(existsSync(path)).toBe(true);
  });
});

describe('commands', () => {
  it('pass nothing on while paused, and lose nothing', async () => {
    const root = tempFolder();
    write(root, 'a.jpg');
    const { watch, finds, settled } = watchWorld([root], { rescanMs: 30 });
    await settled();
    watch.pause();
    watch.pause();
    write(root, 'b.jpg', 'new/c.jpg');
    watch.rescan();
    expect(watch.report().state).toBe('paused');
    await new Promise((resolve) => setTimeout(resolve, 0));
    await finds('a.jpg');
    watch.resume();
    await finds('a.jpg', 'b.jpg', 'new/c.jpg');
    await settled();
  });

  it('hold back also what was just being looked at', async () => {
    const root = tempFolder();
    write(root, ...Array.from({ length: 100 }, (_, at) => `${at}.jpg`));
    const world = watchWorld([root], {
      io: {
        ...realFolderIo,
        lstat: ((...args: Parameters<typeof realFolderIo.lstat>) => {
          world.watch.pause();
          return realFolderIo.lstat(...args);
        }) as typeof realFolderIo.lstat,
      },
    });
    await until(() => expect(world.watch.report().state).toBe('paused'));
    expect(world.found).toEqual([]);
    await until(() => {
      world.watch.resume();
      expect(new Set(world.names()).size).toBe(100);
    });
    expect(world.found).toHaveLength(100);
  });

  it('open no folder while paused, so that a drive can be taken out', async () => {
    const root = tempFolder();
    let probes = 0;
    let listings = 0;
    const io = {
      ...realFolderIo,
      stat: ((...args: Parameters<typeof realFolderIo.stat>) => {
        probes++;
        return realFolderIo.stat(...args);
      }) as typeof realFolderIo.stat,
      opendir: ((...args: Parameters<typeof realFolderIo.opendir>) => {
        listings++;
        return realFolderIo.opendir(...args);
      }) as typeof realFolderIo.opendir,
    };
    const { watch, finds, settled } = watchWorld([root], { io });
    await settled();
    watch.pause();
    const before = { probes, listings };
    write(root, 'a.jpg');
    watch.rescan();
    await until(() => expect(probes).toBeGreaterThan(before.probes + 3));
    expect(listings).toBe(before.listings);
    watch.resume();
    await finds('a.jpg');
  });

  it('find anew all that lies there', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'x/b.jpg');
    const { watch, finds, settled } = watchWorld([root]);
    await settled();
    watch.rescan(true);
    await finds('a.jpg', 'a.jpg', 'x/b.jpg', 'x/b.jpg');
  });

  it('tell of their end once all is found, and of nothing else', async () => {
    const root = tempFolder();
    write(root, 'a.jpg', 'x/b.jpg');
    const { watch, finds, readyAt } = watchWorld([root]);
    await until(() => expect(readyAt).toEqual([2]));
    write(root, 'c.jpg');
    await finds('a.jpg', 'c.jpg', 'x/b.jpg');
    watch.rescan();
    await until(() => expect(readyAt).toEqual([2, 3]));
  });

  it('show as scanning, each folder by itself', async () => {
    const root = tempFolder();
    const { watch } = watchWorld([root, join(root, 'none')]);
    const states = () => watch.report().folders.map(({ state }) => state);
    await until(() => expect(states()).toEqual(['watching', 'missing']));
    watch.rescan();
    expect([watch.report().state, ...states()]).toEqual(['scanning', 'scanning', 'missing']);
    await until(() => expect(states()).toEqual(['watching', 'missing']));
  });
});

describe('polling', () => {
  it('finds new files, new folders and what was removed and came back, without a watch', async () => {
    const root = tempFolder();
    write(root, 'x/a.jpg');
    const { finds, settled } = watchWorld([root], { isPolling: true });
    await settled();
    expect(inotifyWatches()).toBe(0);
    write(root, 'x/b.jpg', 'new/deep/c.jpg');
    await finds('x/a.jpg', 'x/b.jpg', 'new/deep/c.jpg');
    write(root, 'new/deep/d.jpg');
    await finds('x/a.jpg', 'x/b.jpg', 'new/deep/c.jpg', 'new/deep/d.jpg');
  });

  it('finds a file that grew at the re-scan', async () => {
    const root = tempFolder();
    write(root, 'x/a.mp4');
    const { finds, settled } = watchWorld([root], { isPolling: true, rescanMs: 100 });
    await settled();
    appendFileSync(join(root, 'x/a.mp4'), 'more');
    await finds('x/a.mp4', 'x/a.mp4');
  });
});

describe('the end', () => {
  it.each([false, true])('leaves nothing behind (polling: %s)', async (isPolling) => {
    const root = tempFolder();
    write(root, ...Array.from({ length: 30 }, (_, at) => `x${at}/a.jpg`));
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const timersBefore = timers();
    const { watch, stop, settled, found } = watchWorld([root], { isPolling });
    await settled();
    expect(inotifyWatches()).toBe(isPolling ? 0 : 31);
    stop.abort();
    await watch.ended;
    expect(inotifyWatches()).toBe(0);
    expect(timers()).toBeLessThanOrEqual(timersBefore);
    const count = found.length;
    write(root, 'late.jpg', 'x1/late.jpg');
    watch.rescan(true);
    watch.resume();
    watch.forget([join(root, 'x1/a.jpg')]);
    await until(() => expect(process.getActiveResourcesInfo()).not.toContain('FSEventWrap'));
    expect(found).toHaveLength(count);
  });

  it('comes at once, also in the middle of a scan and while paused', async () => {
    const root = tempFolder();
    write(root, ...Array.from({ length: 200 }, (_, at) => `x${at}/a.jpg`));
    const scanning = watchWorld([root]);
    await until(() => expect(scanning.found.length).toBeGreaterThan(0));
    scanning.stop.abort();
    await scanning.watch.ended;
    expect(scanning.found.length).toBeLessThan(200);
    const paused = watchWorld([root]);
    paused.watch.pause();
    paused.stop.abort();
    await paused.watch.ended;
    expect(paused.found).toEqual([]);
  });
});

/** Writes files beside the watched folder and gives the path of the first. */
function outside(root: string, ...files: [string, ...string[]]): string {
  const folder = join(root, '../outside');
  write(folder, ...files);
  return join(folder, files[0]);
}

/** The watches that this process holds, as Linux counts them. */
function inotifyWatches(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    try {
      count += readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
        .split('\n')
        .filter((line) => /^inotify/.test(line)).length;
    } catch {
      // Closed since it was listed.
    }
  }
  return count;
}

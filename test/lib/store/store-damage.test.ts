import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLevel } from '../../../lib/store/level-database.js';
import { projectRoot } from '../../support/node-red-process.js';
import { all, archivedFile, type StoreWorld, storeWorld } from '../../support/store-world.js';
import { tempFolder } from '../../support/world.js';

const SERVER = 'server';
const COUNT = 2_000;
const path = (index: number) => `/photos/${index}.jpg`;

/** A store of 2,000 files, all of them in a table of LevelDB and none in its journal. */
async function filledStore(): Promise<StoreWorld> {
  const world = storeWorld();
  for (let index = 0; index < COUNT; index++) world.store.noteUploaded(SERVER, archivedFile(path(index)));
  await world.store.close();
  const level = await openLevel(world.folder);
  await (level as unknown as { compactRange(a: string, b: string): Promise<void> }).compactRange('a', 'z');
  await level.close();
  return world;
}

const named = (folder: string, pattern: RegExp) =>
  readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));

function each(files: string[], damage: (file: string) => void): void {
  for (const file of files) damage(file);
}

function flip(files: string[], every: number): void {
  for (const file of files) {
    const bytes = readFileSync(file);
    for (let at = every >> 1; at < bytes.length; at += every) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
  }
}

/** Reads all of it and writes something, as a working day does. */
async function use({ store }: StoreWorld): Promise<void> {
  await all(store.files(SERVER));
  store.noteUploaded(SERVER, archivedFile('/photos/new.jpg'));
  await store.flush();
}

describe('a damaged store is set aside, said aloud, and a new one works', () => {
  it.each<[string, (folder: string) => void]>([
    ['CURRENT is gone', (folder) => rmSync(join(folder, 'CURRENT'))],
    ['CURRENT is empty', (folder) => writeFileSync(join(folder, 'CURRENT'), '')],
    ['CURRENT is garbage', (folder) => writeFileSync(join(folder, 'CURRENT'), 'garbage')],
    ['the manifest is gone', (folder) => each(named(folder, /^MANIFEST/), (file) => rmSync(file))],
    [
      'the manifest is cut off',
      (folder) => each(named(folder, /^MANIFEST/), (file) => truncateSync(file, 20)),
    ],
    ['bytes of the manifest flipped', (folder) => flip(named(folder, /^MANIFEST/), 16)],
    ['a table is gone', (folder) => each(named(folder, /ldb$/), (file) => rmSync(file))],
    ['a table is cut off', (folder) => each(named(folder, /ldb$/), (file) => truncateSync(file, 1_000))],
    ['a table is empty', (folder) => each(named(folder, /ldb$/), (file) => truncateSync(file, 0))],
    ['bytes of a table flipped', (folder) => flip(named(folder, /ldb$/), 500)],
    [
      'a file is in its place',
      (folder) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, 'a file');
      },
    ],
  ])('%s', async (_, damage) => {
    const filled = await filledStore();
    damage(filled.folder);
    const world = await filled.reopen();
    await use(world);
    const next = await world.reopen();
    expect(await next.store.file(SERVER, '/photos/new.jpg')).toBeDefined();
    expect(next.problems).toEqual([]);
    expect(world.problems).toMatchObject([{ kind: 'damaged' }]);
    const [aside] = named(dirname(filled.folder), /^store-damaged-\d{17}$/);
    expect(world.problems[0]?.message).toContain(`set aside as "${aside}"`);
  });

  it('keeps the two newest of them', async () => {
    const world = storeWorld();
    for (const day of ['20200101', '20200102']) mkdirSync(`${world.folder}-damaged-${day}000000000`);
    writeFileSync(world.folder, 'a file');
    await use(world);
    expect(named(dirname(world.folder), /damaged/)).toHaveLength(2);
    expect(named(dirname(world.folder), /damaged-20200101/)).toEqual([]);
  });
});

it('a bit that fell over in a record makes that record forgotten, and is said', async () => {
  const { folder, store } = storeWorld();
  store.noteUploaded(SERVER, archivedFile(path(1)));
  store.noteUploaded(SERVER, archivedFile(path(2)));
  await store.close();
  const level = await openLevel(folder);
  const key = `f${SERVER}\0${path(1)}`;
  const [value = ''] = await level.getMany([key]);
  await level.batch([{ type: 'put', key, value: value.replace('1700000000123', '1700000000122') }]);
  await level.close();
  const world = storeWorld({}, folder);
  expect(await world.store.file(SERVER, path(1))).toBeUndefined();
  expect(await world.store.file(SERVER, path(2))).toBeDefined();
  expect(world.problems).toMatchObject([{ kind: 'damaged', message: expect.stringMatching(/is forgotten/) }]);
});

it('a journal with flipped bytes loses records, is said, and the rest stays', async () => {
  const world = storeWorld();
  for (let index = 0; index < 500; index++) world.store.noteUploaded(SERVER, archivedFile(path(index)));
  await world.store.close();
  for (const file of named(world.folder, /^\d+\.log$/)) {
    const bytes = readFileSync(file);
    bytes[40_000] = (bytes[40_000] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
  }
  const next = await world.reopen();
  await use(next);
  expect(next.problems).toMatchObject([{ kind: 'damaged' }]);
});

describe('a full disk', () => {
  it('is said once, forgets what does not fit, and is over when there is room again', async () => {
    let isFull = true;
    const full = () =>
      Object.assign(new Error('IO error: /x: No space left on device'), { code: 'LEVEL_IO_ERROR' });
    const open = async (folder: string) => {
      const level = await openLevel(folder);
      const batch = level.batch.bind(level);
      return Object.assign(level, {
        batch: (changes: Parameters<typeof batch>[0]) => (isFull ? Promise.reject(full()) : batch(changes)),
      });
    };
    const world = storeWorld({ open, againMs: 0 });
    const { store, problems } = world;
    for (let index = 0; index < 3; index++) {
      store.noteUploaded(SERVER, archivedFile(path(index)));
      await store.flush();
    }
    expect(problems).toMatchObject([{ kind: 'unusable', message: expect.stringMatching(/No space left/) }]);
    // What waits to be written is known all the same.
    expect(await store.file(SERVER, path(0))).toBeDefined();
    isFull = false;
    await store.flush();
    const next = await world.reopen({});
    expect(await next.store.file(SERVER, path(2))).toBeDefined();
  });

  const mountTiny = (folder: string) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]).status === 0;

  it('a real one', async ({ skip }) => {
    const disk = tempFolder();
    if (!mountTiny(disk)) skip('needs the right to mount a small disk');
    onTestFinished(() => void spawnSync('umount', ['-l', disk]));
    const world = storeWorld({ againMs: 0 }, join(disk, 'store'));
    const { store, problems } = world;
    const ballast = join(disk, 'ballast');
    store.noteUploaded(SERVER, archivedFile(path(0)));
    await store.flush();
    for (let size = 65_536; size >= 512; size /= 2) {
      try {
        for (let part = 0; ; part++) writeFileSync(`${ballast}-${size}-${part}`, Buffer.alloc(size));
      } catch {
        // Full: on with smaller pieces.
      }
    }
    for (let index = 1; index < 400; index++) store.noteUploaded(SERVER, archivedFile(path(index)));
    await store.flush();
    await store.flush();
    expect(problems.map(({ kind }) => kind)).toEqual(['unusable']);
    for (const file of named(disk, /^ballast/)) rmSync(file);
    await store.flush();
    const next = await world.reopen();
    for (const index of [0, 1, 399]) expect(await next.store.file(SERVER, path(index))).toBeDefined();
    expect(next.problems).toEqual([]);
  });

  it('for days costs no more memory than 10,000 changes', async () => {
    const failing = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    const { store } = storeWorld({ open: failing });
    for (let index = 0; index < 12_000; index++) store.forgetFile(SERVER, path(index));
    for (let index = 0; index < 9_000; index++) store.noteFailed('n', failureOf(path(index)));
    store.noteFailed('n', failureOf('/last'));
    expect((await store.recall(SERVER, 'n', failureOf('/last'))).failure).toBeDefined();
    for (let index = 0; index < 10_000; index++) store.forgetFile(SERVER, path(index));
    expect((await store.recall(SERVER, 'n', failureOf('/last'))).failure).toBeUndefined();
  });
});

function failureOf(of: string) {
  const said = { kind: 'rejected', sentence: 'no', attempts: 1, at: 'now', isDismissed: false };
  return { path: of, sizeBytes: 1, mtimeMs: 1, ...said };
}

it('a second program with the same folder gets a sentence and works without', async () => {
  const first = storeWorld();
  first.store.noteUploaded(SERVER, archivedFile(path(1)));
  await first.store.flush();
  const second = storeWorld({ againMs: 0 }, first.folder);
  expect(await second.store.file(SERVER, path(1))).toBeUndefined();
  second.store.noteUploaded(SERVER, archivedFile(path(2)));
  await second.store.flush();
  expect(second.problems).toMatchObject([
    { kind: 'locked', message: expect.stringMatching(/own user directory/) },
  ]);
  // The first one ends; the second takes over with what it has in hand.
  await first.store.close();
  await second.store.flush();
  expect(await second.store.file(SERVER, path(1))).toBeDefined();
  expect(await second.store.file(SERVER, path(2))).toBeDefined();
});

it('kill -9 in the middle of writing costs the newest changes alone, and nothing is called damaged', async () => {
  const folder = join(tempFolder(), 'store');
  for (let round = 0; round < 3; round++) {
    const script = `
      import { openFileStore } from './lib/store/file-store.js';
      const store = openFileStore({ folder: ${JSON.stringify(folder)}, onProblem: (problem) => console.log('PROBLEM', problem.message), everyMs: 5 });
      const file = { sizeBytes: 1, mtimeMs: 1, ctimeMs: 1, sha1: 'a'.repeat(40) };
      for (let index = 0; ; index++) {
        store.noteSeen('server', '/photos/${round}-' + index, file);
        if (index % 100 === 0) { await store.flush(); console.log(index); }
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(projectRoot, 'dist'),
    });
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
      if (said.split('\n').length > 50) child.kill('SIGKILL');
    });
    await once(child, 'close');
    expect(said).not.toContain('PROBLEM');
    const lastWritten = Number(said.split('\n').findLast((line) => /^\d+$/.test(line)));
    const world = storeWorld({}, folder);
    expect(await world.store.file('server', `/photos/${round}-${lastWritten}`)).toBeDefined();
    expect(await world.store.file('server', '/photos/0-0')).toBeDefined();
    await world.store.close();
    expect(world.problems).toEqual([]);
  }
});

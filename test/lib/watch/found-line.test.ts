import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FolderIndex } from '../../../lib/watch/folder-index.js';
import { FoundLine } from '../../../lib/watch/found-line.js';
import { until, watchWorld, write } from '../../support/watched-world.js';
import { tempFolder } from '../../support/world.js';

/** A watched folder whose files have room for so many on their way, counted as the world counts what it found. */
function narrowWorld(files: readonly string[], places: number) {
  const root = tempFolder();
  write(root, ...files);
  const way = { places, gone: 0 };
  const room = () => way.places - (world.found.length - way.gone);
  const world = watchWorld([root], { room });
  const waiting = () => world.watch.report().folders[0]?.waiting;
  return { ...world, root, way, waiting };
}

const names = (count: number, folder = '') => Array.from({ length: count }, (_, at) => `${folder}${at}.jpg`);

it('keeps files back while there is no room, knows them all the same, and passes each on once', async () => {
  const { settled, waiting, watch, way, found, finds } = narrowWorld(names(100), 30);
  await settled();
  await until(() => expect([found.length, waiting()]).toEqual([30, 70]));
  expect(watch.report().folders[0]).toMatchObject({ state: 'watching', fileCount: 100 });
  way.gone += 20;
  await until(() => expect([found.length, waiting()]).toEqual([50, 50]));
  watch.rescan();
  way.places = 1_000;
  await finds(...names(100));
  expect(waiting()).toBe(0);
});

it('says of a file that was kept back how long it stood still, and of others nothing', async () => {
  const { settled, way, found, root } = narrowWorld(['a.jpg', 'b.jpg'], 1);
  await settled();
  const began = performance.now();
  await until(() => expect(performance.now() - began).toBeGreaterThan(100));
  way.places = 2;
  await until(() => expect(found).toHaveLength(2));
  expect(found[0]).not.toHaveProperty('unchangedMs');
  expect(found[1]?.unchangedMs).toBeGreaterThanOrEqual(100);
  const { size, mtimeMs } = statSync(join(root, found[1]?.relativePath ?? ''));
  expect(found[1]).toMatchObject({ sizeBytes: size, mtimeMs });
  expect(Date.parse(found[1]?.foundAt ?? '')).toBeLessThanOrEqual(Date.now() - 100);
});

it('passes on the newest version of a file that changed meanwhile, and none of one that is gone', async () => {
  const { settled, waiting, way, found, root } = narrowWorld(['a.jpg', 'b.jpg', 'c.jpg'], 0);
  await settled();
  await until(() => expect(waiting()).toBe(3));
  writeFileSync(join(root, 'b.jpg'), 'much longer than before');
  rmSync(join(root, 'c.jpg'));
  await until(() => expect(waiting()).toBe(2));
  await new Promise((resolve) => setTimeout(resolve, 0));
  way.places = 10;
  await until(() => expect(found.some(({ sizeBytes }) => sizeBytes === 23)).toBe(true));
  expect(found.map(({ relativePath }) => relativePath).sort()).toContain('a.jpg');
  expect(found.map(({ relativePath }) => relativePath)).not.toContain('c.jpg');
});

it('lets folders take turns, so that a full one holds up no other', async () => {
  const { settled, waiting, way, found } = narrowWorld([...names(500, 'card/'), ...names(2, 'phone/')], 0);
  await settled();
  await until(() => expect(waiting()).toBe(502));
  way.places = 40;
  await until(() => expect(found).toHaveLength(40));
  expect(found.filter(({ relativePath }) => relativePath.startsWith('phone'))).toHaveLength(2);
});

it('forgets what waits in a folder that goes', async () => {
  const { settled, waiting, root, watch, finds, way } = narrowWorld(names(5, 'card/'), 0);
  await settled();
  await until(() => expect(waiting()).toBe(5));
  rmSync(join(root, 'card'), { recursive: true });
  await until(() => expect(waiting()).toBe(0));
  write(root, ...names(3, 'card/'));
  await until(() => expect(waiting()).toBe(3));
  watch.rescan(true);
  way.places = 10;
  await finds(...names(3, 'card/'));
});

describe('files that belong together', () => {
  const groups = (count: number) =>
    Array.from({ length: count }, (_, at) => [`${at}.jpg`, `${at}.MOV`, `${at}.jpg.xmp`]).flat();

  it('are never parted by the room', async () => {
    const { settled, waiting, way, found } = narrowWorld(groups(50), 10);
    await settled();
    await until(() => expect(waiting()).toBeLessThanOrEqual(150 - 10));
    way.places = 40;
    await until(() => expect(found.length).toBeGreaterThanOrEqual(40));
    const bases = found.map(({ relativePath }) => relativePath.split('.')[0]);
    for (const base of bases) expect(bases.filter((other) => other === base)).toHaveLength(3);
    expect(bases.length).toBeLessThanOrEqual(42);
  });

  it('go out together although they came one by one', async () => {
    const { settled, waiting, way, found, root } = narrowWorld(names(20), 0);
    await settled();
    await until(() => expect(waiting()).toBe(20));
    write(root, '0.xmp', '1.mov');
    await until(() => expect(waiting()).toBe(22));
    way.places = 1;
    await until(() => expect(found.length).toBeGreaterThan(0));
    way.places = 6;
    await until(() => expect(found.length).toBeGreaterThanOrEqual(6));
    const told = found.map(({ relativePath }) => relativePath);
    expect(told.indexOf('0.xmp')).toBe(told.indexOf('0.jpg') + 1);
    expect(told.indexOf('1.mov')).toBe(told.indexOf('1.jpg') + 1);
  });

  it('a sidecar that was there before its photo comes once more with it', async () => {
    const { finds, found, root, watch } = narrowWorld(['a.xmp', 'b.jpg'], 100);
    await finds('a.xmp', 'b.jpg');
    expect(watch.report().folders[0]?.fileCount).toBe(1);
    write(root, 'a.jpg');
    await until(() => expect(found).toHaveLength(4));
    expect(found.map(({ relativePath }) => relativePath).slice(2)).toEqual(['a.jpg', 'a.xmp']);
    expect(watch.report().folders[0]?.fileCount).toBe(2);
  });

  it('the same when nothing else came in between', () => {
    const index = new FolderIndex();
    const folder = index.put('/photos', 'one');
    const found: string[] = [];
    let nowMs = 0;
    const line = new FoundLine({
      root: '/photos',
      index,
      filter: { maxBytes: Number.POSITIVE_INFINITY, isFollowingLinks: false },
      room: () => 10,
      isScanning: () => false,
      gate: async () => undefined,
      signal: new AbortController().signal,
      onFound: ({ relativePath }) => found.push(relativePath),
      onChange: () => undefined,
      now: () => new Date(),
      clock: () => nowMs,
    });
    const add = (name: string, atMs: number) => {
      nowMs = atMs;
      index.setVersion(folder, name, '1:1');
      line.add(folder, name);
    };
    add('a.xmp', 0);
    add('a.jpg', 10_000);
    expect(found).toEqual(['a.xmp', 'a.jpg', 'a.xmp']);
    // In one look they come together anyway.
    add('b.xmp', 20_000);
    add('b.jpg', 20_001);
    expect(found.slice(3)).toEqual(['b.xmp', 'b.jpg']);
  });
});

describe('while the first look at everything goes on', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A line to which one file came while there was no room; now there is some. */
  function waitingLine() {
    const { found, state, add } = scanningLine(0);
    add('a.jpg');
    state.room = 10;
    return { found, state };
  }

  function scanningLine(room: number) {
    const index = new FolderIndex();
    const folder = index.put('/photos', 'one');
    const found: string[] = [];
    const state = { isScanning: true, room };
    const stop = new AbortController();
    const line = new FoundLine({
      root: '/photos',
      index,
      filter: { maxBytes: Number.POSITIVE_INFINITY, isFollowingLinks: false },
      room: () => state.room,
      isScanning: () => state.isScanning,
      gate: async () => undefined,
      signal: stop.signal,
      onFound: ({ path }) => found.push(path),
      onChange: () => undefined,
      now: () => new Date(),
    });
    const add = (name: string) => {
      index.setVersion(folder, name, '1:2');
      line.add(folder, name);
    };
    onTestFinished(() => stop.abort());
    return { found, state, add };
  }

  it('only the first ones go before its end, however much room there is', async () => {
    const { found, state, add } = scanningLine(1_000);
    for (const name of names(300)) add(name);
    expect(found).toHaveLength(256);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(found).toHaveLength(256);
    state.isScanning = false;
    await vi.advanceTimersByTimeAsync(200);
    expect(found).toHaveLength(300);
    add('later.jpg');
    expect(found).toHaveLength(301);
  });

  it('files that wait go after it', async () => {
    const { found, state } = waitingLine();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(found).toEqual([]);
    state.isScanning = false;
    await vi.advanceTimersByTimeAsync(200);
    expect(found).toEqual(['/photos/a.jpg']);
  });

  it('they do not wait for a share that takes for ever', async () => {
    const { found, add } = scanningLine(1_000);
    for (const name of names(300)) add(name);
    await vi.advanceTimersByTimeAsync(10_200);
    expect(found).toHaveLength(300);
    add('later.jpg');
    expect(found).toHaveLength(301);
  });
});

it('passes on nothing that waits while paused', async () => {
  const { settled, waiting, way, found, watch } = narrowWorld(names(5), 0);
  await settled();
  await until(() => expect(waiting()).toBe(5));
  watch.pause();
  way.places = 10;
  expect(watch.keptBack(watch.report().folders[0]?.path ?? '')).toBe(0);
  watch.resume();
  await until(() => expect(found).toHaveLength(5));
});

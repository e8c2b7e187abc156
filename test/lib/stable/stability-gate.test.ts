import { appendFile, copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FoundFile } from '../../../lib/media-file.js';
import {
  createStabilityGate,
  type StabilityError,
  type StabilityGateOptions,
} from '../../../lib/stable/stability-gate.js';
import type { VideoStructure } from '../../../lib/stable/video-structure.js';
import { fixturePath, writeCut } from '../../support/fixtures.js';

const HOUR = 3_600_000;
const found = (path: string, sizeBytes = 0, mtimeMs = 0): FoundFile => ({
  path,
  folder: dirname(path),
  relativePath: path,
  sizeBytes,
  mtimeMs,
  foundAt: '2026-01-01T00:00:00.000Z',
});
const codeOf = (error: unknown) => (error as StabilityError).code;

let closing: AbortController;
beforeEach(() => {
  closing = new AbortController();
});
afterEach(() => {
  closing.abort();
  vi.useRealTimers();
});

describe('with time in hand', () => {
  /** Files as the gate sees them: the test writes, the gate looks. */
  const disk = new Map<string, { size: number; mtimeMs: number; code?: string; isFolder?: boolean }>();
  const looks: string[] = [];

  const failure = (code: string) => Object.assign(new Error(code), { code });
  const statDisk = async (path: string) => {
    looks.push(path);
    const entry = disk.get(path);
    if (entry === undefined) throw failure('ENOENT');
    if (entry.code !== undefined) throw failure(entry.code);
    return { size: entry.size, mtimeMs: entry.mtimeMs, isFile: () => entry.isFolder !== true };
  };
  const write = (path: string, size: number) => disk.set(path, { size, mtimeMs: performance.now() + 1 });
  const makeGate = (options: Partial<StabilityGateOptions> = {}) =>
    createStabilityGate({
      signal: closing.signal,
      stat: statDisk,
      checkVideo: async () => ({ isWhole: true }),
      ...options,
    });
  /** Follows a promise without waiting for it. */
  const follow = <Result>(promise: Promise<Result>) => {
    const state: { result?: Result; error?: unknown; isOver: boolean } = { isOver: false };
    promise.then(
      (result) => Object.assign(state, { result, isOver: true }),
      (error: unknown) => Object.assign(state, { error, isOver: true }),
    );
    return state;
  };
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    disk.clear();
    looks.length = 0;
  });

  it('a file that stands still is stable after the quiet time, with what was seen last', async () => {
    write('/a.jpg', 10);
    const file = { ...found('/a.jpg'), companions: ['/a.xmp'] };
    const wait = follow(makeGate().waitFor(file));
    await pass(4_900);
    expect(wait.isOver).toBe(false);
    await pass(2_100);
    const { mtimeMs } = disk.get('/a.jpg')!;
    expect(wait.result).toEqual({
      ...file,
      sizeBytes: 10,
      hasVideoCheck: true,
      mtimeMs,
      stableAt: expect.any(String),
      quietMs: 5_000,
    });
    expect(Date.parse(wait.result?.stableAt ?? '')).not.toBeNaN();
  });

  it('what the message says of size and mtime is the first look: one look at the disk is enough', async () => {
    write('/a.jpg', 10);
    const wait = follow(makeGate().waitFor(found('/a.jpg', 10, disk.get('/a.jpg')!.mtimeMs)));
    await pass(6_000);
    expect(wait.result?.sizeBytes).toBe(10);
    expect(looks).toEqual(['/a.jpg']);
  });

  it('a large file waits for longer', async () => {
    write('/a.jpg', 200 * 1_024 * 1_024);
    const wait = follow(makeGate().waitFor(found('/a.jpg')));
    await pass(29_000);
    expect(wait.isOver).toBe(false);
    await pass(4_000);
    expect(wait.result?.quietMs).toBe(30_000);
  });

  it('a growing file starts anew with each change, whatever its pace', async () => {
    write('/a.jpg', 1);
    const wait = follow(makeGate().waitFor(found('/a.jpg')));
    for (let size = 2; size < 40; size++) {
      await pass(4_000);
      write('/a.jpg', size);
    }
    await pass(4_000);
    expect(wait.isOver).toBe(false);
    await pass(8_000);
    expect(wait.result?.sizeBytes).toBe(39);
  });

  it('the time of day does not matter: a clock that jumps at boot makes no file stable', async () => {
    for (const path of ['/early.jpg', '/late.jpg']) write(path, 1);
    const gate = makeGate();
    const { mtimeMs } = disk.get('/early.jpg')!;
    const early = follow(gate.waitFor(found('/early.jpg', 1, mtimeMs)));
    await pass(3_000);
    const late = follow(gate.waitFor(found('/late.jpg', 1, mtimeMs)));
    await pass(1_000);
    vi.setSystemTime(Date.now() + 30 * HOUR);
    await pass(2_000);
    expect([early.isOver, late.isOver]).toEqual([true, false]);
    await pass(3_000);
    expect(late.result?.path).toBe('/late.jpg');
  });

  it('a file that vanishes ends its wait', async () => {
    write('/a.jpg', 1);
    const wait = follow(makeGate().waitFor(found('/a.jpg')));
    await pass(2_000);
    disk.clear();
    await pass(8_000);
    expect(codeOf(wait.error)).toBe('vanished');
    expect(String(wait.error)).toBe('"/a.jpg" is no longer there.');
  });

  it('a folder is no file', async () => {
    disk.set('/a', { size: 4_096, mtimeMs: 1, isFolder: true });
    const wait = follow(makeGate().waitFor(found('/a')));
    await pass(2_000);
    expect(codeOf(wait.error)).toBe('unreadable');
    expect(String(wait.error)).toMatch(/"\/a" is not a file/);
  });

  it('an empty file is never stable: it is given up after an hour, or filled before', async () => {
    write('/empty.jpg', 0);
    write('/late.jpg', 0);
    const gate = makeGate();
    const empty = follow(gate.waitFor(found('/empty.jpg')));
    const late = follow(gate.waitFor(found('/late.jpg')));
    await pass(HOUR - 60_000);
    write('/late.jpg', 7);
    expect([empty.isOver, late.isOver]).toEqual([false, false]);
    await pass(150_000);
    expect(codeOf(empty.error)).toBe('incomplete');
    expect(String(empty.error)).toMatch(/is empty \(0 bytes\) and has not changed for 60 minutes/);
    expect(late.result?.sizeBytes).toBe(7);
  });

  it('an empty file goes on as it is where that was asked for, at the latest when it would be given up', async () => {
    for (const path of ['/a.xmp', '/b.xmp', '/late.xmp']) write(path, 0);
    const [gate, soon] = [makeGate(), makeGate({ rules: { giveUpMs: 30_000 } })];
    const a = follow(gate.waitFor(found('/a.xmp'), { emptyMs: 60_000 }));
    const late = follow(gate.waitFor(found('/late.xmp'), { emptyMs: 60_000 }));
    const b = follow(soon.waitFor(found('/b.xmp'), { emptyMs: 60_000 }));
    await pass(31_000);
    write('/late.xmp', 0);
    expect([a.isOver, b.result?.sizeBytes]).toEqual([false, 0]);
    await pass(30_000);
    expect([a.result?.sizeBytes, late.isOver]).toEqual([0, false]);
    gate.letGo('/late.xmp');
    await pass(1);
    expect([codeOf(late.error), gate.waitingCount]).toEqual(['superseded', 0]);
  });

  it('a file that cannot be read is said once and tried again for as long as it takes', async () => {
    disk.set('/a.jpg', { size: 1, mtimeMs: 1, code: 'EACCES' });
    disk.set('/b.jpg', { size: 1, mtimeMs: 1, code: 'ESTALE' });
    const told: string[] = [];
    const gate = makeGate({ onNotWhole: ({ path }, reason) => told.push(`${path}: ${reason}`) });
    const [a, b] = [follow(gate.waitFor(found('/a.jpg'))), follow(gate.waitFor(found('/b.jpg')))];
    await pass(HOUR / 2);
    disk.set('/b.jpg', { size: 1, mtimeMs: 1 });
    await pass(100_000);
    expect(b.result?.path).toBe('/b.jpg');
    expect(a.isOver).toBe(false);
    await pass(3 * HOUR);
    expect(a.isOver).toBe(false);
    expect(told).toEqual(['/a.jpg: it cannot be read (EACCES)', '/b.jpg: it cannot be read (ESTALE)']);
    disk.set('/a.jpg', { size: 1, mtimeMs: 1 });
    await pass(150_000);
    expect(a.result?.path).toBe('/a.jpg');
  });

  it('a video that is not whole waits, says why once, and is given up with that reason', async () => {
    write('/a.mp4', 10);
    const told: string[] = [];
    const checkVideo = vi.fn(
      async (): Promise<VideoStructure> => ({ isWhole: false, reason: 'moov is missing' }),
    );
    const gate = makeGate({ checkVideo, onNotWhole: ({ path }, reason) => told.push(`${path}: ${reason}`) });
    const wait = follow(gate.waitFor(found('/a.mp4')));
    await pass(HOUR / 2);
    expect([gate.waitingCount, gate.unfinishedCount]).toEqual([1, 1]);
    expect(told).toEqual(['/a.mp4: moov is missing']);
    expect(checkVideo).toHaveBeenCalledOnce();
    await pass(HOUR / 2 + 10_000);
    expect(codeOf(wait.error)).toBe('incomplete');
    expect(String(wait.error)).toMatch(
      /"\/a.mp4" is not a whole video: moov is missing. It has not changed for 60/,
    );
    expect([gate.waitingCount, gate.unfinishedCount]).toEqual([0, 0]);
  });

  it('a video whose rest arrives goes on; each change puts the giving up off', async () => {
    write('/a.mp4', 10);
    const checkVideo = async (): Promise<VideoStructure> =>
      disk.get('/a.mp4')!.size === 30 ? { isWhole: true } : { isWhole: false, reason: 'cut' };
    const gate = makeGate({ checkVideo });
    const wait = follow(gate.waitFor(found('/a.mp4')));
    await pass(HOUR - 120_000);
    write('/a.mp4', 20);
    await pass(HOUR - 120_000);
    expect([wait.isOver, gate.unfinishedCount]).toEqual([false, 1]);
    write('/a.mp4', 30);
    await pass(120_000);
    expect(wait.result?.sizeBytes).toBe(30);
  });

  it('videos are not checked when that is turned off, nor are photos', async () => {
    const checkVideo = async (): Promise<VideoStructure> => ({ isWhole: false, reason: 'cut' });
    const gate = makeGate({ checkVideo });
    write('/a.jpg', 1);
    write('/a.mp4', 1);
    const [photo, video] = [
      follow(gate.waitFor(found('/a.jpg'))),
      follow(gate.waitFor(found('/a.mp4'), { hasVideoCheck: false })),
    ];
    await pass(8_000);
    expect([photo.result?.path, video.result?.path]).toEqual(['/a.jpg', '/a.mp4']);
  });

  it('a path that is announced again yields one stable file, and the newer call has it', async () => {
    write('/a.jpg', 1);
    const { mtimeMs } = disk.get('/a.jpg')!;
    const gate = makeGate();
    const first = follow(gate.waitFor(found('/a.jpg', 1, mtimeMs)));
    await pass(3_000);
    const same = follow(gate.waitFor(found('/a.jpg', 1, mtimeMs)));
    await pass(100);
    expect(codeOf(first.error)).toBe('superseded');
    expect(gate.waitingCount).toBe(1);
    await pass(3_000);
    expect(same.result?.sizeBytes).toBe(1); // the same version: its time went on
  });

  it('a newer version of the path starts the time anew', async () => {
    write('/a.jpg', 1);
    const gate = makeGate();
    const first = follow(gate.waitFor(found('/a.jpg', 1, disk.get('/a.jpg')!.mtimeMs)));
    await pass(4_000);
    write('/a.jpg', 2);
    const second = follow(gate.waitFor(found('/a.jpg', 2, disk.get('/a.jpg')!.mtimeMs)));
    await pass(4_000);
    expect([codeOf(first.error), second.isOver]).toEqual(['superseded', false]);
    await pass(2_000);
    expect(second.result?.sizeBytes).toBe(2);
  });

  it('superseded while a look is under way, the older call gets nothing', async () => {
    let answer: (() => void) | undefined;
    const gate = makeGate({
      stat: async (path) => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return statDisk(path);
      },
      rules: { quietMs: 0 },
    });
    write('/a.jpg', 1);
    const { mtimeMs } = disk.get('/a.jpg')!;
    const first = follow(gate.waitFor(found('/a.jpg', 1, mtimeMs)));
    await pass(1_000);
    const second = follow(gate.waitFor(found('/a.jpg', 1, mtimeMs)));
    answer?.();
    await pass(2_000);
    expect([codeOf(first.error), second.isOver]).toEqual(['superseded', false]);
    expect(gate.waitingCount).toBe(1);
    answer?.();
    await pass(10);
    expect(second.result?.path).toBe('/a.jpg');
  });

  it('looks at a file again just when its time is over, at the pace that is set', async () => {
    write('/a.jpg', 1);
    const { mtimeMs } = disk.get('/a.jpg')!;
    await pass(333);
    const soon = follow(makeGate().waitFor(found('/a.jpg', 1, mtimeMs)));
    const later = follow(makeGate({ checkIntervalMs: 3_000 }).waitFor(found('/a.jpg', 1, mtimeMs)));
    await pass(4_990);
    expect(soon.isOver).toBe(false);
    await pass(25);
    expect([soon.isOver, later.isOver]).toEqual([true, false]);
    await pass(980);
    expect(later.isOver).toBe(false);
    await pass(25);
    expect(later.isOver).toBe(true);
  });

  it('the time that a file stood still before it was announced counts, for that version alone', async () => {
    write('/a.jpg', 1);
    const { mtimeMs } = disk.get('/a.jpg')!;
    write('/b.jpg', 2);
    const gate = makeGate();
    const a = follow(gate.waitFor({ ...found('/a.jpg', 1, mtimeMs), unchangedMs: 60_000 }));
    const b = follow(gate.waitFor({ ...found('/b.jpg', 1, mtimeMs), unchangedMs: 60_000 }));
    await pass(50);
    expect([a.isOver, b.isOver]).toEqual([true, false]);
    expect(a.result).not.toHaveProperty('unchangedMs');
    await pass(4_900);
    expect(b.isOver).toBe(false);
    await pass(200);
    expect(b.result?.sizeBytes).toBe(2);
  });

  it('tells which files only wait for their time: none that grows, is empty or cannot be read', async () => {
    for (const path of ['/new.jpg', '/growing.jpg']) write(path, 1);
    write('/empty.jpg', 0);
    disk.set('/locked.jpg', { size: 1, mtimeMs: 1, code: 'EACCES' });
    const gate = makeGate();
    const moving = () => [...gate.moving()].map(({ path }) => path);
    for (const path of ['/growing.jpg', '/empty.jpg', '/locked.jpg']) {
      const { size, mtimeMs } = disk.get(path)!;
      follow(gate.waitFor(found(path, size, mtimeMs)));
    }
    expect(moving()).toHaveLength(3);
    await pass(1_000);
    write('/growing.jpg', 2);
    await pass(4_100);
    follow(gate.waitFor(found('/new.jpg')));
    await pass(500);
    expect(moving()).toEqual(['/new.jpg']);
    follow(gate.waitFor(found('/growing.jpg', 3, 3)));
    expect(moving()).toEqual(['/new.jpg']);
  });

  it('one timer serves all files, and there is none when nothing waits', async () => {
    const gate = makeGate();
    expect(vi.getTimerCount()).toBe(0);
    const waits = [];
    for (let index = 0; index < 2_000; index++) {
      write(`/${index}.jpg`, 1);
      waits.push(follow(gate.waitFor(found(`/${index}.jpg`, 1, disk.get(`/${index}.jpg`)!.mtimeMs))));
    }
    expect(vi.getTimerCount()).toBe(1);
    await pass(7_000);
    expect(waits.every(({ result }) => result !== undefined)).toBe(true);
    expect(looks).toHaveLength(2_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('unfinished videos cost few looks: not one a second, and no second reading', async () => {
    const checkVideo = vi.fn(async (): Promise<VideoStructure> => ({ isWhole: false, reason: 'cut' }));
    const gate = makeGate({ checkVideo });
    for (let index = 0; index < 100; index++) {
      write(`/${index}.mp4`, 1);
      follow(gate.waitFor(found(`/${index}.mp4`)));
    }
    await pass(600_000);
    expect(looks.length).toBeLessThan(100 * 20);
    expect(checkVideo).toHaveBeenCalledTimes(100);
  });

  it('looks at 16 files at once and no more; a look that hangs holds up its own place alone', async () => {
    let active = 0;
    let most = 0;
    const gate = makeGate({
      stat: async (path) => {
        most = Math.max(most, ++active);
        if (path === '/hangs.jpg') await new Promise(() => {});
        await Promise.resolve();
        active--;
        return statDisk(path);
      },
    });
    write('/hangs.jpg', 1);
    const hanging = follow(gate.waitFor(found('/hangs.jpg')));
    const others = [];
    for (let index = 0; index < 500; index++) {
      write(`/${index}.jpg`, 1);
      others.push(follow(gate.waitFor(found(`/${index}.jpg`))));
    }
    await pass(10_000);
    expect(most).toBe(16);
    expect(hanging.isOver).toBe(false);
    expect(others.every(({ result }) => result !== undefined)).toBe(true);
  });

  it('an abort rejects all, stops the clock, and leaves the list for handing the files back', async () => {
    write('/a.jpg', 1);
    const gate = makeGate();
    const wait = follow(gate.waitFor(found('/a.jpg')));
    await pass(2_000);
    closing.abort(new Error('closing'));
    await pass(60_000);
    expect(wait.error).toEqual(new Error('closing'));
    expect(gate.waiting().map(({ path }) => path)).toEqual(['/a.jpg']);
    expect(vi.getTimerCount()).toBe(0);
    await expect(gate.waitFor(found('/b.jpg'))).rejects.toThrow('closing');
  });

  it('a listener that throws fails that file alone', async () => {
    write('/a.mp4', 1);
    write('/b.jpg', 1);
    const gate = makeGate({
      checkVideo: async () => ({ isWhole: false, reason: 'cut' }),
      onNotWhole: () => {
        throw new Error('listener');
      },
    });
    const [a, b] = [follow(gate.waitFor(found('/a.mp4'))), follow(gate.waitFor(found('/b.jpg')))];
    await pass(8_000);
    expect(a.error).toEqual(new Error('listener'));
    expect(b.result?.path).toBe('/b.jpg');
  });
});

describe('with real files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stability-gate-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const makeGate = (options: Partial<StabilityGateOptions> = {}) =>
    createStabilityGate({
      signal: closing.signal,
      rules: { quietMs: 150 },
      checkIntervalMs: 20,
      ...options,
    });

  it.each(['photo.jpg', 'whole.mp4', 'whole.avi', 'whole.mkv'] as const)(
    '%s becomes stable',
    async (name) => {
      const path = join(folder, name);
      await copyFile(fixturePath(name), path);
      const { size, mtimeMs } = await stat(path);
      expect(await makeGate().waitFor(found(path))).toMatchObject({
        path,
        sizeBytes: size,
        mtimeMs,
        quietMs: 150,
      });
    },
  );

  it('a truncated video waits until the rest has arrived', async () => {
    const path = await writeCut(join(folder, 'a.mp4'), 'whole.mp4', 9_000);
    const onNotWhole = vi.fn();
    const gate = makeGate({ onNotWhole });
    const waiting = gate.waitFor(found(path));
    await vi.waitFor(() => expect(onNotWhole).toHaveBeenCalled());
    expect(onNotWhole.mock.calls[0]?.[1]).toMatch(/moov/);
    await copyFile(fixturePath('whole.mp4'), path);
    expect((await waiting).sizeBytes).toBe((await stat(path)).size);
  });

  it('an empty file that is filled in is stable with its content', async () => {
    const path = join(folder, 'a.jpg');
    await writeFile(path, '');
    const gate = makeGate();
    const waiting = gate.waitFor(found(path));
    await appendFile(path, 'content');
    expect((await waiting).sizeBytes).toBe(7);
  });

  it('a folder whose name looks like a photo is refused, a missing file and a missing folder are gone', async () => {
    await mkdir(join(folder, 'a.jpg'));
    const gate = makeGate();
    const codes = ['a.jpg', 'gone.jpg', 'gone/a.jpg'].map((name) =>
      gate.waitFor(found(join(folder, name))).catch(codeOf),
    );
    expect(await Promise.all(codes)).toEqual(['unreadable', 'vanished', 'vanished']);
  });
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { type SweepOptions, sweepDaily, sweepFiles } from '../../../lib/store/sweep-files.js';
import { all, archivedFile, storeWorld } from '../../support/store-world.js';
import { tempFolder } from '../../support/world.js';

const SERVER = 'server';
const DAY_MS = 86_400_000;

function world(names: readonly string[]) {
  const folder = tempFolder();
  const first = storeWorld();
  mkdirSync(join(folder, 'trip'));
  const files = names.map((name) => {
    writeFileSync(join(folder, name), name);
    return archivedFile(join(folder, name));
  });
  for (const file of files) first.store.noteKept(SERVER, file, 'keeper');
  const close = new AbortController();
  const at = { day: 0, store: first.store };
  return {
    at,
    files,
    close,
    rm: (name: string) => rmSync(join(folder, name), { recursive: true }),
    write: (name: string) => writeFileSync(join(folder, name), name),
    sweep: (options: Partial<SweepOptions> = {}) =>
      sweepFiles({
        store: at.store,
        server: SERVER,
        signal: close.signal,
        pauseMs: 0,
        now: () => 1_700_000_000_000 + at.day * DAY_MS,
        ...options,
      }),
    async reopen() {
      at.store = (await first.reopen()).store;
    },
    known: async () =>
      (await all(at.store.files(SERVER))).map(([path]) => path.slice(folder.length + 1)).sort(),
  };
}

it('forgets a file that is gone for 30 days, its folder or not, over restarts; what was deleted stays known', async () => {
  const here = world(['a.jpg', 'b.jpg', 'trip/c.jpg']);
  for (const gone of ['a.jpg', 'trip']) here.rm(gone);
  await here.sweep();
  await here.reopen();
  here.at.day = 29;
  await here.sweep();
  expect(await here.known()).toEqual(['a.jpg', 'b.jpg', 'trip/c.jpg']);
  here.at.day = 30;
  await here.sweep();
  expect(await here.known()).toEqual(['b.jpg']);
  for (const { sha1 } of here.files) expect(await here.at.store.receipt(SERVER, sha1)).toBeDefined();
});

it('keeps one that was there in between, and one that another version was noted of', async () => {
  const here = world(['a.jpg', 'b.jpg']);
  for (const name of ['a.jpg', 'b.jpg']) here.rm(name);
  await here.sweep();
  here.write('a.jpg');
  here.at.store.noteKept(SERVER, { ...here.files[1]!, mtimeMs: 7 }, 'keeper');
  here.at.day = 20;
  await here.sweep();
  here.rm('a.jpg');
  here.at.day = 31;
  await here.sweep();
  expect(await here.known()).toEqual(['a.jpg', 'b.jpg']);
  const seen = here.files.map(({ path, sizeBytes, mtimeMs }) => ({ path, sizeBytes, mtimeMs }));
  expect(await here.at.store.areKept([SERVER], new Set(['keeper']), seen)).toEqual([true, false]);
});

it('looks at no more than so many in one go, and goes on there the next time, from the beginning in the end', async () => {
  const here = world(['a', 'b', 'c', 'd', 'e']);
  for (const { relativePath: _, path } of here.files) rmSync(path);
  const missing = async () => {
    await here.at.store.flush();
    const files = await all(here.at.store.files(SERVER));
    return files.filter(([, { missingSinceMs }]) => missingSinceMs !== undefined).length;
  };
  const few = { most: 2, together: 1 };
  await here.sweep(few);
  expect(await missing()).toBe(2);
  await here.reopen();
  await here.sweep(few);
  expect(await missing()).toBe(4);
  await here.sweep(few);
  here.at.day = 40;
  for (let times = 0; times < 3; times += 1) await here.sweep(few);
  expect(await here.known()).toEqual([]);
});

it('begins ten minutes after the start, goes on each day, and ends with its signal', async () => {
  vi.useFakeTimers();
  const close = new AbortController();
  const swept = vi.fn(async () => '');
  const none = async function* () {};
  const store = {
    files: none,
    forgetFile() {},
    noteMissing: async () => {},
    sweptTo: swept,
    noteSweptTo() {},
  };
  sweepDaily({ store, server: SERVER, signal: close.signal });
  await vi.advanceTimersByTimeAsync(599_000);
  expect(swept).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(swept).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect(swept).toHaveBeenCalledTimes(2);
  close.abort();
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect(swept).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});

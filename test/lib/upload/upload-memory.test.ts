import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { noCounts, type UploadCounts, withFailed } from '../../../lib/upload/upload-counts.js';
import { openUploadMemory, type UploadMemoryOptions } from '../../../lib/upload/upload-memory.js';
import type { UploadRecord } from '../../../lib/upload/upload-record.js';
import { tempFolder } from '../../support/world.js';

const TODAY = new Date(2026, 10, 21, 12);
const someCounts: UploadCounts = {
  totals: { files: 3, bytes: 300, duplicates: 1 },
  today: { uploaded: 2, failed: 1, day: '2026-11-21', clockDay: '2026-11-21' },
  lastUploadAt: '2026-11-21T09:00:00.000Z',
  lastFile: 'a.jpg',
};

const newPath = () => join(tempFolder(), 'immich-bridge', 'upload-1.json');

function open(path: string | undefined, options: Partial<UploadMemoryOptions> = {}) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const problems: string[] = [];
  const memory = openUploadMemory({
    path,
    concurrency: 4,
    signal: stop.signal,
    onProblem: (problem, reason) => problems.push(`${problem} ${reason}`),
    now: () => TODAY,
    ...options,
  });
  return { memory, problems, stop };
}

const contentOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as UploadRecord;

it('begins with nothing, and writes nothing while there is nothing to remember', async () => {
  const path = newPath();
  const { memory, problems } = open(path);
  expect(memory.initial).toEqual({
    isPaused: false,
    lease: null,
    concurrency: 4,
    counts: noCounts('2026-11-21'),
  });
  memory.note(memory.initial.counts);
  await memory.end(memory.initial.counts);
  expect(existsSync(path)).toBe(false);
  expect(problems).toEqual([]);
});

it('has written a pause and a concurrency as soon as it says so', async () => {
  const path = newPath();
  const { memory } = open(path);
  await memory.keepPause(true);
  expect(open(path).memory.initial.isPaused).toBe(true);
  await memory.keepConcurrency(2);
  expect(open(path).memory.initial).toMatchObject({ isPaused: true, concurrency: 2 });
  await memory.keepPause(false);
  expect(open(path).memory.initial).toMatchObject({ isPaused: false, concurrency: 2 });
});

it('writes counts now and then, and the last ones at the end', async () => {
  const path = newPath();
  const { memory, stop } = open(path, { everyMs: 3_600_000 });
  memory.note(someCounts);
  await vi.waitFor(() => expect(contentOf(path).counts).toEqual(someCounts));
  const more = withFailed(someCounts);
  memory.note(more);
  const most = withFailed(more);
  memory.note(most);
  expect(contentOf(path).counts).toEqual(someCounts);
  stop.abort();
  await memory.end(most);
  expect(open(path).memory.initial.counts).toEqual(most);
});

it('writes the last counts of a burst without being asked again', async () => {
  const path = newPath();
  const { memory } = open(path, { everyMs: 20 });
  memory.note(someCounts);
  memory.note(withFailed(someCounts));
  await vi.waitFor(() => expect(contentOf(path).counts.today.failed).toBe(2));
});

it('lets a change of the settings win over a command, for good', async () => {
  const path = newPath();
  await open(path).memory.keepConcurrency(2);
  expect(open(path, { concurrency: 6 }).memory.initial.concurrency).toBe(6);
  await vi.waitFor(() => expect(contentOf(path).concurrency).toBeNull());
  expect(open(path).memory.initial.concurrency).toBe(4);
});

it('forgets by deleting its file', async () => {
  const path = newPath();
  const { memory } = open(path);
  await memory.keepPause(true);
  await memory.forget();
  expect(existsSync(path)).toBe(false);
});

it('keeps nothing without a path', async () => {
  const { memory, problems } = open(undefined);
  await memory.keepPause(true);
  await memory.end(someCounts);
  await memory.forget();
  expect(problems).toEqual([]);
});

describe('what is wrong with the file stops nothing', () => {
  const good = { v: 1, isPaused: true, concurrency: null, counts: someCounts };
  it('and a good one is read', () => {
    const path = join(tempFolder(), 'upload.json');
    writeFileSync(path, JSON.stringify(good));
    const { memory, problems } = open(path);
    expect(memory.initial).toEqual({ isPaused: true, lease: null, concurrency: 4, counts: someCounts });
    expect(problems).toEqual([]);
  });

  it.each([
    ['no JSON', '{"isPaused": tr'],
    ['no object', 'null'],
    ['another version', { ...good, v: 2 }],
    ['a pause that is none', { ...good, isPaused: 'yes' }],
    ['a lease that is none', { ...good, lease: { sinceMs: 5, untilMs: 'soon' } }],
    ['a lease that ends before it begins', { ...good, lease: { sinceMs: 5, untilMs: 4 } }],
    ['a concurrency out of range', { ...good, concurrency: { value: 99, configured: 4 } }],
    ['no counts', { ...good, counts: undefined }],
    ['no totals', { ...good, counts: { ...someCounts, totals: null } }],
    [
      'a count below zero',
      { ...good, counts: { ...someCounts, today: { ...someCounts.today, failed: -1 } } },
    ],
    ['half a file', { ...good, counts: { ...someCounts, totals: { ...someCounts.totals, files: 0.5 } } }],
    ['a day that is none', { ...good, counts: { ...someCounts, today: { ...someCounts.today, day: 'x' } } }],
    ['a time that is none', { ...good, counts: { ...someCounts, lastUploadAt: 'soon' } }],
    ['a name that is none', { ...good, counts: { ...someCounts, lastFile: 7 } }],
  ])('when it holds %s', async (_, content) => {
    const path = join(tempFolder(), 'upload.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    const { memory, problems } = open(path);
    expect(problems).toEqual(['memory-unreadable damaged']);
    expect(memory.initial).toMatchObject({ isPaused: false, concurrency: 4 });
    await memory.keepPause(true);
    expect(open(path).memory.initial.isPaused).toBe(true);
  });

  it('when it cannot be written: that is said once, and again after it worked', async () => {
    const place = join(tempFolder(), 'immich-bridge');
    writeFileSync(place, 'a file in the place of the folder');
    const path = join(place, 'upload-1.json');
    const { memory, problems } = open(path);
    await memory.keepPause(true);
    await memory.keepPause(false);
    await memory.end(someCounts);
    expect(problems).toEqual(['memory-unwritable EEXIST']);
    rmSync(place);
    mkdirSync(place);
    await memory.keepPause(true);
    expect(open(path).memory.initial).toMatchObject({ isPaused: true, counts: someCounts });
    rmSync(place, { recursive: true });
    writeFileSync(place, '');
    await memory.keepPause(false);
    expect(problems).toHaveLength(2);
  });

  it('when it cannot be deleted', async () => {
    const path = newPath();
    mkdirSync(join(path, 'a folder in its place'), { recursive: true });
    const { memory, problems } = open(path);
    await memory.forget();
    expect(problems).toEqual(['memory-unreadable EISDIR', expect.stringMatching(/^memory-unwritable /)]);
  });
});

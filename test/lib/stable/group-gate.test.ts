import { describe, expect, it, vi } from 'vitest';
import type { FoundFile, StableFile } from '../../../lib/media-file.js';
import { createGroupGate } from '../../../lib/stable/group-gate.js';
import { StabilityError } from '../../../lib/stable/stability-error.js';
import type { StabilityGate } from '../../../lib/stable/stability-gate.js';

function found(name: string, sizeBytes = 1): FoundFile {
  const path = `/photos/${name}`;
  return { path, folder: '/photos', relativePath: name, sizeBytes, mtimeMs: 1, foundAt: '' };
}

/** A gate whose files are stable when the test says so. */
function world({ graceMs = 0, quietMs = 5_000 } = {}) {
  vi.useFakeTimers();
  const signal = new AbortController();
  const waiting = new Map<string, { file: FoundFile; go(): void; fail(error: Error): void }>();
  const gate = {
    letGo: (path: string) => void waiting.delete(path),
    waitFor: (file: FoundFile) =>
      new Promise<StableFile>((resolve, reject) => {
        const rules = { stableAt: '', quietMs, hasVideoCheck: true };
        waiting.set(file.path, { file, go: () => resolve({ ...file, ...rules }), fail: reject });
        signal.signal.addEventListener('abort', () => reject(signal.signal.reason));
      }),
    moving: () => [...waiting.values()].map(({ file }) => file),
  } as Pick<StabilityGate, 'waitFor' | 'letGo' | 'moving'> as StabilityGate;
  const groups = createGroupGate({
    gate,
    signal: signal.signal,
    graceMs,
    now: () => Date.now(),
    isLeftOut: ({ sizeBytes }) => sizeBytes > 100,
  });
  const said: string[] = [];
  const at = (name: string) => waiting.get(`/photos/${name}`)!;
  return {
    groups,
    said,
    /** The names that the gate still waits for. */
    waiting: () => [...waiting.values()].map(({ file }) => file.relativePath),
    abort: () => signal.abort(new Error('the end')),
    stable: async (name: string) => {
      at(name).go();
      waiting.delete(`/photos/${name}`);
      await vi.advanceTimersByTimeAsync(0);
    },
    vanish: async (name: string) => {
      at(name).fail(new StabilityError('vanished', 'gone'));
      await vi.advanceTimersByTimeAsync(0);
    },
    announce(name: string, sizeBytes?: number) {
      void groups.waitFor(found(name, sizeBytes)).then(
        (file) => {
          if (file !== undefined) {
            said.push([name, ...(file.companions ?? []).map((one) => one.relativePath)].join(' + '));
          }
        },
        (error: unknown) => said.push(`${name}: ${error instanceof StabilityError ? error.code : 'ended'}`),
      );
    },
  };
}

describe('files that belong together', () => {
  it('are not held up for long by a sidecar that stays empty: it goes along', async () => {
    const at = world();
    at.announce('a.xmp', 0);
    at.announce('a.jpg');
    await at.stable('a.jpg');
    expect(at.said).toEqual([]);
    await at.stable('a.xmp');
    expect(at.said).toEqual(['a.jpg + a.xmp']);
    expect(at.waiting()).toEqual([]);
  });

  it('leave an empty sidecar that belongs to none of them waiting until it is filled or a photo comes', async () => {
    const at = world();
    at.announce('a.dng.xmp', 0);
    await at.stable('a.dng.xmp');
    at.announce('a.jpg');
    await at.stable('a.jpg');
    expect([at.said, at.waiting()]).toEqual([['a.jpg'], ['a.dng.xmp']]);
    at.announce('a.dng');
    await at.stable('a.dng');
    expect(at.said).toEqual(['a.jpg', 'a.dng + a.dng.xmp']);
    at.announce('b.xmp', 0);
    await at.stable('b.xmp');
    at.announce('b.xmp', 7);
    await at.stable('b.xmp');
    expect(at.said.slice(2)).toEqual(['b.xmp: superseded', 'b.xmp']);
    expect([at.waiting(), at.groups.waiting()]).toEqual([[], []]);
  });

  it('go on in one message once the last of them is stable', async () => {
    const at = world();
    for (const name of ['a.mov', 'a.heic', 'a.xmp', 'b.jpg']) at.announce(name);
    await at.stable('a.heic');
    await at.stable('b.jpg');
    await at.stable('a.xmp');
    expect(at.said).toEqual(['b.jpg']);
    await at.stable('a.mov');
    expect(at.said).toEqual(['b.jpg', 'a.heic + a.mov + a.xmp']);
    expect(at.groups.waiting()).toEqual([]);
  });

  it('wait out the grace, which the quiet time counts towards, and a late one joins them', async () => {
    const at = world({ graceMs: 2_000, quietMs: 500 });
    for (const name of ['a.heic', 'a.mov', 'b.jpg']) at.announce(name);
    for (const name of ['a.heic', 'a.mov', 'b.jpg']) await at.stable(name);
    expect(at.said).toEqual(['b.jpg']);
    await vi.advanceTimersByTimeAsync(1_000);
    at.announce('a.xmp');
    await vi.advanceTimersByTimeAsync(600);
    expect(at.said).toEqual(['b.jpg']);
    await at.stable('a.xmp');
    await vi.advanceTimersByTimeAsync(1_499);
    expect(at.said).toEqual(['b.jpg']);
    await vi.advanceTimersByTimeAsync(1);
    expect(at.said).toEqual(['b.jpg', 'a.heic + a.mov + a.xmp']);
  });

  it('a quiet time as long as the grace costs nothing more', async () => {
    const at = world({ graceMs: 2_000, quietMs: 2_000 });
    for (const name of ['a.heic', 'a.mov']) at.announce(name);
    for (const name of ['a.heic', 'a.mov']) await at.stable(name);
    expect(at.said).toEqual(['a.heic + a.mov']);
  });

  it('one that vanishes leaves the others, and one that is too large is left out', async () => {
    const at = world();
    for (const name of ['a.heic', 'a.xmp']) at.announce(name);
    at.announce('a.mov', 101);
    await at.stable('a.mov');
    await at.stable('a.xmp');
    await at.vanish('a.heic');
    expect(at.said).toEqual(['a.heic: vanished', 'a.xmp']);
  });

  it('one that is announced anew makes the others wait', async () => {
    const at = world();
    for (const name of ['a.heic', 'a.mov']) at.announce(name);
    await at.stable('a.heic');
    at.announce('a.heic', 2);
    await at.stable('a.mov');
    expect(at.said).toEqual(['a.heic: superseded']);
    await at.stable('a.heic');
    expect(at.said).toEqual(['a.heic: superseded', 'a.heic + a.mov']);
  });

  it('count as moving together, or not at all', async () => {
    const at = world();
    for (const name of ['a.heic', 'a.mov', 'b.jpg']) at.announce(name);
    const moving = () => [...at.groups.moving()].map(({ relativePath }) => relativePath);
    expect(moving()).toEqual(['a.heic', 'a.mov', 'b.jpg']);
    await at.stable('a.heic');
    expect(moving()).toEqual(['a.heic', 'a.mov', 'b.jpg']);
  });

  it('are all handed back at the end', async () => {
    const at = world({ graceMs: 9_000 });
    for (const name of ['a.heic', 'a.mov', 'b.jpg']) at.announce(name);
    for (const name of ['a.heic', 'a.mov']) await at.stable(name);
    at.abort();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(at.said.sort()).toEqual(['a.heic: ended', 'a.mov: ended', 'b.jpg: ended']);
    expect(at.groups.waiting()).toHaveLength(3);
  });
});

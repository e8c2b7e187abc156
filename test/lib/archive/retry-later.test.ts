import { describe, expect, it, vi } from 'vitest';
import { createRetryLater, type RetryLaterOptions } from '../../../lib/archive/retry-later.js';

/** Work that ends when it is told to. */
function makeWork(log: string[] = []) {
  const waiting = new Map<string, { resolve: (value: string) => void; reject: (error: Error) => void }>();
  const of = (name: string) => () => {
    log.push(name);
    return new Promise<string>((resolve, reject) => waiting.set(name, { resolve, reject }));
  };
  return {
    of,
    log,
    finish: (name: string) => waiting.get(name)?.resolve(`${name} done`),
    fail: (name: string, message: string) => waiting.get(name)?.reject(new Error(message)),
  };
}

function makeLater(options: Partial<RetryLaterOptions> = {}) {
  const stop = new AbortController();
  const waits: { attempt: number; go: () => void }[] = [];
  const later = createRetryLater({
    signal: stop.signal,
    isTransient: (error) => error instanceof Error && error.message === 'passes',
    wait: (attempt, signal) =>
      new Promise((go, refuse) => {
        waits.push({ attempt, go });
        signal.addEventListener('abort', () => refuse(signal.reason));
      }),
    ...options,
  });
  return { later, stop, waits };
}

describe('createRetryLater', () => {
  it('runs four at once, and the others in the order they came', async () => {
    const { later } = makeLater();
    const work = makeWork();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const settled = Promise.allSettled(names.map((name) => later.run(name, work.of(name))));
    await vi.waitFor(() => expect(work.log).toEqual(['a', 'b', 'c', 'd']));
    work.finish('c');
    await vi.waitFor(() => expect(work.log).toEqual(['a', 'b', 'c', 'd', 'e']));
    work.fail('a', 'for good');
    await vi.waitFor(() => expect(work.log).toHaveLength(6));
    for (const name of names) work.finish(name);
    const results = await settled;
    expect(results.map(({ status }) => status)).toEqual(['rejected', ...Array(5).fill('fulfilled')]);
  });

  it('runs one at a time for a key, whatever became of the one before', async () => {
    const { later } = makeLater();
    const work = makeWork();
    const first = later.run('same', work.of('first'));
    const second = later.run('same', work.of('second'));
    const other = later.run('other', work.of('other'));
    await vi.waitFor(() => expect(work.log).toEqual(['first', 'other']));
    work.fail('first', 'for good');
    await expect(first).rejects.toThrow('for good');
    await vi.waitFor(() => expect(work.log).toEqual(['first', 'other', 'second']));
    work.finish('second');
    work.finish('other');
    expect(await Promise.all([second, other])).toEqual(['second done', 'other done']);
  });

  it('tries again for as long as it takes, counting the failures', async () => {
    const { later, waits } = makeLater();
    let tries = 0;
    const run = later.run('a', async () => {
      tries += 1;
      if (tries < 4) throw new Error('passes');
      return tries;
    });
    for (const attempt of [1, 2, 3]) {
      await vi.waitFor(() => expect(waits).toHaveLength(attempt));
      expect(waits.at(-1)?.attempt).toBe(attempt);
      waits.at(-1)?.go();
    }
    expect(await run).toBe(4);
  });

  it('holds up nobody while a file waits for its next try', async () => {
    const { later, waits } = makeLater({ limit: 1 });
    const work = makeWork();
    const failing = later.run('a', work.of('a'));
    const next = later.run('b', work.of('b'));
    await vi.waitFor(() => expect(work.log).toEqual(['a']));
    work.fail('a', 'passes');
    await vi.waitFor(() => expect(work.log).toEqual(['a', 'b']));
    waits[0]?.go();
    work.finish('b');
    expect(await next).toBe('b done');
    await vi.waitFor(() => expect(work.log).toEqual(['a', 'b', 'a']));
    work.finish('a');
    expect(await failing).toBe('a done');
  });

  it('ends all waiting at once when it is stopped', async () => {
    const { later, stop, waits } = makeLater({ limit: 1 });
    const work = makeWork();
    const inBackoff = later.run('a', () => Promise.reject(new Error('passes')));
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    const running = later.run('b', work.of('b'));
    const queued = later.run('c', work.of('c'));
    const behind = later.run('b', work.of('b again'));
    await vi.waitFor(() => expect(work.log).toEqual(['b']));

    stop.abort(new Error('closing'));
    await expect(inBackoff).rejects.toThrow('closing');
    await expect(queued).rejects.toThrow('closing');
    work.finish('b');
    expect(await running).toBe('b done');
    await expect(behind).rejects.toThrow('closing');
    await expect(later.run('d', work.of('d'))).rejects.toThrow('closing');
    expect(work.log).toEqual(['b']);
  });

  it('waits from 5 seconds to 5 minutes by itself', async () => {
    vi.useFakeTimers();
    try {
      const tries: number[] = [];
      const { signal } = new AbortController();
      const later = createRetryLater({ signal, isTransient: () => true });
      const start = Date.now();
      const run = later.run('a', async () => {
        tries.push(Date.now() - start);
        if (tries.length < 12) throw new Error('passes');
      });
      await vi.runAllTimersAsync();
      await run;
      const gaps = tries.slice(1).map((time, index) => time - (tries[index] ?? 0));
      expect(gaps[0]).toBeGreaterThanOrEqual(2_500);
      expect(gaps[0]).toBeLessThanOrEqual(5_000);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(300_000);
      expect(gaps.at(-1)).toBeGreaterThanOrEqual(150_000);
    } finally {
      vi.useRealTimers();
    }
  });
});

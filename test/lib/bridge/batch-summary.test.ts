import { describe, expect, it } from 'vitest';
import { createBatchWatch } from '../../../lib/bridge/batch-summary.js';
import { noRecords, uploadState } from './sample-records.js';

const START = new Date(2026, 9, 1, 12).getTime();

/** The payload of an `upload/state` message. */
function state(inHand: number, files = 0, failed = 0, duplicates = 0) {
  return {
    ...uploadState,
    pending: Math.max(0, inHand - 1),
    active: Math.min(1, inHand),
    waitingForAddress: 0,
    totals: { files, bytes: files * 100, duplicates },
    today: { uploaded: files, failed },
  };
}

/** Shows a watch states at seconds after START, and what it said 5 s after the last one. */
function told(states: readonly (readonly [seconds: number, state: unknown])[], start = START) {
  const watch = createBatchWatch();
  let last = start;
  const said = [];
  for (const [seconds, seen] of states) {
    last = start + seconds * 1_000;
    said.push(watch.finish(last));
    watch.see(seen, last);
  }
  said.push(watch.finish(last + 5_000));
  return said.filter((summary) => summary !== undefined);
}

describe('a batch', () => {
  it('is told once, when nothing has been in hand for five seconds', () => {
    const watch = createBatchWatch();
    watch.see(state(0, 10), START);
    expect(watch.endsAt).toBeNull();
    watch.see(state(3, 10), START + 1_000);
    expect(watch.endsAt).toBeNull();
    watch.see(state(1, 12, 0, 1), START + 4_000);
    watch.see(state(0, 13, 0, 1), START + 6_500);
    expect(watch.endsAt).toBe(START + 11_500);
    expect(watch.finish(START + 11_499)).toBeUndefined();
    expect(watch.finish(START + 11_500)).toEqual({
      files: 4,
      bytes: 300,
      duplicates: 1,
      failed: 0,
      seconds: 5.5,
    });
    expect(watch.endsAt).toBeNull();
    expect(watch.finish(START + 20_000)).toBeUndefined();
  });

  it('goes on when files come within the five seconds', () => {
    const states = [
      [0, state(0)],
      [1, state(1)],
      [2, state(0, 1)],
      [6, state(1, 1)],
      [8, state(0, 2)],
    ] as const;
    expect(told(states)).toEqual([{ files: 2, bytes: 200, duplicates: 0, failed: 0, seconds: 7 }]);
  });

  it('is followed by another one', () => {
    const states = [
      [0, state(2)],
      [2, state(0, 2)],
      [60, state(1, 2)],
      [61, state(0, 3)],
    ] as const;
    expect(told(states).map(({ files }) => files)).toEqual([2, 1]);
  });

  it('is seen in the totals when its files went faster than the states came', () => {
    const states = [
      [0, state(0, 5)],
      [1, state(0, 9)],
    ] as const;
    expect(told(states)).toMatchObject([{ files: 4, seconds: 0 }]);
  });

  it('stays open while files wait, however long, and while states without news come', () => {
    const watch = createBatchWatch();
    watch.see(state(2), START);
    watch.see(state(1, 1), START + 86_400_000);
    expect(watch.finish(START + 90_000_000)).toBeUndefined();
    watch.see(state(0, 2), START + 90_000_000);
    watch.see(state(0, 2), START + 90_003_000);
    expect(watch.finish(START + 90_005_000)).toMatchObject({ files: 2, seconds: 90_000 });
  });

  it('does not stay open for files that wait for another address, which may take days', () => {
    const held = { waitingForAddress: 2 };
    const states = [
      [0, state(0)],
      [1, { ...state(3), ...held }],
      [2, { ...state(2, 1), ...held }],
    ] as const;
    expect(told(states)).toMatchObject([{ files: 1, seconds: 1 }]);
  });

  it('counts what failed, also alone', () => {
    const states = [
      [0, state(0, 0, 4)],
      [1, state(2, 0, 4)],
      [2, state(0, 0, 6)],
    ] as const;
    expect(told(states)).toMatchObject([{ files: 0, failed: 2 }]);
  });

  it('counts what failed over midnight', () => {
    const beforeMidnight = new Date(2026, 9, 1, 23, 59, 50).getTime();
    const states = [
      [0, state(3, 0, 4)],
      [5, state(3, 0, 5)],
      [15, state(3, 0, 0)],
      [16, state(2, 0, 1)],
      [17, state(0, 2, 1)],
    ] as const;
    expect(told(states, beforeMidnight)).toMatchObject([{ files: 2, failed: 2 }]);
  });

  it('counts what failed after midnight when the state of midnight itself was not seen', () => {
    const beforeMidnight = new Date(2026, 9, 1, 23, 59, 50).getTime();
    const states = [
      [0, state(3, 0, 4)],
      [15, state(0, 1, 2)],
    ] as const;
    expect(told(states, beforeMidnight)).toMatchObject([{ files: 1, failed: 2 }]);
  });
});

describe('nothing is told', () => {
  it('of what happened before the first state', () => {
    expect(told([[0, state(0, 1_000, 7)]])).toEqual([]);
  });

  it('of a batch in which nothing happened', () => {
    const states = [
      [0, state(0, 1)],
      [1, state(1, 1)],
      [2, state(0, 1)],
    ] as const;
    expect(told(states)).toEqual([]);
  });

  it('of totals that were set anew', () => {
    const states = [
      [0, state(0, 100, 3)],
      [1, state(0, 0, 0)],
    ] as const;
    expect(told(states)).toEqual([]);
  });

  it.each(noRecords)('of %s', (_, value) => {
    const states = [
      [0, state(0)],
      [1, value],
      [2, {}],
      [3, { pending: Number.NaN, active: 1 }],
    ] as const;
    expect(told(states)).toEqual([]);
  });
});

it('the first state begins a batch when files are in hand', () => {
  const states = [
    [0, state(2, 10)],
    [3, state(0, 12)],
  ] as const;
  expect(told(states)).toMatchObject([{ files: 2, seconds: 3 }]);
});

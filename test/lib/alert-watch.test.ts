import { describe, expect, it } from 'vitest';
import { type AlertWatchOptions, createAlertWatch } from '../../lib/alert-watch.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What is told when the values come one a second from 0 on: "time+" raised, "time-" cleared. */
function told(options: AlertWatchOptions, values: readonly (number | boolean | null)[]): string[] {
  const watch = createAlertWatch(options);
  return values.flatMap((value, second) => {
    const change = watch.look(value, second * SECOND);
    return change ? [`${second}${change.isRaised ? '+' : '-'}`] : [];
  });
}

const hot = { name: 'temperature', raiseAbove: 80, clearBelow: 75 };

describe('an alert', () => {
  it.each<[string, AlertWatchOptions, (number | boolean | null)[], string[]]>([
    ['is raised above its limit, not on it', hot, [79, 80, 81], ['2+']],
    ['is cleared on the lower limit, not between the two', hot, [81, 79, 76, 75], ['0+', '3-']],
    ['is raised once, and cleared once', hot, [81, 90, 99, 60, 50], ['0+', '3-']],
    ['needs one limit only', { name: 'x', raiseAbove: 80 }, [81, 80, 81], ['0+', '1-', '2+']],
    [
      'can be about too little',
      { name: 'x', raiseBelow: 14, clearAbove: 20 },
      [14, 13, 19, 20],
      ['1+', '3-'],
    ],
    ['can be a plain yes', { name: 'lost' }, [false, true, true, false], ['1+', '3-']],
    ['is raised after its hold time', { ...hot, holdMs: 2 * SECOND }, [81, 81, 81, 81], ['2+']],
    ['starts to hold anew when the trouble breaks', { ...hot, holdMs: 2 * SECOND }, [81, 81, 80, 81, 81], []],
    [
      'is cleared after as long as it was held',
      { ...hot, holdMs: SECOND },
      [81, 81, 70, 70, 70],
      ['1+', '3-'],
    ],
    ['can be cleared sooner', { ...hot, holdMs: SECOND, clearHoldMs: 0 }, [81, 81, 70], ['1+', '2-']],
    [
      'is not cleared by one good look',
      { ...hot, clearHoldMs: 2 * SECOND },
      [81, 70, 77, 70, 77, 70],
      ['0+'],
    ],
    ['stays as it is while nothing is known', hot, [81, null, null, Number.NaN, 70], ['0+', '4-']],
    ['does not hold on while nothing is known', { ...hot, holdMs: 2 * SECOND }, [81, null, null, 81], []],
    ['goes on to hold afterwards', { ...hot, holdMs: 2 * SECOND }, [81, 81, null, null, 81, 81], ['5+']],
    ['does not clear while nothing is known', { ...hot, clearHoldMs: SECOND }, [81, 70, null, 70], ['0+']],
  ])('%s', (_, options, values, expected) => {
    expect(told(options, values)).toEqual(expected);
  });

  it('names the value and the limit that it crossed', () => {
    const watch = createAlertWatch(hot);
    expect(watch.look(83, 0)).toEqual({ name: 'temperature', isRaised: true, value: 83, limit: 80 });
    expect(watch.isRaised).toBe(true);
    expect(watch.look(74, 1)).toEqual({ name: 'temperature', isRaised: false, value: 74, limit: 75 });
    expect(watch.isRaised).toBe(false);
  });

  it('has no number when it is about a yes or no', () => {
    const watch = createAlertWatch({ name: 'lost' });
    expect(watch.look(true, 0)).toEqual({ name: 'lost', isRaised: true, value: null, limit: null });
  });

  it('is not told sooner by a clock that was set back', () => {
    const watch = createAlertWatch({ ...hot, holdMs: SECOND });
    expect([watch.look(90, 9_000), watch.look(90, 0), watch.look(90, 999)]).toEqual([null, null, null]);
    expect(watch.look(90, 1_000)?.isRaised).toBe(true);
  });

  it.each([[{ name: 'x', raiseAbove: 80, clearBelow: 81 }], [{ name: 'x', raiseBelow: 14, clearAbove: 13 }]])(
    'refuses a limit for clearing on the wrong side: %o',
    (options) => {
      expect(() => createAlertWatch(options)).toThrow(RangeError);
    },
  );

  it('is told once in a thousand hours of flapping', () => {
    const watch = createAlertWatch({ name: 'down', holdMs: 5 * MINUTE });
    const changes = [];
    for (let minute = 0; minute < 60_000; minute += 1) {
      // Down for six minutes of ten: never well for as long as it takes to be cleared.
      const change = watch.look(minute % 10 < 6, minute * MINUTE);
      if (change) changes.push(change);
    }
    expect(changes).toHaveLength(1);
  });
});

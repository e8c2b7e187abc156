import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followHealth, type PressurePolicy } from '../../../lib/upload/back-pressure.js';
import type { Pressure } from '../../../lib/upload/room.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function following(policy: PressurePolicy) {
  const stop = new AbortController();
  const pressures: (Pressure | undefined)[] = [];
  const follow = followHealth({
    policy,
    signal: stop.signal,
    onChange: (pressure) => pressures.push(pressure),
    validMs: 1_000,
  });
  return { follow, pressures, stop };
}

const raised = (...alerts: string[]) => ({
  alerts: Object.fromEntries(alerts.map((alert) => [alert, true])),
});

describe('a server that wants rest', () => {
  it.each([
    ['slow', 'ml_backlog', /machine learning is behind.*one at a time/],
    ['hold', 'storage', /disk is nearly full.*wait/],
    ['hold', 'quota', /quota is nearly used up.*wait/],
  ] as const)('makes a policy of "%s" press on an alert of %s, with a reason', (policy, alert, words) => {
    const { follow, pressures } = following(policy);
    follow(raised(alert));
    expect(pressures[0]?.mode).toBe(policy);
    expect(pressures[0]?.reason.message).toMatch(words);
    expect(pressures[0]?.reason.willPass).toBe(true);
  });

  it('presses once, changes with the reasons and lets go by itself', () => {
    const { follow, pressures } = following('hold');
    for (const alerts of [['storage'], ['storage'], ['storage', 'quota'], []]) follow(raised(...alerts));
    expect(pressures.map((pressure) => pressure?.reason.message.match(/disk|quota/g))).toEqual([
      ['disk'],
      ['disk', 'quota'],
      undefined,
    ]);
  });

  it.each(['down', 'update', 'certificate', 'failed_jobs', 'queue_paused', 'unknown'])(
    'is not what an alert of %s says',
    (alert) => {
      const { follow, pressures } = following('hold');
      follow(raised(alert));
      expect(pressures).toEqual([]);
    },
  );

  it('is not followed where nobody asked for it', () => {
    const { follow, pressures } = following('off');
    follow(raised('storage'));
    expect(pressures).toEqual([]);
  });

  it('is forgotten when its health node says nothing any more', () => {
    const { follow, pressures } = following('slow');
    follow(raised('storage'));
    vi.advanceTimersByTime(999);
    follow(raised('storage'));
    vi.advanceTimersByTime(999);
    expect(pressures).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(pressures.at(-1)).toBeUndefined();
    expect(pressures).toHaveLength(2);
  });

  it.each([undefined, null, 'text', 7, [], {}, { alerts: null }, { alerts: { storage: 'yes' } }])(
    'is not what %j says',
    (report) => {
      const { follow, pressures } = following('hold');
      follow(report);
      expect(pressures).toEqual([]);
    },
  );

  it('leaves no timer behind', () => {
    const { follow, pressures, stop } = following('slow');
    follow(raised('storage'));
    stop.abort();
    expect(vi.getTimerCount()).toBe(0);
    follow(raised());
    expect(pressures).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../lib/alert.js';
import { addressNotice } from '../../../lib/health/address-notice.js';
import { HEALTH_ALERTS, type HealthAlert } from '../../../lib/health/health-report.js';
import { type HealthLimits, parseHealthSettings } from '../../../lib/health/health-settings.js';
import { createHealthWatch, type HealthOutcome } from '../../../lib/health/health-watch.js';
import type { ServerLook } from '../../../lib/health/server-look.js';
import type { ServerMetrics } from '../../../lib/health/server-metrics.js';
import type { AddressView } from '../../../lib/immich/address.js';
import type { ImmichErrorKind } from '../../../lib/immich/immich-error.js';
import { DOWN, GOOD_LOOK } from './look-world.js';

const DEFAULTS = parseHealthSettings({}).limits;
const START_MS = Date.parse('2026-05-06T00:00:00Z');
const GIB = 2 ** 30;

/** A watch whose time a test moves; each look comes a minute after the one before. */
function watching(limits: Partial<HealthLimits> = {}) {
  const next = createHealthWatch({ url: 'http://photos.lan', limits: { ...DEFAULTS, ...limits } });
  const told: Alert[] = [];
  let minute = 0;
  return {
    told,
    /** Looks so many times, a minute apart, and answers with the last outcome. */
    look(seen: Partial<ServerLook>, times = 1, metrics: ServerMetrics | null = null): HealthOutcome {
      let outcome: HealthOutcome | undefined;
      for (let count = 0; count < times; count += 1) {
        const ms = minute * 60_000;
        outcome = next({ ...GOOD_LOOK, ...seen }, metrics, { ms, date: new Date(START_MS + ms) });
        told.push(...outcome.alerts);
        minute += 1;
      }
      return outcome!;
    },
  };
}

const disk = (usedBytes: number) => ({
  storage: { totalBytes: 1_000, usedBytes, freeBytes: 1_000 - usedBytes },
});
const quota = (usedBytes: number) => ({ account: { limitBytes: 100, usedBytes } });
const waiting = (name: string, backlog: number, isPaused = false) => ({
  queues: [{ name, backlog, isPaused }],
});
const failed = (failedJobs: number): ServerMetrics => ({
  failedJobs,
  requests: null,
  durations: null,
  problem: null,
});
const ending = (day: string) => ({ pong: { latencyMs: 1, certificateEndsAt: `${day}T12:00:00.000Z` } });

const [INNER, OUTER] = ['http://photos.lan', 'https://photos.example.org'];

const view = (url: string, problem: ImmichErrorKind | null, isInUse = false): AddressView => ({
  ...{ url, problem, isInUse, isThere: problem === null },
  ...{ acceptedBytes: null, refusedBytes: null },
});

describe('the notice about addresses', () => {
  it.each<[string, AddressView[], RegExp | null]>([
    ['one address', [view(INNER, null, true)], null],
    ['the first in use', [view(INNER, null, true), view(OUTER, null)], null],
    ['the first in use, the second away', [view(INNER, null, true), view(OUTER, 'offline')], null],
    [
      'the first away',
      [view(INNER, 'offline'), view(OUTER, null, true)],
      /^Immich is used at https:\/\/photos\.example\.org, its address number 2\. http:\/\/photos\.lan does not answer\.$/,
    ],
    [
      'a captive portal at the first',
      [view(INNER, 'wrong-address'), view(OUTER, null, true)],
      /number 2\. At http:\/\/photos\.lan something answers that is not Immich: .*captive portal/,
    ],
    [
      'a captive portal at the second',
      [view(INNER, null, true), view(OUTER, 'wrong-address')],
      /^At https:\/\/photos\.example\.org something answers/,
    ],
    [
      'a certificate of somebody else at the first',
      [view(INNER, 'tls'), view(OUTER, null, true)],
      /number 2\. The certificate of http:\/\/photos\.lan is not trusted/,
    ],
    ['the first one in trouble, and no other', [view(INNER, 'offline', true), view(OUTER, 'offline')], null],
  ])('%s', (_, addresses, says) => {
    const notice = addressNotice(addresses);
    if (says === null) expect(notice).toBeNull();
    else expect(notice).toMatch(says);
  });
});

describe('a report', () => {
  it('tells all that a look saw', () => {
    const { report } = watching().look(
      {
        latestVersion: '2.8.0',
        storage: { totalBytes: 100 * GIB, usedBytes: 38 * GIB, freeBytes: 57 * GIB },
        queues: [
          { name: 'ocr', backlog: 3, isPaused: true },
          { name: 'smartSearch', backlog: 4, isPaused: false },
          { name: 'thumbnailGeneration', backlog: 5, isPaused: false },
          { name: 'metadataExtraction', backlog: 6, isPaused: false },
          { name: 'videoConversion', backlog: 7, isPaused: false },
          { name: 'backupDatabase', backlog: 8, isPaused: false },
          { name: 'somethingNew', backlog: 9, isPaused: true },
        ],
      },
      1,
      { failedJobs: 11, requests: 5, durations: null, problem: null },
    );
    expect(report).toEqual({
      isReachable: true,
      at: '2026-05-06T00:00:00.000Z',
      problem: null,
      latencyMs: 3,
      reachableSince: '2026-05-06T00:00:00.000Z',
      url: 'http://photos.lan',
      addresses: [],
      addressNotice: null,
      version: '2.7.5',
      latestVersion: '2.8.0',
      isUpdateAvailable: true,
      releaseUrl: 'https://github.com/immich-app/immich/releases/tag/v2.8.0',
      storage: { totalBytes: 100 * GIB, usedBytes: 38 * GIB, freeBytes: 57 * GIB, usedPercent: 40 },
      library: { photos: 10, videos: 2, scope: 'server' },
      quota: { limitBytes: 100, usedBytes: 10, usedPercent: 10 },
      backlog: { machineLearning: 7, thumbnails: 11, video: 7, other: 17 },
      pausedQueues: ['ocr', 'somethingNew'],
      failedJobs: 11,
      api: { requestsPerSecond: null, p95Ms: null },
      certificateEndsAt: null,
      alerts: { ...Object.fromEntries(HEALTH_ALERTS.map((name) => [name, false])), update: true },
    });
  });

  it('has every key, with null for what is unknown, of a server that is down', () => {
    const watch = watching();
    const { report: up } = watch.look({});
    const { report: down } = watch.look(DOWN);
    const keysOf = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([key, inner]) => [key, key === 'problem' ? null : keysOf(inner)])
        : null;
    expect(keysOf(down)).toEqual(keysOf(up));
    expect(down).toMatchObject({
      isReachable: false,
      problem: DOWN.problem,
      reachableSince: null,
      latencyMs: null,
      version: null,
      isUpdateAvailable: null,
      storage: { usedPercent: null },
      backlog: { machineLearning: null, other: null },
      pausedQueues: null,
      url: 'http://photos.lan',
    });
  });

  it('names the address in use', () => {
    const { report } = watching().look({ addresses: [view(INNER, 'offline'), view(OUTER, null, true)] });
    expect(report).toMatchObject({
      url: OUTER,
      addresses: [
        { url: INNER, isInUse: false },
        { url: OUTER, isInUse: true },
      ],
      addressNotice: expect.stringContaining(OUTER),
    });
  });

  it('says since when the server answers without a break', () => {
    const watch = watching();
    watch.look({}, 5);
    expect(watch.look({}).report.reachableSince).toBe('2026-05-06T00:00:00.000Z');
    watch.look(DOWN);
    expect(watch.look({}, 3).report.reachableSince).toBe('2026-05-06T00:07:00.000Z');
  });

  it('has no quota in percent without a limit, and counts a limit of nothing as full', () => {
    const watch = watching();
    expect(watch.look({ account: { limitBytes: null, usedBytes: 5 } }).report.quota).toEqual({
      limitBytes: null,
      usedBytes: 5,
      usedPercent: null,
    });
    expect(watch.look({ account: { limitBytes: 0, usedBytes: 0 } }).report.quota.usedPercent).toBe(100);
  });

  it('names the trouble of the metrics when the server has none', () => {
    const problem = { kind: 'offline', message: 'The metrics are away.' } as const;
    expect(watching().look({}, 1, { ...failed(1), problem }).report).toMatchObject({
      isReachable: true,
      problem,
    });
  });
});

interface Case {
  readonly alert: HealthAlert;
  readonly trouble: Partial<ServerLook>;
  /** Looks, a minute apart, until it is raised. */
  readonly raisedAfter: number;
  readonly raised: Partial<Alert>;
  readonly over: Partial<ServerLook>;
  readonly clearedAfter: number;
  readonly cleared: string;
}

const cases: Case[] = [
  {
    alert: 'down',
    trouble: DOWN,
    raisedAfter: 7,
    raised: {
      value: 6,
      limit: 5,
      message: 'Immich has been down for 6 minutes: http://photos.lan refuses the connection.',
    },
    over: {},
    clearedAfter: 6,
    cleared: 'Immich answers again.',
  },
  {
    alert: 'storage',
    trouble: disk(851),
    raisedAfter: 1,
    raised: { value: 85.1, limit: 85, message: "Immich's disk is 85 % full: 149 bytes are left." },
    over: disk(830),
    clearedAfter: 11,
    cleared: "Immich's disk has room again: it is 83 % full.",
  },
  {
    alert: 'ml_backlog',
    trouble: waiting('smartSearch', 101),
    raisedAfter: 11,
    raised: { value: 101, limit: 100, message: '101 machine-learning jobs of Immich wait.' },
    over: waiting('smartSearch', 80),
    clearedAfter: 11,
    cleared: "Immich's machine learning caught up: 80 jobs wait.",
  },
  {
    alert: 'queue_paused',
    trouble: waiting('ocr', 1, true),
    raisedAfter: 6,
    raised: { value: 1, limit: 0, message: 'Paused in Immich: ocr.' },
    over: waiting('ocr', 1),
    clearedAfter: 11,
    cleared: 'No queue of Immich is paused any more.',
  },
  {
    alert: 'quota',
    trouble: quota(91),
    raisedAfter: 1,
    raised: {
      value: 91,
      limit: 90,
      message: "The quota of Immich's user is 91 % used: 9 bytes are left.",
    },
    over: quota(88),
    clearedAfter: 11,
    cleared: "The quota of Immich's user has room again: 88 % is used.",
  },
  {
    alert: 'certificate',
    trouble: ending('2026-05-19'),
    raisedAfter: 1,
    raised: {
      value: 13.5,
      limit: 14,
      message: 'The certificate of http://photos.lan ends in 13 days, on 2026-05-19.',
    },
    over: ending('2026-08-19'),
    clearedAfter: 11,
    cleared: 'The certificate of http://photos.lan is good until 2026-08-19.',
  },
  {
    alert: 'update',
    trouble: { latestVersion: '2.8.0' },
    raisedAfter: 1,
    raised: { value: null, limit: null, message: 'Immich 2.8.0 can be installed; 2.7.5 is running.' },
    over: { latestVersion: '2.8.0', version: '2.8.0' },
    clearedAfter: 11,
    cleared: 'Immich 2.8.0 is the newest version.',
  },
];

describe.each(cases)('the alert $alert', (about) => {
  const { alert, trouble, raisedAfter, raised, over, clearedAfter, cleared } = about;

  it('is raised once after its time, and cleared once', () => {
    const watch = watching();
    watch.look({}, 3);
    watch.look(trouble, raisedAfter - 1);
    expect(watch.told).toEqual([]);
    expect(watch.look(trouble).report.alerts).toMatchObject({ [alert]: true });
    expect(watch.told).toEqual([{ alert, isRaised: true, gpu: null, at: expect.any(String), ...raised }]);
    watch.look(trouble, 100);
    watch.look(over, clearedAfter - 1);
    expect(watch.told).toHaveLength(1);
    expect(watch.look(over, 1).report.alerts).toMatchObject({ [alert]: false });
    watch.look(over, 100);
    expect(watch.told.slice(1)).toMatchObject([{ alert, isRaised: false, message: cleared, gpu: null }]);
  });

  it('is not raised or cleared by what is not known', () => {
    const watch = watching();
    const unknown =
      alert === 'down' ? GOOD_LOOK : { storage: null, queues: null, account: null, latestVersion: null };
    watch.look(trouble, raisedAfter);
    watch.look({ ...GOOD_LOOK, ...unknown }, alert === 'down' ? 2 : 500);
    if (alert !== 'down') watch.look(DOWN, 4);
    expect(watch.told.filter((told) => told.alert === alert)).toHaveLength(1);
  });

  it('can be turned off', () => {
    const watch = watching({
      downMinutes: null,
      storagePercent: null,
      mlBacklog: null,
      failedJobs: null,
      pausedMinutes: null,
      quotaPercent: null,
      certificateDays: null,
      hasUpdateAlert: false,
    });
    expect(watch.look(trouble, 500).report.alerts).toMatchObject({ [alert]: false });
    expect(watch.told).toEqual([]);
  });
});

it('says that a server is down, and not for 0 minutes, when that is told at once', () => {
  const watch = watching({ downMinutes: 0 });
  watch.look(DOWN, 1);
  expect(watch.told).toMatchObject([
    { message: 'Immich is down: http://photos.lan refuses the connection.' },
  ]);
});

describe('failed jobs', () => {
  it('are told when they grow, once while they keep growing, and cleared an hour after the last', () => {
    const watch = watching();
    watch.look({}, 3, failed(40));
    expect(watch.told).toEqual([]);
    watch.look({}, 1, failed(43));
    for (let count = 44; count < 64; count += 1) watch.look({}, 30, failed(count));
    expect(watch.told).toMatchObject([
      { alert: 'failed_jobs', value: 3, limit: 0, message: '3 jobs of Immich failed within the last hour.' },
    ]);
    watch.look({}, 29, failed(63));
    expect(watch.told).toHaveLength(1);
    watch.look({}, 2, failed(63));
    expect(watch.told.slice(1)).toMatchObject([
      { isRaised: false, message: 'No job of Immich has failed for an hour.' },
    ]);
  });

  it('may be many before they are told', () => {
    const watch = watching({ failedJobs: 10 });
    watch.look({}, 1, failed(0));
    watch.look({}, 1, failed(10));
    expect(watch.told).toEqual([]);
    watch.look({}, 1, failed(11));
    expect(watch.told).toHaveLength(1);
    watch.look({}, 30, failed(14));
    watch.look({}, 31, failed(14));
    expect(watch.told.slice(1)).toMatchObject([
      { isRaised: false, message: 'Only 4 jobs of Immich failed within the last hour.' },
    ]);
  });
});

describe('a certificate', () => {
  it('that ended already is told as such', () => {
    const watch = watching();
    watch.look(ending('2026-05-01'));
    expect(watch.told[0]?.message).toBe('The certificate of http://photos.lan ended on 2026-05-01.');
  });
});

/** The minutes of a thousand hours. */
const MINUTES = 60_000;

/** A number from 0 to 1, the same in each run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Up by chance, but never for more than four minutes on end. */
function unsteady(): (minute: number) => Partial<ServerLook> {
  const random = dice(7);
  let upMinutes = 0;
  return () => {
    upMinutes = upMinutes < 4 && random() < 0.6 ? upMinutes + 1 : 0;
    return upMinutes > 0 ? {} : DOWN;
  };
}

describe('a thousand hours of flapping make one alert of a kind:', () => {
  const isWithin = (minute: number, period: number, part: number) => minute % period < part;
  const random = dice(8);
  it.each<[string, HealthAlert[], (minute: number) => Partial<ServerLook>]>([
    ['a server every other minute', ['down'], (minute) => (isWithin(minute, 2, 1) ? DOWN : {})],
    [
      'a server that is up for three minutes in ten',
      ['down'],
      (minute) => (isWithin(minute, 10, 7) ? DOWN : {}),
    ],
    ['a server that answers by chance', ['down'], unsteady()],
    [
      'everything around its limit',
      ['certificate', 'ml_backlog', 'quota', 'storage', 'update'],
      (minute) => ({
        ...disk(isWithin(minute, 2, 1) ? 860 : 840),
        ...quota(random() < 0.5 ? 91 : 89),
        ...waiting('ocr', minute < 20 || random() < 0.5 ? 101 : 81),
        ...ending(isWithin(minute, 2, 1) ? '2026-05-10' : '2027-01-01'),
        latestVersion: isWithin(minute, 7, 1) ? '2.8.0' : '2.7.5',
      }),
    ],
    [
      'everything far up and down, and now and then unknown',
      ['queue_paused', 'quota', 'storage'],
      (minute) => ({
        ...disk(isWithin(minute, 8, 4) ? 990 : 100),
        ...(random() < 0.2 ? { account: null } : quota(isWithin(minute, 5, 2) ? 99 : 20)),
        ...(random() < 0.2 ? { queues: null } : waiting('ocr', 0, isWithin(minute, 18, 10))),
      }),
    ],
  ])('%s', (_, alerts, at) => {
    const watch = watching();
    for (let minute = 0; minute < MINUTES; minute += 1) watch.look(at(minute));
    expect(watch.told.map(({ alert }) => alert).sort()).toEqual(alerts);
    expect(watch.told.every(({ isRaised }) => isRaised)).toBe(true);
    watch.look({ ...ending('2030-01-01'), latestVersion: '2.7.5' }, 30);
    expect(watch.told).toHaveLength(2 * alerts.length);
    expect(watch.told.filter(({ isRaised }) => !isRaised)).toHaveLength(alerts.length);
  });

  it('short breaks, each followed by a quiet quarter of an hour, make none', () => {
    const watch = watching();
    for (let minute = 0; minute < MINUTES; minute += 1) watch.look(isWithin(minute, 20, 4) ? DOWN : {});
    expect(watch.told).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { createApiTrend, createGrowth } from '../../../lib/health/metrics-trend.js';
import type { ServerMetrics } from '../../../lib/health/server-metrics.js';

const UNKNOWN = { requestsPerSecond: null, p95Ms: null };

function metrics(requests: number | null, buckets: Record<string, number> | null = null): ServerMetrics {
  const entries = Object.entries(buckets ?? {}).map(
    ([upTo, count]) => [Number(upTo === '+Inf' ? Infinity : upTo), count] as const,
  );
  return { failedJobs: null, requests, durations: buckets && new Map(entries), problem: null };
}

describe('the trend of the API', () => {
  it('compares with the look before', () => {
    const trend = createApiTrend();
    expect(trend(metrics(1_000, { 10: 900, 20: 1_000, '+Inf': 1_000 }), 0)).toEqual(UNKNOWN);
    // Of 100 new requests 90 took at most 10 ms: the 95th lies in the middle of the next bucket.
    expect(trend(metrics(1_100, { 10: 990, 20: 1_100, '+Inf': 1_100 }), 50_000)).toEqual({
      requestsPerSecond: 2,
      p95Ms: 15,
    });
  });

  it.each([
    ['the first bucket', { 10: 100, '+Inf': 100 }, 9.5],
    ['the open bucket', { 10: 50, 20: 60, '+Inf': 100 }, 20],
    ['no new request', { 10: 0, '+Inf': 0 }, null],
    ['counts that went back', { 10: -5, '+Inf': 100 }, null],
  ])('knows %s', (_, buckets, expected) => {
    const trend = createApiTrend();
    trend(metrics(0, { 10: 0, 20: 0, '+Inf': 0 }), 0);
    expect(trend(metrics(100, buckets), 60_000).p95Ms).toBe(expected);
  });

  it('knows nothing right after a restart of the server, or without metrics', () => {
    const trend = createApiTrend();
    trend(metrics(1_000), 0);
    expect(trend(metrics(10), 60_000)).toEqual(UNKNOWN);
    expect(trend(metrics(70), 120_000)).toEqual({ requestsPerSecond: 1, p95Ms: null });
    expect(trend(null, 180_000)).toEqual(UNKNOWN);
    expect(trend(metrics(null), 240_000)).toEqual(UNKNOWN);
    expect(trend(metrics(310), 360_000)).toEqual({ requestsPerSecond: 1, p95Ms: null });
  });

  it('does not make a rate of two looks that are too close', () => {
    const trend = createApiTrend();
    trend(metrics(0), 0);
    const told = trend(metrics(60), 60_000);
    expect(trend(metrics(90), 60_100)).toEqual(told);
    expect(trend(metrics(120), 120_000)).toEqual({ requestsPerSecond: 1, p95Ms: null });
  });
});

describe('the growth of a counter', () => {
  it('is what came within the window, over restarts', () => {
    const growth = createGrowth(1_000);
    const totals: [number | null, number, number | null][] = [
      [null, 0, null],
      [40, 100, 0],
      [42, 200, 2],
      [null, 300, null],
      [45, 900, 5],
      [45, 1_200, 3],
      // The server started anew, and two jobs failed since.
      [2, 1_300, 5],
      [2, 1_900, 2],
      [2, 2_300, 0],
    ];
    for (const [total, at, expected] of totals) expect([at, growth(total, at)]).toEqual([at, expected]);
  });
});

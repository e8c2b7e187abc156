import type { ServerMetrics } from './server-metrics.js';

/** How busy the API was since the look before. */
export interface ApiTrend {
  readonly requestsPerSecond: number | null;
  /** 95 % of the requests took at most so many milliseconds; null when there was none. */
  readonly p95Ms: number | null;
}

const UNKNOWN: ApiTrend = { requestsPerSecond: null, p95Ms: null };

/** Two looks that are closer to each other say nothing about a rate. */
const SHORTEST_MS = 5_000;

/**
 * Turns counters into a rate and a p95 from one look to the next (`nowMs` of any clock that does not run backwards).
 * The first look, and the first after a restart of the server, has nothing to compare with.
 */
export function createApiTrend(): (metrics: ServerMetrics | null, nowMs: number) => ApiTrend {
  let before: { metrics: ServerMetrics; atMs: number } | undefined;
  let last = UNKNOWN;
  return (metrics, nowMs) => {
    if (metrics?.requests == null) return UNKNOWN;
    const elapsedMs = nowMs - (before?.atMs ?? Number.NEGATIVE_INFINITY);
    if (elapsedMs < SHORTEST_MS) return last;
    last = before === undefined ? UNKNOWN : trend(before.metrics, metrics, elapsedMs);
    before = { metrics, atMs: nowMs };
    return last;
  };
}

function trend(before: ServerMetrics, after: ServerMetrics, elapsedMs: number): ApiTrend {
  const requests = (after.requests ?? 0) - (before.requests ?? 0);
  if (before.requests === null || requests < 0) return UNKNOWN;
  const perSecond = requests / (elapsedMs / 1_000);
  return { requestsPerSecond: round(perSecond), p95Ms: p95(before.durations, after.durations) };
}

/** The 95th percentile between two looks at a histogram, within its bucket in a straight line, as Prometheus has it. */
function p95(before: ServerMetrics['durations'], after: ServerMetrics['durations']): number | null {
  if (before === null || after === null) return null;
  const buckets = [...after]
    .map(([upTo, count]) => ({ upTo, count: count - (before.get(upTo) ?? 0) }))
    .sort((one, other) => one.upTo - other.upTo);
  const total = buckets.at(-1)?.count ?? 0;
  if (total <= 0 || buckets.some(({ count }) => count < 0)) return null;
  const wanted = total * 0.95;
  let [floorMs, below] = [0, 0];
  for (const { upTo, count } of buckets) {
    if (count >= wanted) {
      // Of the last bucket only its beginning is known.
      if (upTo === Number.POSITIVE_INFINITY) return floorMs;
      return round(floorMs + ((upTo - floorMs) * (wanted - below)) / (count - below));
    }
    [floorMs, below] = [upTo, count];
  }
  return null;
}

/** How much a counter grew within the last `windowMs`, over restarts of the server, which set it to 0. */
export function createGrowth(windowMs: number): (total: number | null, nowMs: number) => number | null {
  let last: number | null = null;
  let steps: { atMs: number; count: number }[] = [];
  return (total, nowMs) => {
    if (total === null) return null;
    const count = last === null ? 0 : total >= last ? total - last : total;
    last = total;
    steps = steps.filter(({ atMs }) => nowMs - atMs < windowMs);
    if (count > 0) steps.push({ atMs: nowMs, count });
    return steps.reduce((sum, step) => sum + step.count, 0);
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

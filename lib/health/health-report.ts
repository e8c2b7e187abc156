/** What can be wrong with a server. */
export const HEALTH_ALERTS = [
  'down',
  'storage',
  'ml_backlog',
  'failed_jobs',
  'queue_paused',
  'quota',
  'certificate',
  'update',
] as const;

export type HealthAlert = (typeof HEALTH_ALERTS)[number];

/**
 * How an Immich server is doing, as `immich-health` tells it. Sizes are bytes, times ISO 8601 in UTC; null means
 * unknown: the server did not answer, or the key may not see it.
 */
export interface HealthReport {
  readonly isReachable: boolean;
  readonly at: string;
  /** Time of the smallest question, in milliseconds. */
  readonly latencyMs: number | null;
  /** Since when the server has answered without a break. */
  readonly reachableSince: string | null;
  /** The server's web page, without a path. */
  readonly url: string | null;
  readonly version: string | null;
  readonly latestVersion: string | null;
  /** The notes of `latestVersion`. */
  readonly releaseUrl: string | null;
  readonly storage: {
    readonly totalBytes: number | null;
    readonly usedBytes: number | null;
    readonly freeBytes: number | null;
    /** 0 to 100. */
    readonly usedPercent: number | null;
  };
  readonly library: { readonly photos: number | null; readonly videos: number | null };
  /** Of the key's user. */
  readonly quota: {
    readonly limitBytes: number | null;
    readonly usedBytes: number | null;
    readonly usedPercent: number | null;
  };
  /** Jobs that wait, are paused or delayed, by group. */
  readonly backlog: {
    readonly machineLearning: number | null;
    readonly thumbnails: number | null;
    readonly video: number | null;
    readonly other: number | null;
  };
  /** Names of paused queues. */
  readonly pausedQueues: readonly string[] | null;
  /** Failed jobs since the server started. */
  readonly failedJobs: number | null;
  readonly api: { readonly requestsPerSecond: number | null; readonly p95Ms: number | null };
  readonly certificateEndsAt: string | null;
  /** What is raised now. */
  readonly alerts: Readonly<Record<HealthAlert, boolean>>;
}

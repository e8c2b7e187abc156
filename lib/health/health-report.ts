import type { AddressView } from '../immich/address.js';
import type { ImmichErrorKind } from '../immich/immich-error.js';

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

/** What keeps a look from seeing all, as a kind and as a sentence for a person. */
export interface HealthProblem {
  readonly kind: ImmichErrorKind;
  readonly message: string;
}

/**
 * How an Immich server is doing, as `immich-health` tells it. Sizes are bytes, times ISO 8601 in UTC; null means
 * unknown: the server did not answer, or the key may not see it.
 */
export interface HealthReport {
  readonly isReachable: boolean;
  readonly at: string;
  /**
   * Why the server is not reachable, or what else kept this look from seeing all (a refused key, maintenance, a
   * failing question); null when there is nothing. Rights that the key lacks are no problem.
   */
  readonly problem: HealthProblem | null;
  /** Time of the smallest question over a connection of its own, in milliseconds. */
  readonly latencyMs: number | null;
  /** Since when the server has answered without a break. */
  readonly reachableSince: string | null;
  /** The server's web page, without a path: the address in use. */
  readonly url: string | null;
  /** All its addresses, in the order of the settings. */
  readonly addresses: readonly AddressView[];
  /** That another address than the first is in use, or that something else answers at one; null for nothing to say. */
  readonly addressNotice: string | null;
  readonly version: string | null;
  readonly latestVersion: string | null;
  readonly isUpdateAvailable: boolean | null;
  /** The notes of `latestVersion`. */
  readonly releaseUrl: string | null;
  readonly storage: {
    readonly totalBytes: number | null;
    readonly usedBytes: number | null;
    readonly freeBytes: number | null;
    /** 0 to 100, of what can be used: 100 means that nothing more can be written, as `df` counts. */
    readonly usedPercent: number | null;
  };
  readonly library: {
    readonly photos: number | null;
    readonly videos: number | null;
    /** Whose they are: of all users, or of the key's user alone. */
    readonly scope: 'server' | 'user' | null;
  };
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
  /** Failed jobs since the server started; only the metrics of its microservices tell. */
  readonly failedJobs: number | null;
  /** Since the look before, from the metrics of the API: its requests, and the time that 95 % of them stayed below. */
  readonly api: { readonly requestsPerSecond: number | null; readonly p95Ms: number | null };
  /** Null without https. */
  readonly certificateEndsAt: string | null;
  /** What is raised now. */
  readonly alerts: Readonly<Record<HealthAlert, boolean>>;
}

import {
  alertsOf,
  choiceOf,
  type Fields,
  fieldsOf,
  flagOf,
  numberOf,
  numbersOf,
  recordOf,
  textOf,
  textsOf,
  timeOf,
  webPageOf,
} from '../fields.js';
import { HEALTH_ALERTS, type HealthAlert } from '../health/health-report.js';
import { type AddressPayload, addressPayloads } from './address-payload.js';
import { type PayloadOptions, toldSentence } from './detail.js';

type Numbers<Key extends string> = Readonly<Record<Key, number | null>>;

/** How an Immich server is doing, as it goes over the wire. Every key is always there; null means unknown. */
export interface ServerStatePayload {
  readonly v: 1;
  readonly ts: string;
  readonly reachable: boolean | null;
  readonly latency_ms: number | null;
  readonly reachable_since: string | null;
  /** The web page, without a login: the address in use. */
  readonly url: string | null;
  readonly addresses: readonly AddressPayload[];
  /** What is unusual about them, for people. */
  readonly address_notice: string | null;
  /** Without a leading v, like every version. */
  readonly version: string | null;
  readonly latest_version: string | null;
  readonly update_available: boolean | null;
  readonly storage: Numbers<'total_bytes' | 'used_bytes' | 'free_bytes' | 'used_percent'>;
  /** Whose photos and videos are counted: of all users, or of the key's user alone. */
  readonly library: Numbers<'photos' | 'videos'> & { readonly scope: 'server' | 'user' | null };
  /** Of the key's user. */
  readonly quota: Numbers<'limit_bytes' | 'used_bytes' | 'used_percent'>;
  /** Jobs that wait, by group; failed since the server started. */
  readonly jobs: Numbers<
    'ml_waiting' | 'thumbnails_waiting' | 'video_waiting' | 'other_waiting' | 'total_waiting' | 'failed'
  > & { readonly paused_queues: readonly string[] | null };
  readonly api: Numbers<'requests_per_second' | 'p95_ms'>;
  readonly certificate_ends_at: string | null;
  /** Why it is not reachable, or what else kept the last look from seeing all, for machines and for people. */
  readonly problem_code: string | null;
  readonly problem: string | null;
  /** What is raised now. */
  readonly alerts: Readonly<Record<HealthAlert, boolean | null>>;
}

/** What Home Assistant's update entity reads; it wants exactly these keys. */
export interface ServerUpdatePayload {
  readonly installed_version: string | null;
  readonly latest_version: string | null;
  readonly title: 'Immich';
  readonly release_url: string | null;
  readonly release_summary: null;
  readonly in_progress: false;
  readonly update_percentage: null;
}

/** What the payload of an `immich/health` message says; undefined for no such record. Never throws. */
export function serverStatePayload(
  record: unknown,
  { detail = 'names', now = () => new Date() }: PayloadOptions = {},
): ServerStatePayload | undefined {
  const report = recordOf(record);
  if (report === undefined) return undefined;
  const problem = fieldsOf(report.problem);
  const sentence = textOf(problem.message);
  const notice = textOf(report.addressNotice);
  return {
    v: 1,
    ts: timeOf(report.at) ?? now().toISOString(),
    reachable: flagOf(report.isReachable),
    latency_ms: numberOf(report.latencyMs),
    reachable_since: timeOf(report.reachableSince),
    url: webPageOf(report.url),
    addresses: addressPayloads(report.addresses),
    address_notice: notice && toldSentence(notice, detail),
    version: versionOf(report.version),
    latest_version: versionOf(report.latestVersion),
    update_available: flagOf(report.isUpdateAvailable),
    storage: numbersOf(report.storage, {
      total_bytes: 'totalBytes',
      used_bytes: 'usedBytes',
      free_bytes: 'freeBytes',
      used_percent: 'usedPercent',
    }),
    library: libraryOf(report.library),
    quota: numbersOf(report.quota, {
      limit_bytes: 'limitBytes',
      used_bytes: 'usedBytes',
      used_percent: 'usedPercent',
    }),
    jobs: jobsOf(report),
    api: numbersOf(report.api, { requests_per_second: 'requestsPerSecond', p95_ms: 'p95Ms' }),
    certificate_ends_at: timeOf(report.certificateEndsAt),
    problem_code: textOf(problem.kind),
    problem: sentence && toldSentence(sentence, detail),
    alerts: alertsOf(report.alerts, HEALTH_ALERTS),
  };
}

/** The same message for Home Assistant's update entity; undefined for no such record. Never throws. */
export function serverUpdatePayload(record: unknown): ServerUpdatePayload | undefined {
  const report = recordOf(record);
  if (report === undefined) return undefined;
  return {
    installed_version: versionOf(report.version),
    latest_version: versionOf(report.latestVersion),
    title: 'Immich',
    release_url: webPageOf(report.releaseUrl),
    release_summary: null,
    in_progress: false,
    update_percentage: null,
  };
}

function libraryOf(library: unknown): ServerStatePayload['library'] {
  return {
    ...numbersOf(library, { photos: 'photos', videos: 'videos' }),
    scope: choiceOf(fieldsOf(library).scope, ['server', 'user']),
  };
}

function jobsOf(report: Fields): ServerStatePayload['jobs'] {
  const waiting = numbersOf(report.backlog, {
    ml_waiting: 'machineLearning',
    thumbnails_waiting: 'thumbnails',
    video_waiting: 'video',
    other_waiting: 'other',
  });
  return {
    ...waiting,
    // A sum of what is known only in part would be a lie.
    total_waiting: Object.values(waiting).reduce((sum, count) =>
      sum === null || count === null ? null : sum + count,
    ),
    failed: numberOf(report.failedJobs),
    paused_queues: textsOf(report.pausedQueues),
  };
}

function versionOf(value: unknown): string | null {
  return textOf(textOf(value)?.replace(/^v(?=\d)/i, ''));
}

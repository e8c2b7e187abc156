import type { Alert } from '../alert.js';
import type { QueueCount } from '../immich/queue-counts.js';
import { isNewerVersion, releaseUrl } from '../immich/server-version.js';
import { addressNotice } from './address-notice.js';
import { createHealthAlerts } from './health-alerts.js';
import type { HealthReport } from './health-report.js';
import type { HealthLimits } from './health-settings.js';
import { createApiTrend, createGrowth } from './metrics-trend.js';
import { createOutageWatch } from './outage.js';
import type { ServerLook } from './server-look.js';
import type { ServerMetrics } from './server-metrics.js';

/** What one look tells: the report, and the alerts that it raised or cleared. */
export interface HealthOutcome {
  readonly report: HealthReport;
  readonly alerts: readonly Alert[];
}

export interface HealthWatchOptions {
  /** Origin of the server, as long as none of its addresses is in use. */
  readonly url: string;
  readonly limits: HealthLimits;
}

/** When something was seen: for people, and for measuring (a clock that does not run backwards). */
export interface Moment {
  readonly date: Date;
  readonly ms: number;
}

/** How long a server must answer until an outage is over. */
const SETTLE_MS = 120_000;
const FAILED_JOBS_WINDOW_MS = 3_600_000;

const MACHINE_LEARNING = [
  'smartSearch',
  'faceDetection',
  'facialRecognition',
  'duplicateDetection',
  'ocr',
] as const;
const THUMBNAILS = ['thumbnailGeneration', 'metadataExtraction', 'sidecar'] as const;
const VIDEO = ['videoConversion'] as const;

/** Makes reports and alerts of the looks at one server, each compared with those before. */
export function createHealthWatch({ url, limits }: HealthWatchOptions) {
  const alerts = createHealthAlerts(limits);
  const awayMinutes = createOutageWatch(SETTLE_MS);
  const apiTrend = createApiTrend();
  const failedJobs = createGrowth(FAILED_JOBS_WINDOW_MS);
  let reachableSince: string | null = null;

  return (look: ServerLook, metrics: ServerMetrics | null, moment: Moment): HealthOutcome => {
    const at = moment.date.toISOString();
    const isReachable = look.pong !== null;
    reachableSince = isReachable ? (reachableSince ?? at) : null;
    const report = {
      ...describe(look, metrics),
      isReachable,
      at,
      reachableSince,
      url: look.addresses.find(({ isInUse }) => isInUse)?.url ?? url,
      addresses: look.addresses,
      addressNotice: addressNotice(look.addresses),
      api: apiTrend(metrics, moment.ms),
    };
    const raisedOrCleared = alerts.look(
      {
        report,
        awayMinutes: awayMinutes(isReachable, moment.ms),
        newFailedJobs: failedJobs(report.failedJobs, moment.ms),
      },
      moment.ms,
    );
    return { report: { ...report, alerts: alerts.raised }, alerts: raisedOrCleared };
  };
}

type Described = Omit<
  HealthReport,
  'isReachable' | 'at' | 'reachableSince' | 'url' | 'addresses' | 'addressNotice' | 'api' | 'alerts'
>;

function describe(look: ServerLook, metrics: ServerMetrics | null): Described {
  const { version, latestVersion, storage, library, account, queues } = look;
  const { totalBytes = null, usedBytes = null, freeBytes = null } = storage ?? {};
  return {
    problem: look.problem ?? metrics?.problem ?? null,
    latencyMs: look.pong?.latencyMs ?? null,
    version,
    latestVersion,
    isUpdateAvailable: isNewerVersion(latestVersion, version),
    releaseUrl: latestVersion === null ? null : releaseUrl(latestVersion),
    storage: {
      totalBytes,
      usedBytes,
      freeBytes,
      // Blocks that only root may write are neither used nor free: 100 % is when nothing more can be written.
      usedPercent: percentOf(
        usedBytes,
        usedBytes === null || freeBytes === null ? null : usedBytes + freeBytes,
      ),
    },
    library: {
      photos: library?.photos ?? null,
      videos: library?.videos ?? null,
      scope: library?.scope ?? null,
    },
    quota: {
      limitBytes: account?.limitBytes ?? null,
      usedBytes: account?.usedBytes ?? null,
      usedPercent: percentOf(account?.usedBytes ?? null, account?.limitBytes ?? null),
    },
    backlog: {
      machineLearning: backlogOf(queues, isIn(MACHINE_LEARNING)),
      thumbnails: backlogOf(queues, isIn(THUMBNAILS)),
      video: backlogOf(queues, isIn(VIDEO)),
      other: backlogOf(queues, (name) => !isIn([...MACHINE_LEARNING, ...THUMBNAILS, ...VIDEO])(name)),
    },
    pausedQueues: queues?.filter(({ isPaused }) => isPaused).map(({ name }) => name) ?? null,
    failedJobs: metrics?.failedJobs ?? null,
    certificateEndsAt: look.pong?.certificateEndsAt ?? null,
  };
}

function isIn(group: readonly string[]): (name: string) => boolean {
  return (name) => group.includes(name);
}

function backlogOf(queues: readonly QueueCount[] | null, isMeant: (name: string) => boolean): number | null {
  if (queues === null) return null;
  return queues.filter(({ name }) => isMeant(name)).reduce((sum, { backlog }) => sum + backlog, 0);
}

/** With one digit; everything is all of nothing. */
function percentOf(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null) return null;
  return whole === 0 ? 100 : Math.round((part / whole) * 1_000) / 10;
}

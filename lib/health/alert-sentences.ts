import { say } from '../say.js';
import type { HealthAlert, HealthReport } from './health-report.js';

/** A report before its alerts are known, and the value that an alert is about. */
export interface AlertContext {
  readonly report: Omit<HealthReport, 'alerts'>;
  readonly value: number | null;
}

type Words = (context: AlertContext) => string;

const RAISED: Record<HealthAlert, Words> = {
  down: ({ report, value }) => {
    const minutes = Math.floor(value ?? 0);
    const why = report.problem?.message ?? say`it does not answer.`;
    if (minutes === 0) return say`Immich is down: ${why}`;
    return minutes === 1
      ? say`Immich has been down for ${minutes} minute: ${why}`
      : say`Immich has been down for ${minutes} minutes: ${why}`;
  },
  storage: ({ report, value }) =>
    say`Immich's disk is ${whole(value)} % full: ${bytes(report.storage.freeBytes)} are left.`,
  ml_backlog: ({ value }) =>
    value === 1
      ? say`${value} machine-learning job of Immich waits.`
      : say`${value ?? 0} machine-learning jobs of Immich wait.`,
  failed_jobs: ({ value }) =>
    value === 1
      ? say`${value} job of Immich failed within the last hour.`
      : say`${value ?? 0} jobs of Immich failed within the last hour.`,
  queue_paused: ({ report }) => say`Paused in Immich: ${(report.pausedQueues ?? []).join(', ')}.`,
  quota: ({ report: { quota }, value }) =>
    say`The quota of Immich's user is ${whole(value)} % used: ${bytes(left(quota.limitBytes, quota.usedBytes))} are left.`,
  certificate: ({ report: { url, certificateEndsAt }, value }) => {
    if ((value ?? 0) < 0) return say`The certificate of ${String(url)} ended on ${day(certificateEndsAt)}.`;
    const days = Math.floor(value ?? 0);
    return days === 1
      ? say`The certificate of ${String(url)} ends in ${days} day, on ${day(certificateEndsAt)}.`
      : say`The certificate of ${String(url)} ends in ${days} days, on ${day(certificateEndsAt)}.`;
  },
  update: ({ report: { latestVersion, version } }) =>
    say`Immich ${String(latestVersion)} can be installed; ${String(version)} is running.`,
};

const CLEARED: Record<HealthAlert, Words> = {
  down: () => say`Immich answers again.`,
  storage: ({ value }) => say`Immich's disk has room again: it is ${whole(value)} % full.`,
  ml_backlog: ({ value }) =>
    value === 1
      ? say`Immich's machine learning caught up: ${value} job waits.`
      : say`Immich's machine learning caught up: ${value ?? 0} jobs wait.`,
  failed_jobs: ({ value }) => {
    if (value === 0) return say`No job of Immich has failed for an hour.`;
    return value === 1
      ? say`Only ${value} job of Immich failed within the last hour.`
      : say`Only ${value ?? 0} jobs of Immich failed within the last hour.`;
  },
  queue_paused: () => say`No queue of Immich is paused any more.`,
  quota: ({ value }) => say`The quota of Immich's user has room again: ${whole(value)} % is used.`,
  certificate: ({ report }) =>
    say`The certificate of ${String(report.url)} is good until ${day(report.certificateEndsAt)}.`,
  update: ({ report }) => say`Immich ${String(report.version)} is the newest version.`,
};

/** What happened, in one sentence for a person. */
export function alertSentence(alert: HealthAlert, isRaised: boolean, context: AlertContext): string {
  return (isRaised ? RAISED : CLEARED)[alert](context);
}

function whole(value: number | null): number {
  return Math.round(value ?? 0);
}

function left(limit: number | null, used: number | null): number | null {
  return limit === null || used === null ? null : Math.max(0, limit - used);
}

/** In the units that Immich's own pages use. */
function bytes(count: number | null): string {
  if (count === null) return say`an unknown number of bytes`;
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return step === 0 ? say`${count} bytes` : `${(count / 1024 ** step).toFixed(1)} ${units[step]}`;
}

function day(at: string | null): string {
  return at?.slice(0, 10) ?? say`an unknown day`;
}

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
    const since = minutes === 0 ? 'is down' : `has been down for ${counted(minutes, 'minute')}`;
    return `Immich ${since}: ${report.problem?.message ?? 'it does not answer.'}`;
  },
  storage: ({ report, value }) =>
    `Immich's disk is ${percent(value)} full: ${bytes(report.storage.freeBytes)} are left.`,
  ml_backlog: ({ value }) => `${counted(value ?? 0, 'machine-learning job')} of Immich wait${plural(value)}.`,
  failed_jobs: ({ value }) => `${counted(value ?? 0, 'job')} of Immich failed within the last hour.`,
  queue_paused: ({ report }) => `Paused in Immich: ${(report.pausedQueues ?? []).join(', ')}.`,
  quota: ({ report: { quota }, value }) =>
    `The quota of Immich's user is ${percent(value)} used: ${bytes(left(quota.limitBytes, quota.usedBytes))} are left.`,
  certificate: ({ report, value }) =>
    (value ?? 0) < 0
      ? `The certificate of ${report.url} ended on ${day(report.certificateEndsAt)}.`
      : `The certificate of ${report.url} ends in ${counted(Math.floor(value ?? 0), 'day')}, on ${day(report.certificateEndsAt)}.`,
  update: ({ report }) => `Immich ${report.latestVersion} can be installed; ${report.version} is running.`,
};

const CLEARED: Record<HealthAlert, Words> = {
  down: () => 'Immich answers again.',
  storage: ({ value }) => `Immich's disk has room again: it is ${percent(value)} full.`,
  ml_backlog: ({ value }) =>
    `Immich's machine learning caught up: ${counted(value ?? 0, 'job')} wait${plural(value)}.`,
  failed_jobs: ({ value }) =>
    value === 0
      ? 'No job of Immich has failed for an hour.'
      : `Only ${counted(value ?? 0, 'job')} of Immich failed within the last hour.`,
  queue_paused: () => 'No queue of Immich is paused any more.',
  quota: ({ value }) => `The quota of Immich's user has room again: ${percent(value)} is used.`,
  certificate: ({ report }) =>
    `The certificate of ${report.url} is good until ${day(report.certificateEndsAt)}.`,
  update: ({ report }) => `Immich ${report.version} is the newest version.`,
};

/** What happened, in one sentence for a person. */
export function alertSentence(alert: HealthAlert, isRaised: boolean, context: AlertContext): string {
  return (isRaised ? RAISED : CLEARED)[alert](context);
}

function percent(value: number | null): string {
  return `${Math.round(value ?? 0)} %`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** The ending of the verb: one job waits, two wait. */
function plural(count: number | null): string {
  return count === 1 ? 's' : '';
}

function left(limit: number | null, used: number | null): number | null {
  return limit === null || used === null ? null : Math.max(0, limit - used);
}

/** In the units that Immich's own pages use. */
function bytes(count: number | null): string {
  if (count === null) return 'an unknown number of bytes';
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return `${step === 0 ? count : (count / 1024 ** step).toFixed(1)} ${units[step]}`;
}

function day(at: string | null): string {
  return at?.slice(0, 10) ?? 'an unknown day';
}

import type { Alert } from '../alert.js';
import { type AlertWatch, type AlertWatchOptions, createAlertWatch } from '../alert-watch.js';
import { alertSentence } from './alert-sentences.js';
import { HEALTH_ALERTS, type HealthAlert, type HealthReport } from './health-report.js';
import type { HealthLimits } from './health-settings.js';

/** What one look gives the alerts to judge. */
export interface AlertFacts {
  readonly report: Omit<HealthReport, 'alerts'>;
  /** As `createOutageWatch` tells it. */
  readonly awayMinutes: number | null;
  /** Failed jobs of the last hour; null when unknown. */
  readonly newFailedJobs: number | null;
}

export interface HealthAlerts {
  /** What is raised or cleared by this look; `nowMs` of any clock that does not run backwards. */
  look(facts: AlertFacts, nowMs: number): Alert[];
  /** What is raised now. */
  readonly raised: Readonly<Record<HealthAlert, boolean>>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Whatever comes and goes within ten minutes is one alert. */
const CALM_MS = 10 * MINUTE_MS;
/** With the time until an outage is over, a server is back when it has answered for five minutes on end. */
const BACK_MS = 3 * MINUTE_MS;

/** Watches one server with the limits of a user; see `createAlertWatch` for hysteresis and hold times. */
export function createHealthAlerts(limits: HealthLimits): HealthAlerts {
  const watches = new Map<HealthAlert, AlertWatch>();
  for (const name of HEALTH_ALERTS) {
    const rule = ruleOf(name, limits);
    if (rule !== null) watches.set(name, createAlertWatch({ name, ...rule }));
  }
  return {
    look(facts, nowMs) {
      return [...watches].flatMap(([name, watch]) => {
        const change = watch.look(watchedValue(name, facts), nowMs);
        if (change === null) return [];
        const { isRaised, value, limit } = change;
        const { report } = facts;
        const message = alertSentence(name, isRaised, { report, value });
        return [{ alert: name, isRaised, message, value, limit, at: report.at, gpu: null }];
      });
    },
    get raised() {
      const states = HEALTH_ALERTS.map((name) => [name, watches.get(name)?.isRaised === true]);
      return Object.fromEntries(states) as Record<HealthAlert, boolean>;
    },
  };
}

function ruleOf(name: HealthAlert, limits: HealthLimits): Omit<AlertWatchOptions, 'name'> | null {
  switch (name) {
    case 'down':
      // The outage itself knows how long it lasts and when it may be over.
      return above(limits.downMinutes, { clearBelow: 0, clearHoldMs: BACK_MS });
    case 'storage':
      return above(limits.storagePercent, { clearBelow: lower(limits.storagePercent), clearHoldMs: CALM_MS });
    case 'quota':
      return above(limits.quotaPercent, { clearBelow: lower(limits.quotaPercent), clearHoldMs: CALM_MS });
    case 'ml_backlog': {
      const holdMs = limits.mlMinutes * MINUTE_MS;
      const clearBelow = Math.floor((limits.mlBacklog ?? 0) * 0.8);
      return above(limits.mlBacklog, { clearBelow, holdMs, clearHoldMs: CALM_MS });
    }
    case 'failed_jobs':
      return above(limits.failedJobs, {});
    case 'queue_paused': {
      const holdMs = (limits.pausedMinutes ?? 0) * MINUTE_MS;
      return above(limits.pausedMinutes === null ? null : 0, { holdMs, clearHoldMs: CALM_MS });
    }
    case 'certificate': {
      const days = limits.certificateDays;
      return days === null ? null : { raiseBelow: days, clearAbove: days + 1, clearHoldMs: CALM_MS };
    }
    case 'update':
      return limits.hasUpdateAlert ? { clearHoldMs: CALM_MS } : null;
  }
}

function above(
  raiseAbove: number | null,
  rule: Omit<AlertWatchOptions, 'name' | 'raiseAbove'>,
): Omit<AlertWatchOptions, 'name'> | null {
  return raiseAbove === null ? null : { raiseAbove, ...rule };
}

/** Two percent lower. */
function lower(percent: number | null): number {
  return Math.max(0, (percent ?? 0) - 2);
}

function watchedValue(name: HealthAlert, facts: AlertFacts): number | boolean | null {
  const { report, awayMinutes, newFailedJobs } = facts;
  switch (name) {
    case 'down':
      return awayMinutes;
    case 'storage':
      return report.storage.usedPercent;
    case 'quota':
      return report.quota.usedPercent;
    case 'ml_backlog':
      return report.backlog.machineLearning;
    case 'failed_jobs':
      return newFailedJobs;
    case 'queue_paused':
      return report.pausedQueues?.length ?? null;
    case 'certificate':
      return daysLeft(report);
    case 'update':
      return report.isUpdateAvailable;
  }
}

function daysLeft({ certificateEndsAt, at }: Omit<HealthReport, 'alerts'>): number | null {
  if (certificateEndsAt === null) return null;
  return Math.round(((Date.parse(certificateEndsAt) - Date.parse(at)) / DAY_MS) * 10) / 10;
}

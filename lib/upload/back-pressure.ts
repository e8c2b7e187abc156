import { fieldsOf } from '../fields.js';
import { HEALTH_ALERTS, type HealthAlert } from '../health/health-report.js';
import { ImmichError } from '../immich/immich-error.js';
import { say } from '../say.js';
import type { Pressure } from './room.js';

/** What an uploader does while the server wants rest. */
export const PRESSURE_POLICIES = ['off', 'slow', 'hold'] as const;

export type PressurePolicy = (typeof PRESSURE_POLICIES)[number];

/** Alerts that more photos would make worse. */
const REASONS: Partial<Record<HealthAlert, () => string>> = {
  ml_backlog: () => say`its machine learning is behind`,
  storage: () => say`its disk is nearly full`,
  quota: () => say`the quota is nearly used up`,
};

export interface BackPressureOptions {
  readonly policy: PressurePolicy;
  readonly signal: AbortSignal;
  /** Called when the pressure changes; undefined when there is none. */
  readonly onChange: (pressure: Pressure | undefined) => void;
  /** A report counts for so long, in milliseconds: nobody waits for a health node that is gone. */
  readonly validMs?: number;
}

/**
 * Makes what follows the reports of `immich-health`: alerts on backlog, disk or quota press on the uploader until
 * they are cleared. It has the node's hysteresis, and so it does not flutter.
 */
export function followHealth(options: BackPressureOptions): (report: unknown) => void {
  const { policy, signal, onChange, validMs = 3_600_000 } = options;
  let told = '';
  let expiry: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(expiry));
  const press = (reasons: readonly string[]) => {
    const sentence = reasons.join(say`, and `);
    if (sentence === told || signal.aborted) return;
    told = sentence;
    onChange(policy === 'off' || sentence === '' ? undefined : pressureOf(policy, sentence));
  };
  return (report) => {
    clearTimeout(expiry);
    if (policy === 'off') return;
    expiry = setTimeout(press, validMs, []);
    expiry.unref();
    press(reasonsIn(report));
  };
}

function pressureOf(mode: Pressure['mode'], why: string): Pressure {
  const sentence =
    mode === 'slow'
      ? say`Immich wants rest: ${why}. Files go one at a time until that is over.`
      : say`Immich wants rest: ${why}. Files wait until that is over.`;
  return { mode, reason: new ImmichError('busy', sentence) };
}

function reasonsIn(report: unknown): string[] {
  const raised = fieldsOf(fieldsOf(report).alerts);
  return HEALTH_ALERTS.flatMap((alert) => (raised[alert] === true ? (REASONS[alert]?.() ?? []) : []));
}

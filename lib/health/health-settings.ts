import { say } from '../say.js';
import { SettingError, settingBoolean, settingNumber, settingText } from '../settings.js';

/** When an alert is raised; null is never. */
export interface HealthLimits {
  /** Longer away than so many minutes. */
  readonly downMinutes: number | null;
  /** Used percent of the disk. */
  readonly storagePercent: number | null;
  /** More machine-learning jobs than these wait, for `mlMinutes`. */
  readonly mlBacklog: number | null;
  readonly mlMinutes: number;
  /** More new failed jobs within an hour. */
  readonly failedJobs: number | null;
  /** A queue is paused for so many minutes. */
  readonly pausedMinutes: number | null;
  readonly quotaPercent: number | null;
  /** Fewer days until the certificate ends. */
  readonly certificateDays: number | null;
  /** A newer version can be had. */
  readonly hasUpdateAlert: boolean;
}

export interface HealthSettings {
  readonly intervalMs: number;
  /** The longest time for one question. */
  readonly limitMs: number;
  readonly metricsAddresses: readonly string[];
  readonly limits: HealthLimits;
}

/** What the editor delivers: text that may be a variable. */
export type HealthConfig = Partial<
  Record<
    | 'interval'
    | 'limit'
    | 'metricsApi'
    | 'metricsJobs'
    | 'downMinutes'
    | 'storagePercent'
    | 'mlBacklog'
    | 'mlMinutes'
    | 'failedJobs'
    | 'pausedMinutes'
    | 'quotaPercent'
    | 'certificateDays'
    | 'updateAlert',
    string
  >
>;

const PERCENT = { min: 1, max: 100 };
const COUNT = { min: 0, max: 1e9, isWhole: true };
/** A week. */
const MINUTES = { min: 0, max: 10_080 };

/**
 * Turns the fields of the editor into settings; an empty one has its default.
 * @throws SettingError that names the field and says what to type instead
 */
export function parseHealthSettings(config: HealthConfig): HealthSettings {
  const addresses = [
    metricsAddress(say`API metrics`, config.metricsApi),
    metricsAddress(say`Job metrics`, config.metricsJobs),
  ].filter((address) => address !== undefined);
  return {
    intervalMs: settingNumber(say`Look every`, config.interval, 60, { min: 5, max: 86_400 }) * 1_000,
    limitMs: settingNumber(say`Give up after`, config.limit, 20, { min: 1, max: 120 }) * 1_000,
    metricsAddresses: [...new Set(addresses)],
    limits: {
      downMinutes: limit(say`Down for`, config.downMinutes, 5, MINUTES),
      storagePercent: limit(say`Disk over`, config.storagePercent, 85, PERCENT),
      mlBacklog: limit(say`ML jobs over`, config.mlBacklog, 100, COUNT),
      mlMinutes: settingNumber(say`ML jobs wait for`, config.mlMinutes, 10, MINUTES),
      failedJobs: limit(say`Failed over`, config.failedJobs, 0, COUNT),
      pausedMinutes: limit(say`Paused for`, config.pausedMinutes, 5, MINUTES),
      quotaPercent: limit(say`Quota over`, config.quotaPercent, 90, PERCENT),
      certificateDays: limit(say`Certificate`, config.certificateDays, 14, { min: 0, max: 3_650 }),
      hasUpdateAlert: settingBoolean(say`New version`, config.updateAlert, true),
    },
  };
}

function limit(
  field: string,
  value: string | undefined,
  fallback: number,
  range: Parameters<typeof settingNumber>[3],
): number | null {
  const text = settingText(value);
  if (text === undefined) return fallback;
  if (text.toLowerCase() === 'off') return null;
  try {
    return settingNumber(field, text, fallback, range);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new SettingError(say`${error.message} Or type off, for no such alert.`);
  }
}

/** A metrics address as it is asked: `http://` and `/metrics` are added where they lack. */
function metricsAddress(field: string, value: string | undefined): string | undefined {
  const text = settingText(value);
  if (text === undefined) return undefined;
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.hostname === '' || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new SettingError(
      say`${field}: "${text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1')}" does not work here. Type an address without a login, as in http://192.168.1.10:8091/metrics, or nothing.`,
    );
  }
  if (url.pathname === '/') url.pathname = '/metrics';
  url.hash = '';
  return url.href;
}

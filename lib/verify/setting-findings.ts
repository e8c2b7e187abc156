import { parseHealthSettings } from '../health/health-settings.js';
import { parseOrganiseSettings } from '../organise/organise-settings.js';
import { SettingError, settingBoolean, settingChoice, settingNumber, settingText } from '../settings.js';
import { PRESSURE_POLICIES } from '../upload/back-pressure.js';
import { CONCURRENCY_RANGE } from '../upload/command.js';
import { STACK_POLICIES } from '../upload/join-assets.js';
import { parseQuietHours } from '../upload/quiet-hours.js';
import { UPLOAD_ORDERS } from '../upload/waiting-line.js';
import { parseFolderSettings } from '../watch/folder-settings.js';
import { type Finding, findingsIn } from './finding.js';

const finding = findingsIn('Settings');
const SECONDS = { min: 0 };

/** How each variable is read; the nodes read it in the same way. */
const READERS: Readonly<Record<string, (value: string | undefined, name: string) => unknown>> = {
  WATCH_RECURSIVE: (recursive) => parseFolderSettings({ recursive }),
  SUPPORTED_EXTENSIONS: (extensions) => parseFolderSettings({ extensions }),
  MAX_FILE_SIZE_MB: (maxSizeMB) => parseFolderSettings({ maxSizeMB }),
  FILE_STABILITY_WAIT_SECONDS: (value, name) => settingNumber(name, value, 5, SECONDS),
  FILE_STABILITY_CHECK_INTERVAL: (value, name) => settingNumber(name, value, 1, { min: 0.05 }),
  MIN_STABILITY_WAIT_SIZE_MB: (value, name) => settingNumber(name, value, 100, SECONDS),
  FILE_STABILITY_WAIT_SECONDS_VIDEO: (value, name) => settingNumber(name, value, 30, SECONDS),
  VERIFY_VIDEO_INTEGRITY: (value, name) => settingBoolean(name, value, true),
  COMPANION_WAIT_SECONDS: (value, name) => settingNumber(name, value, 2, SECONDS),
  UPLOAD_CONCURRENCY: (value, name) => settingNumber(name, value, 4, CONCURRENCY_RANGE),
  UPLOAD_BACK_PRESSURE: (value, name) => settingChoice(name, value, PRESSURE_POLICIES, 'off'),
  UPLOAD_ORDER: (value, name) => settingChoice(name, value, UPLOAD_ORDERS, 'found'),
  UPLOAD_STACK: (value, name) => settingChoice(name, value, STACK_POLICIES, 'jpeg'),
  DRY_RUN: (value, name) => settingBoolean(name, value, false),
  UPLOAD_LIMIT_MBIT: (value, name) => settingNumber(name, value, 0, { min: 0, max: 100_000 }),
  QUIET_HOURS: (value, name) => parseQuietHours(name, value),
  ALBUMS: (albums) => parseOrganiseSettings({ albums }),
  TAGS: (tags) => parseOrganiseSettings({ tags }),
  UPLOAD_FAVORITE: (favorite) => parseOrganiseSettings({ favorite }),
  UPLOAD_VISIBILITY: (visibility) => parseOrganiseSettings({ visibility }),
  DATE_FROM_NAME: (dateFromName) => parseOrganiseSettings({ dateFromName }),
  PHOTO_TIME_ZONE: (timeZone) => parseOrganiseSettings({ timeZone }),
  IMMICH_METRICS_API_URL: (metricsApi) => parseHealthSettings(metricsApi === undefined ? {} : { metricsApi }),
  IMMICH_METRICS_JOBS_URL: (metricsJobs) =>
    parseHealthSettings(metricsJobs === undefined ? {} : { metricsJobs }),
};

/** The result of something that reads settings, or the sentence of its SettingError. */
export function readOrSay<Result>(read: () => Result): { value: Result } | { sentence: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof SettingError) return { sentence: error.message };
    throw error;
  }
}

/** Reads every variable that is text, number or choice, and tells those that cannot be used. */
export function settingFindings(env: NodeJS.ProcessEnv): Finding[] {
  const wrong = Object.entries(READERS).flatMap(([name, read]) => {
    const result = readOrSay(() => read(settingText(env[name]), name));
    return 'sentence' in result ? [finding(name, 'problem', result.sentence)] : [];
  });
  if (wrong.length > 0) return wrong;
  const count = Object.keys(READERS).filter((name) => settingText(env[name]) !== undefined).length;
  return [finding('values', 'ok', `${count} set besides addresses and folders, all usable`)];
}

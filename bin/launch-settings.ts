import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { SettingError, settingList, settingNumber, settingText } from '../lib/settings.js';

/** Node-RED's own words for what goes to the console. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** What `npm start` is going to do. Paths are absolute. */
export interface LaunchPlan {
  /** No Immich was named: everything runs on stand-ins. */
  readonly isDemo: boolean;
  readonly host: string;
  readonly port: number;
  /** Node-RED's user directory. */
  readonly userDir: string;
  readonly watchFolders: readonly string[];
  readonly archiveFolder: string;
  /** Undefined when failed files stay where they are. */
  readonly failedFolder: string | undefined;
  readonly logLevel: LogLevel;
  readonly instance: string;
}

/** Names of the former uploader's log levels beside Node-RED's own. */
const LOG_LEVELS: Record<string, LogLevel> = {
  critical: 'fatal',
  warning: 'warn',
  fatal: 'fatal',
  error: 'error',
  warn: 'warn',
  info: 'info',
  debug: 'debug',
  trace: 'trace',
};

/**
 * Reads the environment.
 * @throws SettingError with the variable and what to type instead
 */
export function planLaunch(env: NodeJS.ProcessEnv, folder: string): LaunchPlan {
  const level = (settingText(env.LOG_LEVEL) ?? 'info').toLowerCase();
  const logLevel = LOG_LEVELS[level];
  if (logLevel === undefined) {
    throw new SettingError(`LOG_LEVEL: "${level}" does not work here. Type DEBUG, INFO, WARNING or ERROR.`);
  }
  const isDemo = settingText(env.IMMICH_API_URL) === undefined;
  const meant = ['IMMICH_API_KEY', 'IMMICH_API_KEY_FILE', 'WATCH_DIRECTORIES', 'ARCHIVE_DIRECTORY'];
  const set = meant.filter((name) => settingText(env[name]) !== undefined);
  if (isDemo && set.length > 0) {
    throw new SettingError(
      `IMMICH_API_URL: it is empty, though ${set.join(' and ')} is set. Type Immich's address; the stand-in keeps nothing, so it gets no folder of yours. To look around, start without these settings.`,
    );
  }
  if (!isDemo && !settingText(env.IMMICH_API_KEY) && !settingText(env.IMMICH_API_KEY_FILE)) {
    throw new SettingError(
      'IMMICH_API_KEY: it is empty. Make a key in Immich under Account settings > API keys and set it, or name a file with it in IMMICH_API_KEY_FILE.',
    );
  }
  const absolute = (path: string) => absoluteIn(folder, path);
  return {
    isDemo,
    host: settingText(env.HOST) ?? '127.0.0.1',
    port: settingNumber('PORT', env.PORT, 1880, { min: 0, max: 65_535, isWhole: true }),
    userDir: absolute(settingText(env.IMMICH_BRIDGE_DIR) ?? '.immich-bridge'),
    ...launchFolders(env, folder),
    logLevel,
    instance: settingText(env.MQTT_INSTANCE) ?? hostname(),
  };
}

/** The folders that the environment names, or their defaults, as absolute paths. */
export function launchFolders(
  env: NodeJS.ProcessEnv,
  folder: string,
): Pick<LaunchPlan, 'watchFolders' | 'archiveFolder' | 'failedFolder'> {
  const watched = settingList(env.WATCH_DIRECTORIES);
  const watchFolders = watched.length > 0 ? watched : [join('photos', 'inbox')];
  const failedFolder = settingText(env.FAILED_DIRECTORY);
  const archiveFolder = settingText(env.ARCHIVE_DIRECTORY) ?? join('photos', 'archive');
  return {
    watchFolders: watchFolders.map((path) => absoluteIn(folder, path)),
    archiveFolder: absoluteIn(folder, archiveFolder),
    failedFolder: failedFolder && absoluteIn(folder, failedFolder),
  };
}

function absoluteIn(folder: string, path: string): string {
  return resolve(folder, path.replace(/^~(?=\/|$)/, homedir()));
}

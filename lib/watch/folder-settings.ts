import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { say } from '../say.js';
import { SettingError, settingBoolean, settingList, settingNumber, settingText } from '../settings.js';
import { parseExtensions } from './extensions.js';
import type { FolderWatchOptions } from './folder-watch.js';
import { compileIgnoreRules, defaultIgnorePatterns } from './ignore-rules.js';

/** The settings of folder-watch as a person writes them. */
export interface FolderWatchConfig {
  readonly folders?: string | readonly string[];
  readonly recursive?: string;
  readonly extensions?: string;
  readonly minSizeKB?: string;
  readonly maxSizeMB?: string;
  readonly ignorePatterns?: string | readonly string[];
  readonly hasDefaultIgnores?: string;
  readonly archiveFolder?: string;
  readonly failedFolder?: string;
  readonly followSymlinks?: string;
  readonly polling?: string;
  readonly pollSeconds?: string;
  readonly rescanMinutes?: string;
}

const KB = 1024;
const MB = 1024 * KB;
/** The longest that a timer of Node can wait is a little more. */
const WEEK_MINUTES = 7 * 24 * 60;

/**
 * Turns the settings into options.
 * @throws SettingError for a setting that cannot be used
 */
export function parseFolderSettings(config: FolderWatchConfig, home = homedir()): FolderWatchOptions {
  const { minBytes, maxBytes } = parseSizes(config);
  const archiveFolder = settingText(config.archiveFolder);
  const failedFolder = settingText(config.failedFolder);
  const patterns = settingList(config.ignorePatterns);
  const hasDefaults = settingBoolean(say`Usual litter`, config.hasDefaultIgnores, true);
  return {
    folders: settingList(config.folders).map((folder) => fullPath(say`Folders`, folder, home)),
    isRecursive: settingBoolean(say`Folders below`, config.recursive, true),
    extensions: parseExtensions('Extensions', settingList(config.extensions)),
    minBytes,
    maxBytes,
    isIgnored: compileIgnoreRules(hasDefaults ? [...defaultIgnorePatterns, ...patterns] : patterns),
    archiveFolder: archiveFolder && fullPath(say`Archive folder`, archiveFolder, home),
    failedFolder: failedFolder && fullPath(say`Folder of failed files`, failedFolder, home),
    isFollowingLinks: settingBoolean(say`Follow links`, config.followSymlinks, false),
    isPolling: settingBoolean(say`Network share`, config.polling, false),
    pollMs: 1000 * settingNumber(say`Ask every`, config.pollSeconds, 5, { min: 0.1, max: 86_400 }),
    rescanMs:
      60_000 * settingNumber(say`Look anew every`, config.rescanMinutes, 5, { min: 0.01, max: WEEK_MINUTES }),
  };
}

function parseSizes(config: FolderWatchConfig): { minBytes: number; maxBytes: number } {
  const minBytes = KB * settingNumber(say`Smallest file`, config.minSizeKB, 0, { min: 0 });
  const maxMB =
    settingText(config.maxSizeMB) === undefined
      ? Number.POSITIVE_INFINITY
      : settingNumber(say`Largest file`, config.maxSizeMB, 0, { min: 0 });
  // The Python uploader's way to say "no limit".
  const maxBytes = maxMB === 0 ? Number.POSITIVE_INFINITY : maxMB * MB;
  if (minBytes <= maxBytes) return { minBytes, maxBytes };
  throw new SettingError(
    say`Smallest file: it is larger than the largest file, so no file fits. Type a smaller one.`,
  );
}

/**
 * The absolute path of a folder as a person writes it; `~` is the home folder.
 * @throws SettingError for one that does not start at the root
 */
export function fullPath(field: string, written: string, home = homedir()): string {
  const path = /^~($|[/\\])/.test(written) ? join(home, written.slice(1)) : written;
  if (isAbsolute(path)) return resolve(path);
  throw new SettingError(
    say`${field}: "${written}" is no full path. Type it from the root on, for example /home/anna/Pictures.`,
  );
}

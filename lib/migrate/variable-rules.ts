import { apiBases } from '../immich/server-address.js';
import { SettingError } from '../settings.js';
import type { FormerVariable } from './former-settings.js';

/** What becomes of a variable. Without a value it has no place any more. */
export interface Mapped {
  readonly value?: string;
  /** What a person should know of it, sentences. */
  readonly notes: readonly string[];
  /** The value could not be taken over: a person has to look. */
  readonly isTrouble?: boolean;
}

export interface VariableRule {
  /** What becomes of it when it is set. */
  readonly map: (value: string) => Mapped;
  /** What is different when it was not set. */
  readonly unset?: string;
}

const NO_NOTIFICATIONS =
  'There are no notifications on the desktop any more. Set MQTT_URL: Home Assistant then tells a phone (docs/home-assistant.md).';

/** What the Python uploader took when SUPPORTED_EXTENSIONS was not set. */
export const FORMER_EXTENSIONS = 'jpg,jpeg,png,gif,bmp,tiff,webp,mp4,mov,avi,mkv,wmv,flv,m4v,3gp';

/** One rule a variable, in the order in which they are written. */
export const VARIABLE_RULES: Readonly<Record<FormerVariable, VariableRule>> = {
  IMMICH_API_URL: { map: mapAddress, unset: 'It has to be set.' },
  // The value of the key is added only where it may be.
  IMMICH_API_KEY: { map: (value) => ({ value, notes: keyNotes(value) }), unset: 'It has to be set.' },
  WATCH_DIRECTORIES: { map: mapFolders, unset: 'It has to be set.' },
  ARCHIVE_DIRECTORY: {
    map: (value) => ({
      value,
      notes: [
        ...pathNotes(value),
        'The folders below the watched folder are kept in the archive. For the former flat archive type {name} as the template of the node archive move.',
      ],
    }),
    unset: 'It has to be set.',
  },
  WATCH_RECURSIVE: { map: mapBoolean },
  SUPPORTED_EXTENSIONS: {
    map: (value) => ({ value, notes: ['Without this line all that your Immich takes is uploaded.'] }),
    unset: `All that your Immich takes is uploaded. As before would be: SUPPORTED_EXTENSIONS=${FORMER_EXTENSIONS}`,
  },
  MAX_FILE_SIZE_MB: {
    map: same,
    unset: 'There is no limit any more. As before would be: MAX_FILE_SIZE_MB=1000',
  },
  FILE_STABILITY_WAIT_SECONDS: { map: same },
  FILE_STABILITY_CHECK_INTERVAL: { map: same },
  FILE_STABILITY_WAIT_SECONDS_VIDEO: { map: same },
  MIN_STABILITY_WAIT_SIZE_MB: { map: same },
  VERIFY_VIDEO_INTEGRITY: { map: mapBoolean },
  LOG_LEVEL: { map: mapLevel },
  POLL_INTERVAL_SECONDS: {
    map: () => ({ notes: ['It was read and never used. Shares: set polling in the node folder watch.'] }),
  },
  ENABLE_NOTIFICATIONS: { map: () => ({ notes: [NO_NOTIFICATIONS] }) },
  NOTIFICATION_BATCH_SIZE: { map: () => ({ notes: [NO_NOTIFICATIONS] }) },
  NOTIFICATION_BATCH_TIMEOUT: { map: () => ({ notes: [NO_NOTIFICATIONS] }) },
};

function same(value: string): Mapped {
  return { value, notes: [] };
}

function mapAddress(value: string): Mapped {
  try {
    const { baseUrl, otherBaseUrls } = apiBases(value);
    const addresses = [baseUrl, ...otherBaseUrls].map((base) => base.replace(/\/api$/, ''));
    return { value: addresses.join(','), notes: [] };
  } catch (error) {
    if (error instanceof SettingError) return { notes: [error.message], isTrouble: true };
    throw error;
  }
}

function keyNotes(value: string): string[] {
  return /^your[_-]/i.test(value) ? ['This looks like the example, not like a key.'] : [];
}

function mapFolders(value: string): Mapped {
  const notes = pathNotes(value);
  if (!/[;\n]/.test(value)) return { value, notes };
  const advice = 'Semicolons part folders here, as commas do: rename the folder, or type it in the node.';
  return { value, notes: [...notes, advice], isTrouble: true };
}

function pathNotes(value: string): string[] {
  const paths = value.split(',').map((path) => path.trim());
  const isRelative = paths.some((path) => path !== '' && !/^[/~]|^[A-Za-z]:[\\/]/.test(path));
  const isHome = paths.some((path) => path.startsWith('~'));
  return [
    ...(isRelative
      ? ['A path without / at its start counts from the folder of npm start. Better write it whole.']
      : []),
    ...(isHome
      ? ['~ is the home of the user that runs Node-RED: for a service or a container write it whole.']
      : []),
  ];
}

/** The former one took four words as yes and every other word as no. */
function mapBoolean(value: string): Mapped {
  const isOn = ['true', '1', 'yes', 'on'].includes(value.trim().toLowerCase());
  return { value: String(isOn), notes: [] };
}

function mapLevel(value: string): Mapped {
  const level = value.trim().toUpperCase();
  if (['DEBUG', 'INFO', 'WARNING', 'ERROR'].includes(level)) return { value: level, notes: [] };
  return { value: 'INFO', notes: [`"${value}" was taken as INFO.`] };
}

/** What a former setting was found to be. */
export type FormerValue = { readonly text: string } | { readonly isUnresolved: true };

/** The settings of the Python uploader, as far as a file told them. */
export interface FormerSettings {
  /** By the name of the variable. */
  readonly values: ReadonlyMap<string, FormerValue>;
  /** Options of its Nix modules besides the variables, by name; what could not be read is undefined. */
  readonly options: ReadonlyMap<string, string | undefined>;
}

/** Every variable that the Python uploader read. */
export const FORMER_VARIABLES = [
  'IMMICH_API_URL',
  'IMMICH_API_KEY',
  'WATCH_DIRECTORIES',
  'ARCHIVE_DIRECTORY',
  'WATCH_RECURSIVE',
  'SUPPORTED_EXTENSIONS',
  'MAX_FILE_SIZE_MB',
  'FILE_STABILITY_WAIT_SECONDS',
  'FILE_STABILITY_CHECK_INTERVAL',
  'FILE_STABILITY_WAIT_SECONDS_VIDEO',
  'MIN_STABILITY_WAIT_SIZE_MB',
  'VERIFY_VIDEO_INTEGRITY',
  'LOG_LEVEL',
  'POLL_INTERVAL_SECONDS',
  'ENABLE_NOTIFICATIONS',
  'NOTIFICATION_BATCH_SIZE',
  'NOTIFICATION_BATCH_TIMEOUT',
] as const;

export type FormerVariable = (typeof FORMER_VARIABLES)[number];

/** Whether the Python uploader read a variable of this name. */
export function isFormerVariable(name: string): name is FormerVariable {
  return FORMER_VARIABLES.some((known) => known === name);
}

/** Options of its NixOS and Home Manager modules that are no variables, and what takes their place. */
export const FORMER_OPTIONS: Readonly<Record<string, string>> = {
  environmentFile: 'it holds the API key: name it in environmentFiles, or only the key in immich.apiKeyFile',
  startAt: 'startAt of the Home Manager module; folders that are watched all the time need none',
  user: 'services.node-red.user; that user must be able to write in the watched folders and the archive',
  group: 'services.node-red.group',
  workingDirectory: 'none is needed; Node-RED keeps its own in services.node-red.userDir',
  sourceDirectory: 'none is needed',
  package: 'none is needed',
};

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SettingError } from '../lib/settings.js';

/**
 * Takes the settings of a file `.env` in the current folder into the environment, where what is there already wins.
 * @returns the path of the file; undefined when there is none
 */
export function loadEnvFile(folder = process.cwd()): string | undefined {
  const file = resolve(folder, '.env');
  if (!existsSync(file)) return undefined;
  process.loadEnvFile(file);
  return file;
}

/**
 * Node-RED 4.1 takes ES modules from these versions on.
 * @throws SettingError for an older Node.js
 */
export function checkNodeVersion(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  throw new SettingError(`Node.js ${version} is too old here: install 20.19, 22.12 or a newer version.`);
}

/** What a command prints when it fails: the sentence of a wrong setting, else all that is known. */
export function failureText(error: unknown): string {
  return `\n${error instanceof SettingError ? error.message : error}\n`;
}

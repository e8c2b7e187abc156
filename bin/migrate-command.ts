import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { errorCode } from '../lib/file-io.js';
import { DIFFERENCES } from '../lib/migrate/differences.js';
import { migrate, readFormerSettings } from '../lib/migrate/migrate.js';
import { SettingError } from '../lib/settings.js';
import { UsageError } from './usage.js';

/** File descriptor of what is piped in. */
const STANDARD_INPUT = 0;

/**
 * `immich-bridge migrate`: reads settings of the Python uploader and prints those of Immich Bridge, without the API key.
 * With `--out` they go to a new file that only its owner can read, the key included.
 * @returns the exit code: 0, or 1 when something has to be done by hand
 * @throws UsageError for arguments that it does not know; SettingError for files that cannot be read or written
 */
export function migrateCommand(args: readonly string[]): number {
  const { input, out } = parseMigrateArgs(args);
  const text = readInput(input);
  const former = readFormerSettings(text, input.endsWith('.nix'));
  const source = input === '-' ? 'standard input' : basename(input);
  const { text: written, notes, hasTrouble } = migrate(former, { source, hasKey: out !== undefined });
  if (former.values.size === 0) {
    throw new SettingError(`${source} holds no setting of the Python uploader.`);
  }
  if (out === undefined) console.log(written);
  else writeNew(resolve(out), written);
  for (const note of notes) console.error(note);
  console.error('\nWhat is different with the same settings (docs/migrate.md):');
  for (const { about, before, now } of DIFFERENCES) console.error(`- ${about}: it ${before}. Now: ${now}.`);
  return hasTrouble ? 1 : 0;
}

function parseMigrateArgs(args: readonly string[]): { input: string; out: string | undefined } {
  try {
    const options = { out: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (positionals.length > 1) throw new TypeError('migrate reads one file.');
    return { input: positionals[0] ?? '.env', out: values.out };
  } catch (error) {
    throw new UsageError(error);
  }
}

function readInput(input: string): string {
  try {
    return readFileSync(input === '-' ? STANDARD_INPUT : input, 'utf8');
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'is not there' : `cannot be read (${errorCode(error)})`;
    throw new SettingError(`${input} ${reason}. Name the .env or the Nix file of the Python uploader.`);
  }
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    console.error(`Written to ${path}, which only you can read.\n`);
  } catch (error) {
    const reason =
      errorCode(error) === 'EEXIST' ? 'is there already, and is not overwritten' : `(${errorCode(error)})`;
    throw new SettingError(`${path} ${reason}. Name another file.`);
  }
}

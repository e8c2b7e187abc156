import { parseArgs } from 'node:util';
import { settingBoolean, settingNumber } from '../lib/settings.js';
import { exitCodeOf, jsonOf, tableOf } from '../lib/verify/report.js';
import { readOrSay } from '../lib/verify/setting-findings.js';
import { type UploadChoice, verify } from '../lib/verify/verify.js';
import { loadEnvFile } from './environment.js';
import { launchFolders } from './launch-settings.js';
import { UsageError } from './usage.js';

const MB = 1024 * 1024;
/** The largest test picture, in MB. */
const LARGEST_MB = 100_000;

/**
 * `immich-bridge verify`: checks what a bridge with the settings of this folder needs, and prints it.
 * @returns the exit code: 0 without problems, 1 with some
 * @throws UsageError for arguments that it does not know
 */
export async function verifyCommand(args: readonly string[], cwd = process.cwd()): Promise<number> {
  const { isJson, upload, sizeMb } = parseVerifyArgs(args);
  const envFile = loadEnvFile(cwd);
  const { env } = process;
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const recursive = readOrSay(() => settingBoolean('WATCH_RECURSIVE', env.WATCH_RECURSIVE, true));
  const findings = await verify({
    env,
    folders: { ...launchFolders(env, cwd), isRecursive: 'value' in recursive ? recursive.value : true },
    upload,
    sizeBytes: sizeMb * MB,
    signal: interrupted.signal,
  });
  if (isJson) console.log(jsonOf(findings));
  else console.log(`\nSettings: the environment${envFile ? ` and ${envFile}` : ''}\n${tableOf(findings)}`);
  return exitCodeOf(findings);
}

function parseVerifyArgs(args: readonly string[]): { isJson: boolean; upload: UploadChoice; sizeMb: number } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        upload: { type: 'boolean', default: false },
        'no-upload': { type: 'boolean', default: false },
        'size-mb': { type: 'string' },
      },
    });
    if (values.upload && values['no-upload']) throw new TypeError('Choose --upload or --no-upload.');
    const upload = values.upload ? 'always' : values['no-upload'] ? 'never' : 'if removable';
    const sizeMb = settingNumber('--size-mb', values['size-mb'], 0, { min: 0, max: LARGEST_MB });
    return { isJson: values.json, upload, sizeMb };
  } catch (error) {
    throw new UsageError(error);
  }
}

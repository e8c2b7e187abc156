import { parseApiKey } from '../immich/api-key.js';
import { createImmichClient } from '../immich/immich-client.js';
import { createHttp } from '../immich/immich-http.js';
import { apiBases } from '../immich/server-address.js';
import { settingText } from '../settings.js';
import { brokerFindings } from './broker-findings.js';
import { parseBrokerSettings } from './broker-settings.js';
import { checkFailedFolder } from './failed-folder.js';
import { type Finding, findingsIn } from './finding.js';
import { type FolderSettings, folderFindings } from './folder-findings.js';
import { lookAtKey } from './key-findings.js';
import { roundTrip } from './round-trip.js';
import { lookAtServer } from './server-findings.js';
import { readOrSay, settingFindings } from './setting-findings.js';

/** Whether a test picture goes to Immich: only when the key can remove it again, in any case, or never. */
export type UploadChoice = 'if removable' | 'always' | 'never';

export interface VerifyOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly folders: FolderSettings;
  readonly upload: UploadChoice;
  /** Of the test picture; 0 is as small as it gets. */
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
}

/** Longest times for a server that is to answer now, in milliseconds. */
const LIMITS = { connectMs: 10_000, stallMs: 30_000, answerMs: 120_000 };

const ofImmich = findingsIn('Immich');
const ofMqtt = findingsIn('MQTT');
const PICTURE = 'a test picture';

/** Checks everything that a bridge with these settings needs. It changes nothing that it does not put back. */
export async function verify(options: VerifyOptions): Promise<Finding[]> {
  const { env, folders, signal } = options;
  return [
    ...settingFindings(env),
    ...(await folderFindings(folders, signal)),
    ...(await failedFindings(folders)),
    ...(await immichFindings(options)),
    ...(await mqttFindings(env)),
  ];
}

/** The shipped flow looks into no folder of failed files. */
async function failedFindings(folders: FolderSettings): Promise<Finding[]> {
  const { watchFolders, archiveFolder, failedFolder, isRecursive } = folders;
  if (failedFolder === undefined) return [];
  const watches = [{ folders: watchFolders, isRecursive, failedFolder }];
  const found = await checkFailedFolder(failedFolder, { watches, archiveFolder, isTried: true });
  return [{ ...found, check: `${found.check} (failed)` }];
}

async function immichFindings(options: VerifyOptions): Promise<Finding[]> {
  const { env, signal } = options;
  const url = settingText(env.IMMICH_API_URL);
  if (url === undefined) {
    const advice = 'Set it, as in IMMICH_API_URL=http://192.168.1.10:2283, in the environment or in .env.';
    return [ofImmich('IMMICH_API_URL', 'problem', 'is not set', advice)];
  }
  const read = readOrSay(() => ({ ...apiBases(url), apiKey: parseApiKey(undefined, env), ...LIMITS }));
  if ('sentence' in read) return [ofImmich('settings', 'problem', read.sentence)];
  const { value: access } = read;
  const [client, http] = [createImmichClient(access), createHttp(access)];
  try {
    const { isThere, findings } = await lookAtServer(client, signal);
    if (!isThere) return [...findings, ofImmich('API key', 'not tested', 'needs the server')];
    if (access.apiKey === undefined) {
      const advice = 'Make a key in Immich under Account settings > API keys.';
      return [...findings, ofImmich('IMMICH_API_KEY', 'problem', 'is not set', advice)];
    }
    const key = await lookAtKey(client, signal);
    const picture = key.mayUpload
      ? await pictureFinding(options, key.mayDelete ?? false, { client, http })
      : ofImmich(PICTURE, 'not tested', 'needs a key that may upload');
    return [...findings, ...key.findings, picture];
  } finally {
    client.close();
    http.close();
  }
}

async function pictureFinding(
  { upload, sizeBytes, signal }: VerifyOptions,
  mayDelete: boolean,
  access: Pick<Parameters<typeof roundTrip>[0], 'client' | 'http'>,
): Promise<Finding> {
  if (upload === 'never') return ofImmich(PICTURE, 'not tested', 'left out, as asked');
  if (mayDelete || upload === 'always') return roundTrip({ ...access, mayDelete, sizeBytes, signal });
  const found = 'left out, because the key could not delete it again (asset.delete)';
  return ofImmich(PICTURE, 'not tested', found, 'To send one all the same, which stays: --upload');
}

async function mqttFindings(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const read = readOrSay(() => parseBrokerSettings(env));
  if ('sentence' in read) return [ofMqtt('settings', 'problem', read.sentence)];
  if (read.value === undefined) return [ofMqtt('MQTT_URL', 'ok', 'is not set: nothing is told over MQTT')];
  return brokerFindings(read.value);
}

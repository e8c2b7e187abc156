import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { audit } from '../lib/audit/audit.js';
import type { AuditedFile, AuditReport } from '../lib/audit/audit-report.js';
import { stayingFile } from '../lib/audit/stay-file.js';
import { parseApiKey } from '../lib/immich/api-key.js';
import { createImmichClient, type ImmichClient } from '../lib/immich/immich-client.js';
import { apiBases } from '../lib/immich/server-address.js';
import { printable } from '../lib/printable.js';
import { SettingError, settingText } from '../lib/settings.js';
import { type FileStore, openFileStore } from '../lib/store/file-store.js';
import { findReceipt } from '../lib/store/find-receipt.js';
import { serverId } from '../lib/store/server-id.js';
import { uploadFile } from '../lib/upload/upload-file.js';
import { loadEnvFile } from './environment.js';
import { launchFolders } from './launch-settings.js';
import { UsageError } from './usage.js';

const LIMITS = { connectMs: 10_000, stallMs: 60_000, answerMs: 180_000 };

/** Immich and the memory, as the environment names them. */
interface Desk {
  readonly client: ImmichClient;
  readonly store: FileStore;
  readonly server: string;
  readonly archiveFolder: string;
}

/**
 * `immich-bridge audit`: asks Immich about all that was uploaded and archived.
 * @returns 0 when Immich has everything, 1 when something is missing, in its trash or changed
 * @throws UsageError for arguments that it does not know; SettingError for an environment without server and key
 */
export async function auditCommand(args: readonly string[], cwd = process.cwd()): Promise<number> {
  const { folder, requeue, json } = parse(args, {
    folder: { type: 'string' },
    requeue: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  } as const);
  return withDesk(cwd, async ({ client, store, server, archiveFolder }) => {
    const interrupted = new AbortController();
    process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
    const { signal } = interrupted;
    const send = async ({ path }: AuditedFile) => {
      const file = await stayingFile(path, new Date());
      if (file === undefined) return false;
      return uploadFile(file, { client, trashPolicy: 'hold' }, { signal }).then(
        () => true,
        (error: unknown) => {
          console.error(printable(`${path}: ${error instanceof Error ? error.message : error}`));
          return false;
        },
      );
    };
    const report = await audit({
      ...{ store, server, client, signal },
      folders: [folder === undefined ? archiveFolder : resolve(cwd, folder)],
      isEverything: folder === undefined,
      requeue: requeue ? send : undefined,
    });
    console.log(json ? JSON.stringify(report, null, 2) : tableOf(report));
    const { missing, trashed, changed, unknown, requeued } = report;
    return missing + trashed + changed + unknown > requeued ? 1 : 0;
  });
}

/**
 * `immich-bridge receipt <path or sha1>`: what is remembered of one file.
 * @returns 0 when there is a receipt, 1 when there is none
 */
export async function receiptCommand(args: readonly string[], cwd = process.cwd()): Promise<number> {
  const [what, ...more] = args;
  if (what === undefined || more.length > 0)
    throw new UsageError('receipt takes the path of a file, or its SHA-1.');
  return withDesk(cwd, async ({ client, store, server }) => {
    const isSha1 = /^[0-9a-f]{40}$/i.test(what);
    const receipt = await findReceipt(store, server, isSha1 ? { sha1: what } : { path: resolve(cwd, what) });
    if (receipt === undefined) console.error(`No receipt of ${printable(what)} for this server and key.`);
    else console.log(JSON.stringify({ ...receipt, server: client.origin }, null, 2));
    return receipt === undefined ? 1 : 0;
  });
}

async function withDesk(cwd: string, work: (desk: Desk) => Promise<number>): Promise<number> {
  loadEnvFile(cwd);
  const { env } = process;
  const url = settingText(env.IMMICH_API_URL);
  const apiKey = parseApiKey(undefined, env);
  if (url === undefined || apiKey === undefined)
    throw new SettingError(
      'IMMICH_API_URL and IMMICH_API_KEY: set both, in the environment or in a file .env here.',
    );
  const client = createImmichClient({ ...apiBases(url), apiKey, ...LIMITS });
  const userDir = resolve(cwd, settingText(env.IMMICH_BRIDGE_DIR) ?? '.immich-bridge');
  const store = openFileStore({
    folder: join(userDir, 'immich-bridge', 'store'),
    onProblem: ({ kind, message }) =>
      console.error(
        kind === 'locked'
          ? 'Node-RED is running and has the memory open: this works without it, and reads every file. To use the memory, send command/audit to the immich-upload node.'
          : message,
      ),
  });
  try {
    const { archiveFolder } = launchFolders(env, cwd);
    return await work({ client, store, server: serverId(client.origin, apiKey), archiveFolder });
  } finally {
    await store.close();
    client.close();
  }
}

function parse<Options extends NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error);
  }
}

const WORDS = {
  missing: 'no longer in Immich',
  trashed: "in Immich's trash",
  changed: 'other bytes than those that were uploaded',
  unknown: 'never uploaded',
} as const;

function tableOf(report: AuditReport): string {
  const lines = [`${report.server}: ${report.present} photos and videos are there.`];
  if (!report.hasMemory) lines.push('Without the memory: only what lies in the folder was asked about.');
  for (const kind of ['missing', 'trashed', 'changed', 'unknown'] as const) {
    if (report[kind] > 0) lines.push('', `${report[kind]} ${WORDS[kind]}:`);
    for (const { path } of report.files[kind]) lines.push(`  ${printable(path)}`);
  }
  if (report.unreadable > 0) lines.push('', `${report.unreadable} could not be read.`);
  if (report.requeued > 0) lines.push('', `${report.requeued} were uploaded again.`);
  return lines.join('\n');
}

import { isObject } from './immich-answer.js';
import type { ImmichClient } from './immich-client.js';
import { type QueueCount, queueCounts } from './queue-counts.js';
import { versionOfName, versionText } from './server-version.js';

/** Asks one question; each of the functions below throws the ImmichError of its answer. */
export type Ask = ImmichClient['ask'];

/** The disk of Immich's `library` folder, in bytes. */
export interface StorageFacts {
  readonly totalBytes: number | null;
  readonly usedBytes: number | null;
  readonly freeBytes: number | null;
}

/** The user that the key belongs to. */
export interface AccountFacts {
  /** Bytes; null without a limit. */
  readonly limitBytes: number | null;
  readonly usedBytes: number | null;
}

export interface LibraryFacts {
  readonly photos: number | null;
  readonly videos: number | null;
}

/** As in `2.7.5`. Needs no key. */
export async function askVersion(ask: Ask, signal: AbortSignal): Promise<string | null> {
  return versionText(await ask('/server/version', signal));
}

/** Whether Immich says that it is being maintained. Needs no key. */
export async function askMaintenance(ask: Ask, signal: AbortSignal): Promise<boolean> {
  return fields(await ask('/server/config', signal)).maintenanceMode === true;
}

/** What the key may do; any valid key may ask. */
export async function askPermissions(ask: Ask, signal: AbortSignal): Promise<readonly string[] | null> {
  const { permissions } = fields(await ask('/api-keys/me', signal));
  return Array.isArray(permissions) ? permissions.filter((name) => typeof name === 'string') : null;
}

/** The newest version that Immich knows of; null while its check is off. Needs `server.versionCheck`. */
export async function askLatestVersion(ask: Ask, signal: AbortSignal): Promise<string | null> {
  return versionOfName(fields(await ask('/server/version-check', signal)).releaseVersion);
}

/** Needs `server.storage`. */
export async function askStorage(ask: Ask, signal: AbortSignal): Promise<StorageFacts> {
  const body = fields(await ask('/server/storage', signal));
  return {
    totalBytes: amount(body.diskSizeRaw),
    usedBytes: amount(body.diskUseRaw),
    freeBytes: amount(body.diskAvailableRaw),
  };
}

/** Needs `user.read`. */
export async function askAccount(ask: Ask, signal: AbortSignal): Promise<AccountFacts> {
  const body = fields(await ask('/users/me', signal));
  return { limitBytes: amount(body.quotaSizeInBytes), usedBytes: amount(body.quotaUsageInBytes) };
}

/** Photos and videos of all users. Needs `server.statistics` and an administrator's key. */
export async function askStatistics(ask: Ask, signal: AbortSignal): Promise<LibraryFacts> {
  const { photos, videos } = fields(await ask('/server/statistics', signal));
  return { photos: amount(photos), videos: amount(videos) };
}

/** Photos and videos of the key's user. Needs `asset.statistics`. */
export async function askOwnStatistics(ask: Ask, signal: AbortSignal): Promise<LibraryFacts> {
  const { images, videos } = fields(await ask('/assets/statistics', signal));
  return { photos: amount(images), videos: amount(videos) };
}

/** Needs `queue.read` and an administrator's key; Immich before 2.4 does not know it (404). */
export async function askQueues(ask: Ask, signal: AbortSignal): Promise<readonly QueueCount[] | null> {
  return queueCounts(await ask('/queues', signal));
}

/** The same from the older endpoint. Needs `job.read` and an administrator's key. */
export async function askJobs(ask: Ask, signal: AbortSignal): Promise<readonly QueueCount[] | null> {
  return queueCounts(await ask('/jobs', signal));
}

function fields(body: unknown): Record<string, unknown> {
  return isObject(body) ? body : {};
}

function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

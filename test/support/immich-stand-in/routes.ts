import { type Answer, ApiError, type Dialect, invalidFields, ok } from './answers.js';
import type { AssetLibrary } from './asset-library.js';
import { deleteAssets, readAsset, restoreAssets, updateAsset } from './asset-routes.js';
import { bulkCheck } from './bulk-check.js';
import * as collections from './collection-routes.js';
import type { Collections } from './collections.js';
import type { Exchange } from './exchange.js';
import type { Misfortune } from './faults.js';
import { mediaTypes } from './media-types.js';
import { jobTable, namedQueue, queueList } from './queues.js';
import { type ServerCondition, serverStorage, versionCheck } from './server-condition.js';
import * as info from './server-info.js';
import { upload } from './upload.js';

/** What the routes answer from. */
export interface Backend {
  readonly dialect: Dialect;
  readonly apiKey: string;
  readonly user: info.StandInUser;
  readonly library: AssetLibrary;
  readonly collections: Collections;
  readonly condition: ServerCondition;
  readonly now: () => Date;
  readonly onOrphans: (count: number) => void;
  readonly onBytes: ((bytes: Buffer, fileName: string) => void) | undefined;
}

/** One request on its way through the routes. */
export interface Call extends Backend {
  readonly exchange: Exchange;
  readonly misfortune: Misfortune;
}

/** A request that found its route. */
export interface RoutedCall extends Call {
  readonly json: object | undefined;
  /** The part of the path where the route has `:id`. */
  readonly id: string;
}

interface Route {
  /** `open` needs no key, `key` any valid one, else the permission that the key must have. */
  readonly access: string;
  readonly isAdminOnly?: boolean;
  /** Whether this server has it at all; every one by default. */
  readonly isKnown?: (condition: ServerCondition) => boolean;
  readonly answer: (call: RoutedCall) => Answer | Promise<Answer>;
}

const longestJsonBytes = 10 * 1024 * 1024;
const duringMaintenance = ['GET /api/server/ping', 'GET /api/server/version', 'GET /api/server/config'];

const routes: Readonly<Record<string, Route>> = {
  'GET /api/server/ping': { access: 'open', answer: () => ok({ res: 'pong' }) },
  'GET /api/server/version': { access: 'open', answer: ({ dialect }) => ok(info.serverVersion(dialect)) },
  'GET /api/server/config': {
    access: 'open',
    answer: ({ dialect, misfortune }) => ok(info.serverConfig(dialect, misfortune.isMaintenance)),
  },
  'GET /api/server/features': { access: 'open', answer: ({ dialect }) => ok(info.serverFeatures(dialect)) },
  'GET /api/server/media-types': { access: 'open', answer: () => ok(mediaTypes) },
  'GET /api/server/about': { access: 'server.about', answer: ({ dialect }) => ok(info.serverAbout(dialect)) },
  'GET /api/server/storage': {
    access: 'server.storage',
    answer: ({ library, condition }) => ok(serverStorage(library.usageBytes(), condition.disk)),
  },
  'GET /api/server/statistics': {
    access: 'server.statistics',
    isAdminOnly: true,
    answer: ({ library, user }) => ok(info.serverStatistics(library, user)),
  },
  'GET /api/server/version-check': {
    access: 'server.versionCheck',
    answer: ({ condition, now }) => ok(versionCheck(condition, now())),
  },
  'GET /api/server/version-history': {
    access: 'open',
    answer: ({ dialect, user }) => ok(info.versionHistory(dialect, user)),
  },
  'GET /api/queues': {
    access: 'queue.read',
    isAdminOnly: true,
    isKnown: ({ hasQueues }) => hasQueues,
    answer: ({ dialect, condition }) => ok(queueList(dialect, condition.queues)),
  },
  'GET /api/queues/:id': {
    access: 'queue.read',
    isAdminOnly: true,
    isKnown: ({ hasQueues }) => hasQueues,
    answer: readQueue,
  },
  'GET /api/jobs': {
    access: 'job.read',
    isAdminOnly: true,
    answer: ({ dialect, condition }) => ok(jobTable(dialect, condition.queues)),
  },
  'GET /api/api-keys/me': {
    access: 'key',
    isKnown: ({ hasKeyInfo }) => hasKeyInfo,
    answer: ({ user }) => ok(info.currentKey(user)),
  },
  'GET /api/users/me': {
    access: 'user.read',
    answer: ({ library, user }) => ok(info.currentUser(library, user)),
  },
  'GET /api/assets/statistics': {
    access: 'asset.statistics',
    answer: ({ library }) => ok(info.assetStatistics(library)),
  },
  'POST /api/assets/bulk-upload-check': {
    access: 'asset.upload',
    answer: ({ library, dialect, json }) => bulkCheck(library, dialect, json),
  },
  'POST /api/assets': {
    access: 'asset.upload',
    answer: (call) => upload({ ...call, quotaBytes: call.user.quotaBytes }),
  },
  'GET /api/assets/:id': { access: 'asset.read', answer: readAsset },
  'PUT /api/assets/:id': { access: 'asset.update', answer: updateAsset },
  'GET /api/albums': { access: 'album.read', answer: collections.listAlbums },
  'POST /api/albums': { access: 'album.create', answer: collections.createAlbum },
  'PUT /api/albums/:id/assets': { access: 'albumAsset.create', answer: collections.addToAlbum },
  'PUT /api/tags': { access: 'tag.create', answer: collections.upsertTags },
  'PUT /api/tags/assets': { access: 'tag.asset', answer: collections.tagAssets },
  'POST /api/stacks': { access: 'stack.create', answer: collections.createStack },
  'DELETE /api/assets': { access: 'asset.delete', answer: deleteAssets },
  'POST /api/trash/restore/assets': { access: 'asset.delete', answer: restoreAssets },
};

/**
 * Answers a request as Immich would.
 * @throws ApiError for everything that Immich refuses
 */
export async function answerCall(call: Call): Promise<Answer> {
  const { method, path } = call.exchange.record;
  const isInApi = path === '/api' || path.startsWith('/api/');
  // Bodies in JSON are read before anything else is looked at, so bad JSON hides a bad key.
  const json = await readJson(call.exchange);
  const { name, id } = nameRoute(method, path);
  const route = routes[name];
  const isKnown = route?.isKnown?.(call.condition) ?? true;
  if (
    route === undefined ||
    !isKnown ||
    (call.misfortune.isMaintenance && !duringMaintenance.includes(name))
  ) {
    throw new ApiError(404, `Cannot ${method} ${path}`, [], isInApi);
  }
  checkAccess(call, route);
  return route.answer({ ...call, json, id });
}

function nameRoute(method: string, path: string): { name: string; id: string } {
  const plain = `${method === 'HEAD' ? 'GET' : method} ${path.replace(/(?<=[^/])\/$/, '')}`;
  if (Object.hasOwn(routes, plain)) return { name: plain, id: '' };
  const [, before = '', id = '', after = ''] = /^(.*?\/)([^/]+)((?:\/assets)?)$/.exec(plain) ?? [];
  const name = `${before}:id${after}`;
  return { name: Object.hasOwn(routes, name) ? name : '', id };
}

function checkAccess({ apiKey, user, exchange }: Call, { access, isAdminOnly = false }: Route): void {
  if (access === 'open') return;
  const { headers, url = '' } = exchange.request;
  const given = headers['x-api-key'] ?? new URLSearchParams(url.split('?')[1]).get('apiKey');
  if (given === null || given === '') {
    throw new ApiError(
      401,
      headers.authorization === undefined ? 'Authentication required' : 'Invalid user token',
    );
  }
  if (given !== apiKey) throw new ApiError(401, 'Invalid API key');
  if (isAdminOnly && !user.isAdmin) throw new ApiError(403, 'Forbidden');
  const { permissions } = user;
  if (access === 'key' || permissions.includes('all') || permissions.includes(access)) return;
  throw new ApiError(403, `Missing required permission: ${access}`);
}

async function readJson(exchange: Exchange): Promise<object | undefined> {
  if (!/^application\/json\b/i.test(exchange.request.headers['content-type'] ?? '')) return undefined;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of exchange.read()) {
    sizeBytes += chunk.length;
    if (sizeBytes <= longestJsonBytes) chunks.push(chunk);
  }
  if (sizeBytes > longestJsonBytes) throw new ApiError(413, 'request entity too large', [], false);
  if (sizeBytes === 0) return undefined;
  try {
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof json === 'object' && json !== null) return json;
  } catch (error) {
    throw new ApiError(400, (error as Error).message, [], false);
  }
  throw new ApiError(400, 'The body must be an object or a list', [], false);
}

function readQueue({ id, dialect, condition }: RoutedCall): Answer {
  const queue = namedQueue(dialect, condition.queues, id);
  if (queue !== undefined) return ok(queue);
  const values = queueList(dialect, {}).map(({ name }) => name);
  const message = `name must be one of the following values: ${values.join(', ')}`;
  const issue = { code: 'invalid_value', values, path: ['name'], message: 'Invalid option' };
  throw invalidFields(dialect === 'v2' ? [message] : [issue]);
}

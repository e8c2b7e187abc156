import { type Answer, ApiError, type Dialect, invalidFields } from './answers.js';
import type { AssetLibrary } from './asset-library.js';
import { bulkCheck } from './bulk-check.js';
import type { Exchange } from './exchange.js';
import type { Misfortune } from './faults.js';
import { mediaTypes } from './media-types.js';
import * as info from './server-info.js';
import { upload } from './upload.js';
import { isUuid, wrongUuid } from './upload-fields.js';

/** What the routes answer from. */
export interface Backend {
  readonly dialect: Dialect;
  readonly apiKey: string;
  readonly user: info.StandInUser;
  readonly library: AssetLibrary;
  readonly onOrphans: (count: number) => void;
  readonly onBytes: ((bytes: Buffer, fileName: string) => void) | undefined;
}

/** One request on its way through the routes. */
export interface Call extends Backend {
  readonly exchange: Exchange;
  readonly misfortune: Misfortune;
}

interface RoutedCall extends Call {
  readonly json: object | undefined;
  /** The last part of the path where the route has `:id`. */
  readonly id: string;
}

interface Route {
  /** `open` needs no key, `key` any valid one, else the permission that the key must have. */
  readonly access: string;
  readonly isAdminOnly?: boolean;
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
    answer: ({ library }) => ok(info.serverStorage(library.usageBytes())),
  },
  'GET /api/server/statistics': {
    access: 'server.statistics',
    isAdminOnly: true,
    answer: ({ library, user }) => ok(info.serverStatistics(library, user)),
  },
  'GET /api/server/version-check': {
    access: 'server.versionCheck',
    answer: () => ok({ checkedAt: null, releaseVersion: null }),
  },
  'GET /api/api-keys/me': { access: 'key', answer: ({ user }) => ok(info.currentKey(user)) },
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
  if (route === undefined || (call.misfortune.isMaintenance && !duringMaintenance.includes(name))) {
    throw new ApiError(404, `Cannot ${method} ${path}`, [], isInApi);
  }
  checkAccess(call, route);
  return route.answer({ ...call, json, id });
}

function nameRoute(method: string, path: string): { name: string; id: string } {
  const plain = `${method === 'HEAD' ? 'GET' : method} ${path.replace(/(?<=[^/])\/$/, '')}`;
  if (Object.hasOwn(routes, plain)) return { name: plain, id: '' };
  const [, name = '', id = ''] = /^(.*\/)([^/]+)$/.exec(plain) ?? [];
  return { name: Object.hasOwn(routes, `${name}:id`) ? `${name}:id` : '', id };
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

function readAsset({ id, library, user, dialect }: RoutedCall): Answer {
  if (!isUuid(id)) throw invalidFields(dialect === 'v2' ? ['id must be a UUID'] : [wrongUuid('id')]);
  const asset = library.get(id.toLowerCase());
  if (asset === undefined) throw new ApiError(400, 'Not found or no asset.read access');
  return ok(info.assetAnswer(asset, user, dialect));
}

function deleteAssets(call: RoutedCall): Answer {
  const isForced = call.json !== undefined && 'force' in call.json && call.json.force === true;
  for (const id of idsOf(call)) {
    if (isForced) call.library.remove(id);
    else call.library.trash(id);
  }
  return { status: 204 };
}

function restoreAssets(call: RoutedCall): Answer {
  const trashed = idsOf(call).filter((id) => call.library.get(id)?.isTrashed);
  for (const id of trashed) call.library.restore(id);
  return ok({ count: trashed.length });
}

function idsOf({ json, library, dialect }: RoutedCall): string[] {
  const ids: unknown = json !== undefined && 'ids' in json ? json.ids : undefined;
  if (!Array.isArray(ids) || !ids.every(isUuid)) {
    throw invalidFields(dialect === 'v2' ? ['each value in ids must be a UUID'] : [wrongUuid('ids')]);
  }
  const known = ids.map((id) => String(id).toLowerCase());
  if (known.some((id) => library.get(id) === undefined)) {
    throw new ApiError(400, 'Not found or no asset.delete access');
  }
  return known;
}

function ok(body: object): Answer {
  return { status: 200, body };
}

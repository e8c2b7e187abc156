/** Who may ask an endpoint: the status for no key, and for keys of an admin and of another user. */
export interface Endpoint {
  readonly path: string;
  /** Null where none is needed. */
  readonly permission: string | null;
  readonly noKey: number;
  readonly keyAssetUploadOnly: number;
  readonly allAdmin: number;
  readonly allNonAdmin: number;
}

const open = { permission: null, noKey: 200, keyAssetUploadOnly: 200, allAdmin: 200, allNonAdmin: 200 };
const keyed = (permission: string) => ({ ...open, permission, noKey: 401, keyAssetUploadOnly: 403 });

export const endpoints: readonly Endpoint[] = [
  { path: '/api/server/ping', ...open },
  { path: '/api/server/version', ...open },
  { path: '/api/server/config', ...open },
  { path: '/api/server/version-history', ...open },
  { path: '/api/server/features', ...open },
  { path: '/api/server/media-types', ...open },
  { path: '/api/server/about', ...keyed('server.about') },
  { path: '/api/server/storage', ...keyed('server.storage') },
  { path: '/api/server/version-check', ...keyed('server.versionCheck') },
  { path: '/api/server/statistics', ...keyed('server.statistics'), allNonAdmin: 403 },
  { path: '/api/queues', ...keyed('queue.read'), allNonAdmin: 403 },
  { path: '/api/queues/thumbnailGeneration', ...keyed('queue.read'), allNonAdmin: 403 },
  { path: '/api/jobs', ...keyed('job.read'), allNonAdmin: 403 },
  { path: '/api/users/me', ...keyed('user.read') },
  { path: '/api/assets/statistics', ...keyed('asset.statistics') },
  { path: '/api/api-keys/me', ...open, noKey: 401 },
];

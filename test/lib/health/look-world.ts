import { createKeyRights, type KeyRights } from '../../../lib/health/key-rights.js';
import { lookAtServer, type ServerLook } from '../../../lib/health/server-look.js';
import type { HttpOptions } from '../../../lib/immich/immich-http.js';
import type { StandIn } from '../../support/immich-stand-in.js';
import { clientOf } from '../../support/world.js';

export interface Looking {
  readonly rights?: KeyRights;
  readonly hasKey?: boolean;
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
  readonly client?: Partial<HttpOptions>;
}

/** Looks at a stand-in once, with limits short enough for a test. */
export function lookAt(server: StandIn, looking: Looking = {}): Promise<ServerLook> {
  const { rights = createKeyRights(), hasKey = true, limitMs = 2_000, client = {} } = looking;
  const apiKey = hasKey ? server.apiKey : undefined;
  return lookAtServer(
    { client: clientOf(server, { apiKey, ...client }), hasKey, rights, limitMs },
    looking.signal ?? new AbortController().signal,
  );
}

/** The paths that were asked since request number `since`, without /api, in alphabetical order. */
export function asked(server: StandIn, since = 0): string[] {
  return server.requests
    .slice(since)
    .map(({ path }) => path.replace('/api', ''))
    .sort();
}

/** A look at a server in good order, of which a test changes what it is about. */
export const GOOD_LOOK: ServerLook = {
  pong: { latencyMs: 3, certificateEndsAt: null },
  problem: null,
  addresses: [],
  version: '2.7.5',
  latestVersion: null,
  storage: { totalBytes: 1_000, usedBytes: 500, freeBytes: 500 },
  library: { photos: 10, videos: 2, scope: 'server' },
  account: { limitBytes: 100, usedBytes: 10 },
  queues: [],
  missing: [],
};

/** A look at a server that is not there. */
export const DOWN: ServerLook = {
  pong: null,
  problem: { kind: 'offline', message: 'http://photos.lan refuses the connection.' },
  addresses: [],
  version: null,
  latestVersion: null,
  storage: null,
  library: null,
  account: null,
  queues: null,
  missing: null,
};

import { randomBytes, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Dialect } from './immich-stand-in/answers.js';
import { createAssetLibrary, type StoredAsset } from './immich-stand-in/asset-library.js';
import {
  createCollections,
  type StoredAlbum,
  type StoredStack,
  type StoredTag,
} from './immich-stand-in/collections.js';
import {
  createConnections,
  createExchange,
  type Exchange,
  type RecordedRequest,
} from './immich-stand-in/exchange.js';
import { createFaultBox, type Fault } from './immich-stand-in/faults.js';
import { createListener } from './immich-stand-in/listener.js';
import type { Backend } from './immich-stand-in/routes.js';
import { serve } from './immich-stand-in/serve.js';
import { goodCondition, type ServerCondition } from './immich-stand-in/server-condition.js';

export { proxyFaults } from './immich-stand-in/faults.js';
export type {
  Dialect,
  Fault,
  RecordedRequest,
  ServerCondition,
  StoredAlbum,
  StoredAsset,
  StoredStack,
  StoredTag,
};

export interface StandInOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Whether it speaks as Immich 2.x (the default) or 3.x. */
  readonly dialect?: Dialect;
  /** Default: a random one. */
  readonly apiKey?: string;
  /** Of the key, default `asset.upload` alone; `all` is all. */
  readonly permissions?: readonly string[];
  /** Default true, as for the first user of a server. */
  readonly isAdmin?: boolean;
  /** Default null: none. */
  readonly quotaBytes?: number | null;
  /** Makes it a slow receiver: each request is read no faster than this. */
  readonly readBytesPerSecond?: number;
  /** Speaks https with this key and certificate (PEM). */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** Of the machine and its queues; default: in good order. */
  readonly condition?: Partial<ServerCondition>;
  readonly now?: () => Date;
  /** Sees the bytes of each file go by; nothing keeps them otherwise. */
  readonly onBytes?: (bytes: Buffer, fileName: string) => void;
  /** Told of each request when its answer is out, or its connection ended before. */
  readonly onEnd?: (request: RecordedRequest) => void;
}

/** A running stand-in for Immich. */
export interface StandIn {
  /** As in `http://127.0.0.1:2283`, without `/api`. */
  readonly url: string;
  readonly port: number;
  readonly apiKey: string;
  /** In the order of their upload, trashed ones included. */
  readonly assets: readonly StoredAsset[];
  readonly albums: readonly StoredAlbum[];
  readonly tags: readonly StoredTag[];
  readonly stacks: readonly StoredStack[];
  /** Deletes all albums, tags and stacks, as their user can at any time. */
  forgetCollections(): void;
  /** The newest 10,000, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Files that refused uploads left on the disk of the server. */
  readonly orphans: number;
  /** These three throw for an unknown id. */
  trash(id: string): void;
  restore(id: string): void;
  remove(id: string): void;
  /** Changes the machine and its queues. */
  setCondition(changes: Partial<ServerCondition>): void;
  /** Changes what the key may do, as its user can at any time. */
  setPermissions(permissions: readonly string[]): void;
  /** Sets a fault and returns how to take it back. */
  fail(fault: Fault): () => void;
  /** Forgets assets, requests, orphans and faults. */
  reset(): void;
  /** Ends all connections and refuses new ones. */
  goDown(): Promise<void>;
  /** Listens again on the same port, with what it knew before. */
  comeUp(): Promise<void>;
  stop(): Promise<void>;
}

const mostRequests = 10_000;

/**
 * Starts a server that answers as Immich does (measured on 2.7.5, read for 3.x) and keeps no file: it hashes what
 * it receives and remembers names, sizes and SHA-1.
 */
export async function startImmichStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { host = '127.0.0.1', port = 0, tls, now = () => new Date() } = options;
  const backend = createBackend(options, now);
  const { library, collections, apiKey } = backend;
  const faults = createFaultBox();
  const requests: RecordedRequest[] = [];
  const onRequest = createRequestListener(options, now, (exchange) => {
    requests.push(exchange.record);
    if (requests.length > mostRequests) requests.shift();
    void serve({ ...backend, exchange, misfortune: faults.take(subjectOf(exchange)) });
  });
  const listener = createListener({ host, port, tls, onRequest });
  await listener.comeUp();

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${listener.port}`,
    port: listener.port,
    apiKey,
    get assets() {
      return library.all();
    },
    get albums() {
      return collections.albums();
    },
    get tags() {
      return collections.tags();
    },
    get stacks() {
      return collections.stacks();
    },
    requests,
    get orphans() {
      return backend.orphans;
    },
    forgetCollections: collections.clear,
    trash: (id) => mustKnow(library.trash(id), id),
    restore: (id) => mustKnow(library.restore(id), id),
    remove: (id) => mustKnow(library.remove(id), id),
    setCondition(changes) {
      backend.condition = { ...backend.condition, ...changes };
    },
    setPermissions(permissions) {
      backend.user = { ...backend.user, permissions };
    },
    fail: faults.add,
    reset() {
      library.clear();
      collections.clear();
      faults.clear();
      requests.length = 0;
      backend.orphans = 0;
    },
    goDown: listener.goDown,
    comeUp: listener.comeUp,
    stop: listener.goDown,
  };
}

function createRequestListener(
  { readBytesPerSecond, onEnd }: StandInOptions,
  now: () => Date,
  onExchange: (exchange: Exchange) => void,
): RequestListener {
  const connectionOf = createConnections();
  return (request, response) => {
    const connection = connectionOf(request.socket);
    onExchange(
      createExchange({ request, response, connection, startedAt: now(), readBytesPerSecond, onEnd }),
    );
  };
}

/** What a test may change while the server runs. */
interface Changing {
  condition: ServerCondition;
  user: Backend['user'];
  orphans: number;
}

function createBackend(options: StandInOptions, now: () => Date): Omit<Backend, keyof Changing> & Changing {
  const { dialect = 'v2', apiKey = randomBytes(24).toString('base64url'), onBytes } = options;
  const { permissions = ['asset.upload'], isAdmin = true, quotaBytes = null } = options;
  const user = { id: randomUUID(), isAdmin, createdAt: now().toISOString(), permissions, quotaBytes };
  const backend = {
    dialect,
    apiKey,
    user,
    library: createAssetLibrary(now),
    collections: createCollections(),
    condition: { ...goodCondition, ...options.condition },
    now,
    orphans: 0,
    onOrphans: (count: number) => {
      backend.orphans += count;
    },
    onBytes,
  };
  return backend;
}

function subjectOf({ record, request, connection }: Exchange) {
  const { method, path } = record;
  const contentLength = Number(request.headers['content-length'] ?? 0);
  return { method, path, contentLength, isReusedConnection: connection.requestCount > 1 };
}

function mustKnow(isKnown: boolean, id: string): void {
  if (!isKnown) throw new Error(`The stand-in has no asset "${id}".`);
}

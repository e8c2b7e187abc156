import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answers.js';

/** A request as the stand-in saw it; it fills while the request is under way. */
export interface RecordedRequest {
  readonly method: string;
  /** Without the query, in which an API key may stand. */
  readonly path: string;
  /** Without the API key and other logins. */
  readonly headers: IncomingHttpHeaders;
  readonly startedAt: Date;
  /** Requests with the same number came through one kept-alive connection. */
  readonly connection: number;
  /** Bytes of the body that were read so far. */
  readonly bytesReceived: number;
  /** Of the answer; null while there is none. */
  readonly status: number | null;
  /** `aborted`: the connection ended, from either side, before the answer was sent. */
  readonly outcome: 'open' | 'answered' | 'aborted';
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** A connection and what must stop when it ends. */
export interface Connection {
  readonly number: number;
  readonly closed: AbortSignal;
  /** Counts the requests on it, this one included. */
  readonly requestCount: number;
}

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly record: Mutable<RecordedRequest>;
  readonly connection: Connection;
  /** Reads the body on from where it stands, at most `limit` bytes more or less a chunk; never too fast. */
  read(limit?: number): AsyncGenerator<Buffer, void>;
  /** Sends the answer; the rest of the body is read and dropped, unless reading shall stop here. */
  send(answer: Answer, stopsReading?: boolean): void;
  /** Ends the connection with a reset. */
  reset(): void;
  wait(delayMs: number): Promise<void>;
}

/** Numbers the connections of a server and tells when one ends. */
export function createConnections() {
  const known = new WeakMap<Socket, Mutable<Connection>>();
  let count = 0;
  return function connectionOf(socket: Socket): Connection {
    const connection = known.get(socket);
    if (connection !== undefined) {
      connection.requestCount += 1;
      return connection;
    }
    const controller = new AbortController();
    socket.once('close', () => controller.abort());
    const fresh = { number: count++, closed: controller.signal, requestCount: 1 };
    known.set(socket, fresh);
    return fresh;
  };
}

export interface ExchangeOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
  readonly startedAt: Date;
  /** Speed limit of reading; undefined is none. */
  readonly readBytesPerSecond: number | undefined;
  /** Called when the answer is out, or the connection ended before. */
  readonly onEnd?: ((record: RecordedRequest) => void) | undefined;
}

/** Wraps a request of node:http; its record fills by itself. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { request, response, connection } = options;
  const record = startRecord(options);
  response.once('close', () => {
    record.outcome = response.writableFinished ? 'answered' : 'aborted';
    options.onEnd?.(record);
  });
  const wait = (delayMs: number) => sleep(delayMs, undefined, { signal: connection.closed });
  const read = (limit = Number.POSITIVE_INFINITY) => readBody({ ...options, record, wait, limit });
  return {
    request,
    record,
    connection,
    read,
    wait,
    send(answer, stopsReading = false) {
      if (response.destroyed || response.headersSent) return;
      // One look at the body tells node:http that it is being dealt with, so that it does not drop it itself.
      if (stopsReading) request.read(0);
      // The answer is out: a client that leaves before the rest of its body is fine.
      else drop(read()).catch(() => undefined);
      record.status = answer.status;
      write(response, answer);
    },
    reset() {
      // The raw handle of a TLS connection cannot be reset; closing with unread bytes comes to the same.
      if ('encrypted' in request.socket) request.socket.destroy();
      else request.socket.resetAndDestroy();
    },
  };
}

interface Reading extends ExchangeOptions {
  readonly record: Mutable<RecordedRequest>;
  readonly wait: (delayMs: number) => Promise<void>;
  readonly limit: number;
}

async function* readBody(reading: Reading): AsyncGenerator<Buffer, void> {
  const { request, record, wait, limit, readBytesPerSecond } = reading;
  if (limit <= 0) return;
  const startedMs = performance.now();
  let count = 0;
  // Leaving the loop must not close the connection: an answer may still go out on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    count += chunk.length;
    record.bytesReceived += chunk.length;
    if (readBytesPerSecond !== undefined) {
      const aheadMs = (count / readBytesPerSecond) * 1000 - (performance.now() - startedMs);
      if (aheadMs > 1) await wait(aheadMs);
    }
    yield chunk;
    if (count >= limit) return;
  }
}

async function drop(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of chunks);
}

function write(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const isJson = typeof body === 'object';
  const text = isJson ? JSON.stringify(body) : (body ?? '');
  response.writeHead(status, {
    ...(isJson && { 'Content-Type': 'application/json; charset=utf-8' }),
    ...(status !== 204 && { 'Content-Length': String(Buffer.byteLength(text)) }),
    ...headers,
  });
  response.end(text);
}

function startRecord({ request, connection, startedAt }: ExchangeOptions): Mutable<RecordedRequest> {
  const { 'x-api-key': _key, authorization: _login, cookie: _cookie, ...headers } = request.headers;
  return {
    method: request.method ?? 'GET',
    path: (request.url ?? '/').split('?', 1)[0] ?? '/',
    headers,
    startedAt,
    connection: connection.number,
    bytesReceived: 0,
    status: null,
    outcome: 'open',
  };
}

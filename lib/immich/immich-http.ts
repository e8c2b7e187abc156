import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { say } from '../say.js';
import { connectionError, StaleConnectionError } from './connection-error.js';
import { type AnswerOptions, answerOf, CLOSED } from './http-answer.js';
import type { HttpAnswer } from './immich-answer.js';
import { ImmichError } from './immich-error.js';
import type { SendLimit } from './send-limit.js';
import { type StallLimits, watchProgress } from './stall-watch.js';

/** A body that writes itself, at the pace of the connection. */
export interface RequestBody {
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Writes all bytes with `write`, which sends its pieces together and resolves when they have left and their memory
   * may be used again; it rejects only when that is so, too. What is thrown here breaks the request off.
   */
  send(write: (...pieces: Uint8Array[]) => Promise<void>): Promise<void>;
}

export interface HttpRequest extends Omit<AnswerOptions, 'origin'> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the API's base, as in `/server/ping`. */
  readonly path: string;
  readonly json?: unknown;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal | undefined;
  /** Goes out over a connection of its own, with a whole TLS handshake. */
  readonly isAlone?: boolean;
}

/** One server, one key; the limits are those of a single request. */
export interface HttpOptions extends StallLimits {
  /** Base of the API, as `apiBase` gives it. */
  readonly baseUrl: string;
  /** Further addresses of the same server, each as `baseUrl`, for when that one does not answer. */
  readonly otherBaseUrls?: readonly string[];
  readonly apiKey: string | undefined;
  /** Own certificate authority, client certificate, or no check at all. */
  readonly tls?: ConnectionOptions | undefined;
  /** How fast bodies may leave, over all requests that share it; as fast as it goes by default. */
  readonly limit?: SendLimit | undefined;
}

export interface Http {
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends the idle connections. */
  close(): void;
}

/**
 * Makes the one way to Immich: kept-alive connections, no redirects, flat memory, and a stall limit instead of a
 * total one. A kept-alive connection that the server had closed already is replaced once by a fresh one.
 * @throws (each request) ImmichError `offline` or `tls`; what the body throws comes through as it is
 */
export function createHttp(options: HttpOptions): Http {
  const { baseUrl, apiKey, tls, limit } = options;
  const { origin, protocol } = new URL(baseUrl);
  const { request: open, Agent } = protocol === 'https:' ? https : http;
  const keptAlive = new Agent({ ...tls, keepAlive: true });
  const fresh = new Agent({ ...tls, keepAlive: false, maxCachedSessions: 0 });

  function attempt(request: HttpRequest, agent: http.Agent): Promise<HttpAnswer> {
    const { method, path, json, body, signal } = request;
    const text = json === undefined ? undefined : JSON.stringify(json);
    const headers = {
      accept: 'application/json',
      'user-agent': 'immich-bridge',
      ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(text)),
      }),
      ...body?.headers,
    };
    signal?.throwIfAborted();
    let sent: ClientRequest;
    try {
      sent = open(baseUrl + path, { method, agent, headers });
    } catch (error) {
      // Certificates are read only now.
      const code = error instanceof Error && 'code' in error ? String(error.code) : say`no reason given`;
      throw new ImmichError(
        'tls',
        say`The TLS configuration for ${origin} cannot be used (${code}). Check its certificate and key.`,
      );
    }
    return exchange(sent, body?.send ?? (async () => void (text && sent.write(text))), request);
  }

  async function exchange(
    sent: ClientRequest,
    send: RequestBody['send'],
    { signal, limitBytes, onPiece, onSocket }: HttpRequest,
  ): Promise<HttpAnswer> {
    const watch = watchProgress(options, origin, (sentence) =>
      sent.destroy(new ImmichError('offline', sentence)),
    );
    watch.follow(sent);
    const abort = () => sent.destroy();
    signal?.addEventListener('abort', abort, { once: true });
    let bodyError: unknown;
    const leave = limit === undefined ? write : paced(limit, watch);
    const sending = send((...pieces) => leave(sent, pieces)).then(
      () => void sent.end(),
      (error: unknown) => {
        if (error !== CLOSED) bodyError = error;
        sent.destroy();
      },
    );
    try {
      return await answerOf(sent, { origin, limitBytes, onPiece, onSocket });
    } catch (error) {
      signal?.throwIfAborted();
      throw bodyError ?? connectionError(error, origin, sent.reusedSocket);
    } finally {
      watch.end();
      signal?.removeEventListener('abort', abort);
      // An answer that came before the body was sent: the rest is not needed.
      if (!sent.writableFinished) sent.destroy();
      // Whoever lent the memory of the body gets it back only when nothing reads from it any more.
      await sending;
    }
  }

  return {
    async request(request) {
      try {
        return await attempt(request, request.isAlone ? fresh : keptAlive);
      } catch (error) {
        if (!(error instanceof StaleConnectionError)) throw error;
        return attempt(request, fresh);
      }
    },
    close() {
      keptAlive.destroy();
      fresh.destroy();
    },
  };
}

function write(sent: ClientRequest, pieces: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(CLOSED);
    if (sent.destroyed) return onClose();
    sent.once('close', onClose);
    const onLeft = (error?: Error | null) => {
      sent.off('close', onClose);
      if (error) reject(CLOSED);
      else resolve();
    };
    sent.cork();
    for (const [index, piece] of pieces.entries()) {
      if (index === pieces.length - 1) sent.write(piece, onLeft);
      else sent.write(piece);
    }
    sent.uncork();
  });
}

type Leave = typeof write;

/** Writes as fast as a limit lets it; the wait for that is no stall. */
function paced(limit: SendLimit, watch: { hold(isHeld: boolean): void }): Leave {
  return async (sent, pieces) => {
    for (const piece of pieces) {
      for (let from = 0; from < piece.length; from += limit.pieceBytes) {
        const part = piece.subarray(from, from + limit.pieceBytes);
        const waitMs = limit.reserve(part.length);
        if (waitMs > 0) {
          watch.hold(true);
          await untilClosed(sent, waitMs).finally(() => watch.hold(false));
        }
        await write(sent, [part]);
      }
    }
  };
}

/** Waits, or less where the request ends before. */
function untilClosed(sent: ClientRequest, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      sent.off('close', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (sent.destroyed) end();
    else sent.once('close', end);
  });
}

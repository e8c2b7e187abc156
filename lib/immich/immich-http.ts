import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import axios, { type AxiosInstance } from 'axios';
import type { HttpAnswer } from './immich-answer.js';
import { ImmichError } from './immich-error.js';
import { watchProgress } from './stall-watch.js';

/** A body that can be made again, for the second try on a fresh connection. */
export interface RequestBody {
  readonly stream: Readable;
  /** Content-Type and Content-Length. */
  readonly headers: Record<string, string>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path below the API's base, as in `/server/ping`. */
  readonly path: string;
  readonly json?: unknown;
  readonly body?: () => RequestBody;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpOptions {
  /** Base of the API, as `apiBase` gives it. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Own certificate authority, client certificate, or no check at all. */
  readonly tls?: ConnectionOptions | undefined;
  /** Longest time to get a connection, in milliseconds. */
  readonly connectMs?: number;
  /** Longest time in which no byte moves, in milliseconds. There is no total limit. */
  readonly stallMs?: number;
  /** Longest time for the answer after the last byte was sent, in milliseconds (slow disks hash and sync). */
  readonly answerMs?: number;
  readonly client?: AxiosInstance;
}

export interface Http {
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends the idle connections. */
  close(): void;
}

/**
 * Makes the one way to Immich: kept-alive connections, no redirects, flat memory (axios buffers a whole body
 * for a redirect unless it may follow none), and a stall limit instead of a total one. A kept-alive
 * connection that the server had closed already is replaced once by a fresh one.
 * @throws (each request) ImmichError `offline` or `tls`; what the body's stream throws comes through as it is
 */
export function createHttp(options: HttpOptions): Http {
  const { baseUrl, apiKey, tls, client = axios } = options;
  const isSecure = baseUrl.startsWith('https:');
  const origin = new URL(baseUrl).origin;
  const agentOptions = { keepAlive: true, ...tls };
  const keptAlive = isSecure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  const fresh = isSecure
    ? new https.Agent({ ...tls, keepAlive: false })
    : new http.Agent({ keepAlive: false });

  async function attempt(request: HttpRequest, agent: http.Agent): Promise<HttpAnswer> {
    const body = request.body?.();
    const stop = new AbortController();
    const abort = () => stop.abort();
    request.signal?.addEventListener('abort', abort, { once: true });
    let sent: ClientRequest | undefined;
    let bodyError: unknown;
    body?.stream.once('error', (error) => {
      bodyError = error;
    });
    const watch = watchProgress(options, (sentence) => {
      bodyError ??= new ImmichError('offline', `${origin} ${sentence}`);
      stop.abort();
    });
    try {
      request.signal?.throwIfAborted();
      const answer = await client.request<string>({
        baseURL: baseUrl,
        url: request.path,
        method: request.method,
        headers: {
          accept: 'application/json',
          ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
          ...body?.headers,
        },
        data: body?.stream ?? request.json,
        httpAgent: agent,
        httpsAgent: agent,
        maxRedirects: 0,
        maxBodyLength: -1,
        maxContentLength: 64 * 1024 * 1024,
        responseType: 'text',
        transformResponse: (text: string) => text,
        validateStatus: () => true,
        signal: stop.signal,
        transport: {
          request(...args: Parameters<typeof http.request>) {
            sent = (isSecure ? https : http).request(...args);
            watch.follow(sent);
            return sent;
          },
        },
      });
      return {
        status: answer.status,
        headers: { ...answer.headers } as HttpAnswer['headers'],
        text: answer.data,
      };
    } catch (error) {
      request.signal?.throwIfAborted();
      if (bodyError !== undefined) throw bodyError;
      throw Object.assign(connectionError(error, origin), { isStale: sent?.reusedSocket === true });
    } finally {
      watch.end();
      request.signal?.removeEventListener('abort', abort);
      // An answer that came before the body was read: the rest need not be sent.
      if (sent !== undefined && !sent.writableFinished) sent.destroy();
      body?.stream.destroy();
    }
  }

  return {
    async request(request) {
      try {
        return await attempt(request, keptAlive);
      } catch (error) {
        const isStale = error instanceof ImmichError && 'isStale' in error && error.isStale === true;
        if (!isStale) throw error;
        return attempt(request, fresh);
      }
    },
    close() {
      keptAlive.destroy();
      fresh.destroy();
    },
  };
}

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/;

/** Only the code of the error is used: an axios error carries the request's headers, and so the key. */
function connectionError(error: unknown, origin: string): ImmichError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  if (CERTIFICATE_CODES.test(code)) {
    return new ImmichError(
      'tls',
      `The certificate of ${origin} is not trusted (${code}). Choose a TLS configuration with your own certificate authority in the Immich server's settings.`,
    );
  }
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'refuses the connection: is Immich running, and is the port right?',
    ENOTFOUND: 'is not known: check the host name.',
    EAI_AGAIN: 'cannot be looked up: the name server does not answer.',
    ECONNRESET: 'ended the connection.',
    EPIPE: 'ended the connection.',
    EHOSTUNREACH: 'cannot be reached: no way to that host.',
    ENETUNREACH: 'cannot be reached: no network.',
    EPROTO: 'does not speak https on this port.',
  };
  return new ImmichError('offline', `${origin} ${reasons[code] ?? `did not answer (${code}).`}`);
}

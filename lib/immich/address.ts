import type { HttpAnswer } from './immich-answer.js';
import { ImmichError, type ImmichErrorKind } from './immich-error.js';
import { createHttp, type Http, type HttpOptions, type HttpRequest } from './immich-http.js';
import { createLearnedSize, type LearnedSize } from './learned-size.js';
import { pingServer } from './server-ping.js';

/** One of the addresses of a server, as it is told. Bytes are those of whole requests. */
export interface AddressView extends Pick<LearnedSize, 'acceptedBytes' | 'refusedBytes'> {
  /** As in `http://photos.lan:2283`. */
  readonly url: string;
  readonly isInUse: boolean;
  /** Whether Immich answered there when it was last asked; null when it was never asked beforehand. */
  readonly isThere: boolean | null;
  /** What was wrong then. */
  readonly problem: ImmichErrorKind | null;
}

/** One way to a server. */
export interface Address {
  readonly origin: string;
  readonly http: Http;
  readonly size: LearnedSize;
  /** Asks whether Immich is there, without the key. */
  look(): Promise<boolean>;
  /** The same, or what was found within the last minute. */
  lookSometimes(): Promise<boolean>;
  /** It was found out otherwise that Immich is not there. */
  lose(problem: ImmichErrorKind): void;
  view(isInUse: boolean): AddressView;
  close(): void;
}

/** Longest wait for an address while others may answer. */
const PING_MS = 3_000;
/** So long an answer is believed by who does not need to know at once. */
export const LOOK_AGAIN_MS = 60_000;

/** Makes one way; nothing is sent before it is used. */
export function createAddress({ now, ...options }: HttpOptions & { readonly now: () => number }): Address {
  const { origin } = new URL(options.baseUrl);
  const http = createHttp(options);
  const stranger = createHttp({ ...options, apiKey: undefined });
  const size = createLearnedSize(now);
  let found: { readonly at: number; readonly problem: ImmichErrorKind | null } | undefined;
  let looking: Promise<boolean> | undefined;

  async function ask(): Promise<boolean> {
    try {
      await pingServer(stranger, origin, AbortSignal.timeout(PING_MS));
      found = { at: now(), problem: null };
    } catch (error) {
      // Whatever answers, or does not: it is not Immich.
      found = { at: now(), problem: error instanceof ImmichError ? error.kind : 'offline' };
    }
    return found.problem === null;
  }

  function look(): Promise<boolean> {
    looking ??= ask().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    origin,
    http,
    size,
    look,
    lookSometimes: async () =>
      found !== undefined && now() - found.at < LOOK_AGAIN_MS ? found.problem === null : look(),
    lose(problem) {
      found = { at: now(), problem };
    },
    view: (isInUse) => ({
      url: origin,
      isInUse,
      isThere: found === undefined ? null : found.problem === null,
      problem: found?.problem ?? null,
      acceptedBytes: size.acceptedBytes,
      refusedBytes: size.refusedBytes,
    }),
    close() {
      http.close();
      stranger.close();
    },
  };
}

/** Bytes of what a request carries to be stored; 0 for a question. */
export function bytesOf({ body }: HttpRequest): number {
  return Number(body?.headers['content-length'] ?? 0);
}

/** What a dead address, or a stranger at it, answers in place of Immich. */
const SUSPICIOUS = new Set([
  301, 302, 303, 307, 308, 404, 405, 502, 503, 504, 511, 520, 521, 522, 523, 524, 525, 526, 530,
]);

/** Whether something else than Immich may have answered. A proxy that finds a body too large stands before Immich. */
export function isSuspicious({ status, headers }: HttpAnswer): boolean {
  if (status === 413) return false;
  return SUSPICIOUS.has(status) || headers['content-type']?.startsWith('text/html') === true;
}

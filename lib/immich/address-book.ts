import { say } from '../say.js';
import type { HttpAnswer } from './immich-answer.js';
import { ImmichError } from './immich-error.js';
import { createHttp, type Http, type HttpOptions, type HttpRequest } from './immich-http.js';
import { pingServer } from './server-ping.js';

/** Several addresses of one server, the one to prefer first; everything else as for one. */
export interface AddressBookOptions extends Omit<HttpOptions, 'baseUrl' | 'otherBaseUrls'> {
  /** Bases of the API, as `apiBase` gives them; at least one. */
  readonly baseUrls: readonly string[];
  readonly now?: () => number;
}

/** A way to Immich that may lead over one of several addresses. */
export interface AddressBook extends Http {
  /** Origin of the address in use. */
  readonly origin: string;
}

/** So often an earlier address is asked whether it is there again, while a later one is in use. */
const LOOK_BACK_MS = 60_000;
/** So long a limit of a proxy is believed in before it is tried again. */
const FORGET_LIMIT_MS = 3_600_000;
/** Longest wait for an address while others may answer. */
const PING_MS = 3_000;

/** What a dead address, or a stranger at it, answers in place of Immich. */
const SUSPICIOUS = new Set([
  301, 302, 303, 307, 308, 404, 405, 502, 503, 504, 511, 520, 521, 522, 523, 524, 525, 526, 530,
]);

/**
 * Makes the way to one server with several addresses. The first that answers with Immich's own word is used, until it
 * fails; then a request goes on over the next. The key is sent only to an address that has answered so. With one address
 * nothing is asked before.
 */
export function createAddressBook({
  baseUrls,
  now = () => performance.now(),
  ...options
}: AddressBookOptions): AddressBook {
  const addresses = baseUrls.map((baseUrl) => ({
    origin: new URL(baseUrl).origin,
    http: createHttp({ ...options, baseUrl }),
    stranger: createHttp({ ...options, baseUrl, apiKey: undefined }),
    /** The smallest body that a proxy refused here, and when. */
    refused: { bytes: Number.POSITIVE_INFINITY, at: 0 },
  }));
  const [first] = addresses;
  if (first === undefined) throw new TypeError('A server needs an address.');
  let current = first;
  let isChosen = addresses.length === 1;
  let choosing: Promise<void> | undefined;
  let lookedBackAt = now();

  async function isThere({ origin, stranger }: typeof first & object): Promise<boolean> {
    try {
      await pingServer(stranger, origin, AbortSignal.timeout(PING_MS));
      return true;
    } catch {
      // Whatever answers, or does not: it is not Immich.
      return false;
    }
  }

  /** Takes the first address that is there; none changes nothing. */
  function choose(from: readonly (typeof first & object)[]): Promise<void> {
    choosing ??= (async () => {
      for (const address of from) {
        if (!(await isThere(address))) continue;
        current = address;
        isChosen = true;
        return;
      }
    })().finally(() => {
      choosing = undefined;
    });
    return choosing;
  }

  function lookBack(): void {
    if (current === first || now() - lookedBackAt < LOOK_BACK_MS) return;
    lookedBackAt = now();
    void choose(addresses.slice(0, addresses.indexOf(current)));
  }

  async function request(asked: HttpRequest): Promise<HttpAnswer> {
    if (addresses.length === 1) return current.http.request(asked);
    if (!isChosen) await choose(addresses);
    if (!isChosen) {
      const all = addresses.map(({ origin }) => origin).join(say` nor `);
      throw new ImmichError('offline', say`Immich answers neither at ${all}.`);
    }
    lookBack();
    const used = current;
    const bytes = Number(asked.body?.headers['content-length'] ?? 0);
    if (isRefused(used, bytes)) return sendLarge(asked, bytes);
    try {
      const answer = await used.http.request(asked);
      if (answer.status === 413 && bytes > 0) {
        used.refused = { bytes: Math.min(bytes, used.refused.bytes), at: now() };
        return await sendLarge(asked, bytes);
      }
      if (!SUSPICIOUS.has(answer.status) && !isPage(answer)) return answer;
      return mayRepeat(asked) && (await isElsewhere(used)) ? current.http.request(asked) : answer;
    } catch (error) {
      const isDead = error instanceof ImmichError && (error.kind === 'offline' || error.kind === 'tls');
      if (!isDead || asked.signal?.aborted || !(await isElsewhere(used)) || !mayRepeat(asked)) throw error;
      return current.http.request(asked);
    }
  }

  function isRefused({ refused }: typeof first & object, bytes: number): boolean {
    return bytes >= refused.bytes && now() - refused.at < FORGET_LIMIT_MS;
  }

  /** Sends what the address in use does not let through over another, or says that it waits for one. */
  async function sendLarge(asked: HttpRequest, bytes: number): Promise<HttpAnswer> {
    for (const address of addresses) {
      if (!isRefused(address, bytes) && (await isThere(address))) return address.http.request(asked);
    }
    throw new ImmichError(
      'too-large-for-proxy',
      say`The file is larger than the proxy at ${current.origin} lets through; it waits for another of Immich's addresses.`,
      { status: 413, tries: Number.POSITIVE_INFINITY },
    );
  }

  /** Whether another address than the one that failed is in use now. */
  async function isElsewhere(failed: typeof first & object): Promise<boolean> {
    if (current === failed) {
      lookedBackAt = now();
      await choose(addresses);
    }
    return current !== failed;
  }

  return {
    get origin() {
      return current.origin;
    },
    request,
    close() {
      for (const { http, stranger } of addresses) {
        http.close();
        stranger.close();
      }
    },
  };
}

/** What would be there twice if the first request had arrived after all is left to whoever asked. */
function mayRepeat({ method, path }: HttpRequest): boolean {
  return method !== 'POST' || (path !== '/albums' && path !== '/stacks');
}

function isPage({ headers }: HttpAnswer): boolean {
  return headers['content-type']?.startsWith('text/html') === true;
}

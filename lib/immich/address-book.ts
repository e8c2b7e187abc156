import { say } from '../say.js';
import {
  type Address,
  type AddressView,
  bytesOf,
  createAddress,
  isSuspicious,
  LOOK_AGAIN_MS,
} from './address.js';
import type { HttpAnswer } from './immich-answer.js';
import { ImmichError } from './immich-error.js';
import type { Http, HttpOptions, HttpRequest } from './immich-http.js';

/** Several addresses of one server, the one to prefer first; everything else as for one. */
export interface AddressBookOptions extends Omit<HttpOptions, 'baseUrl' | 'otherBaseUrls'> {
  /** Bases of the API, as `apiBase` gives them; at least one. */
  readonly baseUrls: readonly string[];
  /** Milliseconds that only ever grow. */
  readonly now?: (() => number) | undefined;
}

/**
 * How a body of some size gets through: over an address that is there (`open`), over one that refused as much long ago and
 * may do so no more (`trial`), or for now not at all (`none`).
 */
export type Way = 'open' | 'trial' | 'none';

/** A way to Immich that may lead over one of several addresses. */
export interface AddressBook extends Http {
  /** Origin of the address in use. */
  readonly origin: string;
  /** All addresses, in the order of the settings. */
  views(): AddressView[];
  /** Whether so many bytes get through now. Each address is asked at most once a minute, and nothing is sent. */
  wayFor(bytes: number): Promise<Way>;
}

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
  const addresses = baseUrls.map((baseUrl) => createAddress({ ...options, baseUrl, now }));
  const [first] = addresses;
  if (first === undefined) throw new TypeError('A server needs an address.');
  let current = first;
  let isChosen = addresses.length === 1;
  let choosing: Promise<void> | undefined;
  let lookedBackAt = now();

  /** Takes the first address that is there; none changes nothing. */
  function choose(from: readonly Address[], isUrgent = true): Promise<void> {
    choosing ??= (async () => {
      for (const address of from) {
        if (!(await (isUrgent ? address.look() : address.lookSometimes()))) continue;
        current = address;
        isChosen = true;
        return;
      }
    })().finally(() => {
      choosing = undefined;
    });
    return choosing;
  }

  /** While a later address is in use, an earlier one is asked now and then whether it is there again. */
  function lookBack(): void {
    if (current === first || now() - lookedBackAt < LOOK_AGAIN_MS) return;
    lookedBackAt = now();
    void choose(addresses.slice(0, addresses.indexOf(current)), false);
  }

  async function send(asked: HttpRequest, { http, size }: Address): Promise<HttpAnswer> {
    const answer = await http.request(asked);
    const bytes = bytesOf(asked);
    if (bytes > 0 && answer.status === 413) size.refuse(bytes);
    if (bytes > 0 && answer.status >= 200 && answer.status < 300) size.accept(bytes);
    return answer;
  }

  async function request(asked: HttpRequest): Promise<HttpAnswer> {
    if (addresses.length === 1) return send(asked, current);
    if (!isChosen) await choose(addresses);
    if (!isChosen) {
      const all = addresses.map(({ origin }) => origin).join(say` nor `);
      throw new ImmichError('offline', say`Immich answers neither at ${all}.`);
    }
    lookBack();
    const used = current;
    try {
      const answer = await sendBySize(asked, used);
      if (!isSuspicious(answer)) return answer;
      return mayRepeat(asked) && (await isElsewhere(used)) ? sendBySize(asked, current) : answer;
    } catch (error) {
      const isDead = deathOf(error) !== undefined;
      if (!isDead || asked.signal?.aborted || !(await isElsewhere(used)) || !mayRepeat(asked)) throw error;
      return sendBySize(asked, current);
    }
  }

  /** Sends over an address, or over another what is too large for it. */
  async function sendBySize(asked: HttpRequest, address: Address): Promise<HttpAnswer> {
    if (address.size.isRefused(bytesOf(asked))) return sendLarge(asked);
    const answer = await send(asked, address);
    return answer.status === 413 && bytesOf(asked) > 0 ? sendLarge(asked, answer) : answer;
  }

  /** Sends what an address does not let through over another, or says that it waits for one. */
  async function sendLarge(asked: HttpRequest, refusal?: HttpAnswer): Promise<HttpAnswer> {
    const bytes = bytesOf(asked);
    let last = refusal;
    for (const address of addresses) {
      if (address.size.isRefused(bytes) || !(await address.lookSometimes())) continue;
      try {
        const answer = await send(asked, address);
        if (answer.status === 413) last = answer;
        else if (isSuspicious(answer)) address.lose('wrong-address');
        else return answer;
      } catch (error) {
        // It has gone since it was asked. That holds up this file alone: all others go over the one in use.
        const death = deathOf(error);
        if (death === undefined || asked.signal?.aborted) throw error;
        address.lose(death);
      }
    }
    if (addresses.some(({ size }) => !size.isRefused(bytes))) throw waitsFor(current.origin, bytes);
    return last ?? { status: 413, headers: {}, text: '' };
  }

  /** Whether another address than the one that failed is in use now. */
  async function isElsewhere(failed: Address): Promise<boolean> {
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
    views: () => addresses.map((address) => address.view(address === current)),
    async wayFor(bytes) {
      const open = addresses.filter(({ size }) => !size.isRefused(bytes));
      // None lets it through: whoever tries is told so.
      if (open.length === 0) return 'open';
      let isDoubtful = false;
      for (const address of open) {
        if (!(await address.lookSometimes())) continue;
        if (!address.size.isDoubtful(bytes)) return 'open';
        isDoubtful = true;
      }
      return isDoubtful ? 'trial' : 'none';
    },
    close() {
      for (const address of addresses) address.close();
    },
  };
}

function waitsFor(origin: string, heldBytes: number): ImmichError {
  return new ImmichError(
    'too-large-for-proxy',
    say`The file is larger than the proxy at ${origin} lets through; it waits for another of Immich's addresses.`,
    { status: 413, tries: Number.POSITIVE_INFINITY, heldBytes },
  );
}

/** Why no answer came from an address; undefined for what is no fault of the address. */
function deathOf(error: unknown): 'offline' | 'tls' | undefined {
  const kind = error instanceof ImmichError ? error.kind : undefined;
  return kind === 'offline' || kind === 'tls' ? kind : undefined;
}

/** What would be there twice if the first request had arrived after all is left to whoever asked. */
function mayRepeat({ method, path }: HttpRequest): boolean {
  return method !== 'POST' || (path !== '/albums' && path !== '/stacks');
}

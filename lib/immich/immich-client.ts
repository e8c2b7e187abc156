import { gather } from '../gather.js';
import { say } from '../say.js';
import type { AddressView } from './address.js';
import { type AddressBookOptions, createAddressBook, type Way } from './address-book.js';
import { type AnswerContext, isObject, readAnswer } from './immich-answer.js';
import { ImmichError } from './immich-error.js';
import type { HttpOptions, HttpRequest } from './immich-http.js';
import { isAssetId, type LibraryCalls, libraryCalls } from './library-calls.js';
import { type Pong, pingServer } from './server-ping.js';
import { type UploadForm, uploadBody } from './upload-body.js';

/** What Immich says about a checksum: unknown to it, or held as an asset that may lie in the trash. */
export type KnownAsset =
  | { readonly isKnown: false }
  | { readonly isKnown: true; readonly assetId: string; readonly isTrashed: boolean };

export interface UploadAnswer {
  readonly assetId: string;
  readonly outcome: 'created' | 'duplicate';
}

export interface Quota {
  /** Bytes; null without a limit. */
  readonly sizeBytes: number | null;
  readonly usedBytes: number;
}

/** All that the pack asks of an Immich server, 2.x or 3.x. Every call throws ImmichError. */
export interface ImmichClient extends LibraryCalls {
  /** As in `http://photos.lan:2283`; of several addresses the first. */
  readonly origin: string;
  /** All addresses, in the order of the settings, and what is known of each. */
  addresses(): AddressView[];
  /** Whether a request of so many bytes gets through now, over one of several addresses; nothing is sent to find out. */
  wayFor(bytes: number): Promise<Way>;
  /** Asks for one checksum (40 hex digits); calls of the same moment go out together. Needs `asset.upload`. */
  check(sha1: string): Promise<KnownAsset>;
  /** Sends one file. Needs `asset.upload`. */
  upload(form: UploadForm, signal?: AbortSignal): Promise<UploadAnswer>;
  /** Takes an asset out of the trash. Needs `asset.delete`. */
  restoreFromTrash(assetId: string): Promise<void>;
  /** Extensions that the server takes, lower case with a dot. Needs no key. */
  mediaExtensions(): Promise<readonly string[]>;
  /** Storage of the key's user; undefined when the key may not see it (`user.read`). */
  quota(): Promise<Quota | undefined>;
  /** Asks whether Immich is there at all. Needs no key. */
  ping(signal?: AbortSignal): Promise<Pong>;
  /** The JSON answer, of at most 1 MiB, to a question such as `/server/storage`. */
  ask(path: string, signal?: AbortSignal): Promise<unknown>;
  close(): void;
}

/** One server, one key, and a clock for what is believed of its addresses. */
export interface ClientOptions extends HttpOptions, Pick<AddressBookOptions, 'now'> {}

/** Immich allows 65,532 checksums a call; 1,000 take 0.04 s (measured on 2.7.5). */
const MAX_CHECKS = 1_000;

/** So long a checksum waits for others: a call costs this side and the server more than the sending of a photo. */
const GATHER_MS = 15;

/** Makes the client of one server and one key. Nothing is sent before the first call. */
export function createImmichClient(options: ClientOptions): ImmichClient {
  const http = createAddressBook({
    ...options,
    baseUrls: [options.baseUrl, ...(options.otherBaseUrls ?? [])],
  });
  const { origin } = new URL(options.baseUrl);
  let hasDeviceFields = true;

  async function call(request: HttpRequest, context: Partial<AnswerContext> = {}): Promise<unknown> {
    return readAnswer(await http.request(request), { origin, secret: options.apiKey, ...context });
  }

  async function checkMany(checksums: readonly string[]): Promise<KnownAsset[]> {
    // Under its checksum each answer says which bytes it is about: an old or a stranger's answer proves nothing.
    const assets = checksums.map((checksum) => ({ id: checksum, checksum }));
    const body = await call({ method: 'POST', path: '/assets/bulk-upload-check', json: { assets } });
    const results = isObject(body) && Array.isArray(body.results) ? body.results.filter(isObject) : [];
    const byId = new Map(results.map((result) => [result.id, result]));
    return assets.map(({ id }) => knownAsset(byId.get(id), origin));
  }

  async function send(form: UploadForm, signal: AbortSignal | undefined): Promise<UploadAnswer> {
    const body = uploadBody(form, hasDeviceFields);
    const answer = await call({ method: 'POST', path: '/assets', body, signal }, { fileName: form.fileName });
    const { id, status } = isObject(answer) ? answer : {};
    if (!isAssetId(id)) {
      throw new ImmichError(
        'wrong-address',
        say`${origin} took ${form.fileName} but named no asset: is this Immich?`,
      );
    }
    return { assetId: id, outcome: status === 'duplicate' ? 'duplicate' : 'created' };
  }

  async function upload(form: UploadForm, signal?: AbortSignal): Promise<UploadAnswer> {
    try {
      return await send(form, signal);
    } catch (error) {
      if (error instanceof ImmichError && error.status === 404 && (await isInMaintenance())) {
        throw new ImmichError(
          'maintenance',
          say`Immich is in maintenance mode; uploads go on when it is back.`,
          error,
        );
      }
      // Immich 2 wants the device fields, a later one may refuse them: switch once, and remember.
      if (!(error instanceof ImmichError) || !isAboutDeviceFields(error, hasDeviceFields)) throw error;
      hasDeviceFields = !hasDeviceFields;
      return send(form, signal);
    }
  }

  async function isInMaintenance(): Promise<boolean> {
    const config = await call({ method: 'GET', path: '/server/config' }).catch(() => undefined);
    return isObject(config) && config.maintenanceMode === true;
  }

  return {
    origin,
    addresses: http.views,
    wayFor: http.wayFor,
    ...libraryCalls(call, origin),
    check: gather(checkMany, { waitMs: GATHER_MS, maxItems: MAX_CHECKS }),
    upload,
    async restoreFromTrash(assetId) {
      try {
        await call({ method: 'POST', path: '/trash/restore/assets', json: { ids: [assetId] } });
      } catch (error) {
        // A missing permission concerns the trashed file alone: all others can go on.
        const isForbidden = error instanceof ImmichError && error.kind === 'forbidden';
        throw isForbidden
          ? new ImmichError('forbidden', error.message, { status: 403, scope: 'file' })
          : error;
      }
    },
    async mediaExtensions() {
      const body = await call({ method: 'GET', path: '/server/media-types' });
      const lists = isObject(body) ? [body.image, body.video].flat() : [];
      return lists
        .filter((entry): entry is string => typeof entry === 'string')
        .map((entry) => entry.toLowerCase())
        .filter((entry) => /^\.[\w-]{1,16}$/.test(entry));
    },
    async quota() {
      try {
        const body = await call({ method: 'GET', path: '/users/me' });
        if (!isObject(body) || typeof body.quotaUsageInBytes !== 'number') return undefined;
        const sizeBytes = typeof body.quotaSizeInBytes === 'number' ? body.quotaSizeInBytes : null;
        return { sizeBytes, usedBytes: body.quotaUsageInBytes };
      } catch (error) {
        if (error instanceof ImmichError && error.kind === 'forbidden') return undefined;
        throw error;
      }
    },
    ping: (signal) => pingServer(http, origin, signal),
    ask: (path, signal) => call({ method: 'GET', path, signal }, { isQuestion: true }),
    close: () => http.close(),
  };
}

function knownAsset(result: Record<string, unknown> | undefined, origin: string): KnownAsset {
  if (result?.action === 'accept') return { isKnown: false };
  if (result?.action === 'reject' && result.reason === 'duplicate' && isAssetId(result.assetId)) {
    return { isKnown: true, assetId: result.assetId, isTrashed: result.isTrashed === true };
  }
  throw new ImmichError(
    'wrong-address',
    say`${origin} gives no answer about a checksum that this version understands.`,
  );
}

function isAboutDeviceFields(error: ImmichError, wereSent: boolean): boolean {
  if (error.kind !== 'rejected' || !/device(Asset)?Id/.test(error.message)) return false;
  return wereSent ? !/must be a string|should not be empty|required/i.test(error.message) : true;
}

/**
 * Why a request to Immich did not work:
 * - `offline`: no connection, or one that broke or stood still
 * - `busy`: 408, 425, 429, 502, 503, 504 or 52x, mostly from a proxy
 * - `maintenance`: Immich says that it is being maintained
 * - `server-error`: every further 5xx (a full disk on the server is one of them)
 * - `tls`: the certificate is not trusted
 * - `wrong-address`: something answers, but it is not Immich's API
 * - `unauthorized`, `forbidden`: the key is wrong, or lacks a permission
 * - `quota`: the user's storage is full
 * - `too-large-for-proxy`: 413; never from Immich itself
 * - `unsupported`: Immich does not take this kind of file
 * - `rejected`: Immich refuses this file for another reason
 * - `trashed`: the same photo lies in Immich's trash
 * - `unproven`: Immich stored something else than was sent
 */
export type ImmichErrorKind =
  | 'offline'
  | 'busy'
  | 'maintenance'
  | 'server-error'
  | 'tls'
  | 'wrong-address'
  | 'unauthorized'
  | 'forbidden'
  | 'quota'
  | 'too-large-for-proxy'
  | 'unsupported'
  | 'rejected'
  | 'trashed'
  | 'unproven';

/** What has to wait: all files (the server is in trouble) or only the file that was refused. */
export type ErrorScope = 'server' | 'file';

interface Rule {
  readonly scope: ErrorScope;
  readonly willPass: boolean;
  /** How many tries a file gets before it fails; for ever by default, if waiting helps. */
  readonly tries?: number;
}

const RULES: Record<ImmichErrorKind, Rule> = {
  offline: { scope: 'server', willPass: true },
  busy: { scope: 'server', willPass: true },
  maintenance: { scope: 'server', willPass: true },
  'server-error': { scope: 'server', willPass: true },
  tls: { scope: 'server', willPass: false },
  'wrong-address': { scope: 'server', willPass: false },
  unauthorized: { scope: 'server', willPass: false },
  forbidden: { scope: 'server', willPass: false },
  quota: { scope: 'server', willPass: false },
  'too-large-for-proxy': { scope: 'file', willPass: false },
  unsupported: { scope: 'file', willPass: false },
  rejected: { scope: 'file', willPass: false },
  trashed: { scope: 'file', willPass: false },
  unproven: { scope: 'file', willPass: true, tries: 3 },
};

export interface ImmichErrorDetails {
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** The permission that the key lacks, as Immich names it. */
  readonly permission?: string;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Immich's id of the request, to be found in its log. */
  readonly correlationId?: string;
  /** Overrides what normally has to wait for this kind. */
  readonly scope?: ErrorScope;
  /** Overrides how many tries a file gets. */
  readonly tries?: number;
  /** So many bytes wait for another address of the server, because the one in use does not let them through. */
  readonly heldBytes?: number;
}

/** The one error of everything that talks to Immich. It holds no header and no body, so no secret. */
export class ImmichError extends Error {
  override readonly name = 'ImmichError';
  /** The kind again, under the name that a Catch node passes on. */
  readonly code: ImmichErrorKind;
  readonly kind: ImmichErrorKind;
  readonly scope: ErrorScope;
  /** True when waiting helps; false when a person has to do something. */
  readonly willPass: boolean;
  /** How many tries a file gets with this error before it fails. */
  readonly tries: number;
  readonly status: number | undefined;
  readonly permission: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly correlationId: string | undefined;
  /** Bytes that wait for another address; undefined for every other trouble. */
  readonly heldBytes: number | undefined;

  constructor(kind: ImmichErrorKind, sentence: string, details: ImmichErrorDetails = {}) {
    super(sentence);
    this.kind = kind;
    this.code = kind;
    this.scope = details.scope ?? RULES[kind].scope;
    this.willPass = RULES[kind].willPass;
    this.tries = details.tries ?? RULES[kind].tries ?? (this.willPass ? Number.POSITIVE_INFINITY : 1);
    this.status = details.status;
    this.permission = details.permission;
    this.retryAfterMs = details.retryAfterMs;
    this.correlationId = details.correlationId;
    this.heldBytes = details.heldBytes;
  }

  /** The sentence alone: Node-RED shows an error by this. */
  override toString(): string {
    return this.message;
  }
}

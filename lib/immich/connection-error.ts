import { ImmichError } from './immich-error.js';

/** A connection broke that had been used before: the server may have closed it while it was idle. */
export class StaleConnectionError extends ImmichError {}

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/;

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'refuses the connection: is Immich running, and is the port right?',
  ENOTFOUND: 'is not known: check the host name.',
  EAI_AGAIN: 'cannot be looked up: the name server does not answer.',
  ECONNRESET: 'ended the connection.',
  EPIPE: 'ended the connection.',
  EHOSTUNREACH: 'cannot be reached: no way to that host.',
  ENETUNREACH: 'cannot be reached: no network.',
  EPROTO: 'does not speak https on this port.',
};

/**
 * The ImmichError of a request that got no answer. Only the code of `error` is used, because the error of a request may
 * carry its headers, and so the key; `wasReused` says whether its connection had served another request before.
 */
export function connectionError(error: unknown, origin: string, wasReused: boolean): unknown {
  if (error instanceof ImmichError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
  if (CERTIFICATE_CODES.test(code)) {
    return new ImmichError(
      'tls',
      `The certificate of ${origin} is not trusted (${code}). Choose a TLS configuration with your own certificate authority in the Immich server's settings.`,
    );
  }
  const sentence = `${origin} ${REASONS[code] ?? `did not answer (${code}).`}`;
  return wasReused ? new StaleConnectionError('offline', sentence) : new ImmichError('offline', sentence);
}

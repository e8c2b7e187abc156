import { say } from '../say.js';
import { ImmichError } from './immich-error.js';

/** A connection broke that had been used before: the server may have closed it while it was idle. */
export class StaleConnectionError extends ImmichError {}

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/;

const SENTENCES: Record<string, (origin: string) => string> = {
  ECONNREFUSED: (origin) => say`${origin} refuses the connection: is Immich running, and is the port right?`,
  ENOTFOUND: (origin) => say`${origin} is not known: check the host name.`,
  EAI_AGAIN: (origin) => say`${origin} cannot be looked up: the name server does not answer.`,
  ECONNRESET: (origin) => say`${origin} ended the connection.`,
  EPIPE: (origin) => say`${origin} ended the connection.`,
  EHOSTUNREACH: (origin) => say`${origin} cannot be reached: no way to that host.`,
  ENETUNREACH: (origin) => say`${origin} cannot be reached: no network.`,
  EPROTO: (origin) => say`${origin} does not speak https on this port.`,
};

/**
 * The ImmichError of a request that got no answer. Only the code of `error` is used, because the error of a request may
 * carry its headers, and so the key; `wasReused` says whether its connection had served another request before.
 */
export function connectionError(error: unknown, origin: string, wasReused: boolean): unknown {
  if (error instanceof ImmichError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : say`no reason given`;
  if (CERTIFICATE_CODES.test(code)) {
    return new ImmichError(
      'tls',
      say`The certificate of ${origin} is not trusted (${code}). Choose a TLS configuration with your own certificate authority in the Immich server's settings.`,
    );
  }
  const sentence = SENTENCES[code]?.(origin) ?? say`${origin} did not answer (${code}).`;
  return wasReused ? new StaleConnectionError('offline', sentence) : new ImmichError('offline', sentence);
}

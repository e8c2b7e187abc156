import { say } from '../say.js';
import { certificateEnd } from './certificate-end.js';
import { isObject, readAnswer } from './immich-answer.js';
import { ImmichError } from './immich-error.js';
import type { Http } from './immich-http.js';

/** Immich is there. */
export interface Pong {
  /** How long the answer took with a new connection, in milliseconds. */
  readonly latencyMs: number;
  /** ISO 8601 in UTC; null without https. */
  readonly certificateEndsAt: string | null;
}

const LARGEST_ANSWER_BYTES = 64 * 1024;

/**
 * Asks whether Immich is there, over a connection of its own, so that every time means the same. Only Immich's own
 * word counts: a captive portal or a login page answers everything with 200.
 * @throws ImmichError for every other answer
 */
export async function pingServer(
  http: Pick<Http, 'request'>,
  origin: string,
  signal?: AbortSignal,
): Promise<Pong> {
  let certificateEndsAt: string | null = null;
  const began = performance.now();
  const answer = await http.request({
    method: 'GET',
    path: '/server/ping',
    isAlone: true,
    limitBytes: LARGEST_ANSWER_BYTES,
    onSocket: (socket) => {
      certificateEndsAt = certificateEnd(socket);
    },
    signal,
  });
  const latencyMs = Math.round((performance.now() - began) * 10) / 10;
  if (answer.status === 401) {
    // Immich itself asks nobody for a key here.
    throw new ImmichError(
      'wrong-address',
      say`Something in front of ${origin} asks for a login (status 401). Use an address that leads to Immich directly.`,
      { status: 401 },
    );
  }
  const body = readAnswer(answer, { origin, isQuestion: true });
  if (isObject(body) && body.res === 'pong') return { latencyMs, certificateEndsAt };
  throw new ImmichError('wrong-address', say`${origin} answers, but not as Immich does: check the address.`, {
    status: answer.status,
  });
}

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { say } from '../say.js';
import type { HttpAnswer } from './immich-answer.js';
import { ImmichError } from './immich-error.js';

/** How an answer is taken. */
export interface AnswerOptions {
  /** For the sentence of an error. */
  readonly origin: string;
  /** The most bytes of a body, 1 MiB by default: a page that never ends is not Immich. */
  readonly limitBytes?: number | undefined;
  /** Takes the body piece by piece; `text` is empty then, and memory does not depend on its size. */
  readonly onPiece?: ((piece: Buffer) => void) | undefined;
  /** Told of the connection when the head of the answer is there. */
  readonly onSocket?: ((socket: Socket) => void) | undefined;
}

/** An answer about 1,000 checksums has 0.2 MB, and to read a larger one would hold up all others. */
const LARGEST_ANSWER_BYTES = 1024 * 1024;

/** The connection closed; why is told by the request's own error, if there is one. */
export const CLOSED = new Error('the connection is closed');

/**
 * Waits for the answer of a request, whole.
 * @throws what breaks the request, `CLOSED`, or ImmichError `wrong-address` for a body over the limit
 */
export function answerOf(sent: ClientRequest, options: AnswerOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      reject(error);
      sent.destroy();
    };
    sent.on('error', reject);
    sent.once('close', () => reject(CLOSED));
    sent.once('response', (response: IncomingMessage) => {
      options.onSocket?.(response.socket);
      // No promise lies between: the connection may close in the same moment in which the answer ends.
      readBody(response, options, resolve, fail);
    });
  });
}

function readBody(
  response: IncomingMessage,
  { origin, limitBytes = LARGEST_ANSWER_BYTES, onPiece }: AnswerOptions,
  resolve: (answer: HttpAnswer) => void,
  fail: (error: Error) => void,
): void {
  const pieces: Buffer[] = [];
  let size = 0;
  const take = onPiece ?? ((piece: Buffer) => pieces.push(piece));
  response.on('error', fail);
  response.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size <= limitBytes) take(piece);
    else
      fail(new ImmichError('wrong-address', say`${origin} answers with an endless page: check the address.`));
  });
  response.once('end', () => {
    const { statusCode: status = 0, headers } = response;
    const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    resolve({ status, headers: Object.fromEntries(flat), text: Buffer.concat(pieces).toString('utf8') });
  });
}

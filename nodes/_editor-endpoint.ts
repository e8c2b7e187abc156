import type { IncomingMessage } from 'node:http';
import type { NodeAPI } from 'node-red';
import { type Fields, recordOf } from '../lib/fields.js';
import { say } from '../lib/say.js';
import { SettingError } from '../lib/settings.js';
import { answeringIn } from './_language.js';
import { toError } from './_shown-text.js';

/** What a handler gets: the fields of the request, and a signal for when nobody waits any more. */
export type EditorHandler = (body: Fields, signal: AbortSignal) => Promise<object> | object;

/** A request that the editor would not send; the sentence is the answer. */
export class RequestError extends Error {
  readonly code = 'request';
  constructor(
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

const MOST_BYTES = 65_536;
const MOST_AT_ONCE = 8;
const LONGEST_MS = 60_000;
let running = 0;

/**
 * Answers `POST immich-bridge/<path>` for people who may change flows, and for nobody else: what is asked of it may lead
 * into the network and the file system. JSON in, JSON out; every failure is a sentence, and none holds a secret.
 */
export function editorEndpoint(RED: NodeAPI, path: string, handle: EditorHandler): void {
  // Without an editor (httpAdminRoot: false) there is nobody to answer.
  if (typeof RED.httpAdmin?.post !== 'function') return;
  const mayAsk = RED.auth.needsPermission('flows.write');
  const answer = async (req: IncomingMessage, res: Answer) => {
    const gone = new AbortController();
    res.on('close', () => gone.abort(new Error('nobody waits')));
    try {
      const body = bodyOf(req);
      if (running >= MOST_AT_ONCE) throw new RequestError(say`Too much is asked at once. Try it again.`, 429);
      running += 1;
      try {
        const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(LONGEST_MS)]);
        const answer = await handle(body, signal);
        if (!res.headersSent && !gone.signal.aborted) res.set('Cache-Control', 'no-store').json(answer);
      } finally {
        running -= 1;
      }
    } catch (error) {
      if (!res.headersSent && !gone.signal.aborted) refuse(RED, path, error, res);
    }
  };
  RED.httpAdmin.post(`/immich-bridge/${path}`, mayAsk, (req, res) =>
    answeringIn(req.headers['accept-language'], () => answer(req, res)),
  );
}

/** Of Node-RED's HTTP server what is used here. */
interface Answer {
  readonly headersSent: boolean;
  status(code: number): { json(body: object): unknown };
  set(name: string, value: string): { json(body: object): unknown };
  on(event: 'close', listener: () => void): unknown;
}

function refuse(RED: NodeAPI, path: string, thrown: unknown, res: Answer): void {
  const error = toError(thrown);
  if (error instanceof RequestError) res.status(error.status).json({ error: error.message });
  else if (error instanceof SettingError) res.status(422).json({ error: error.message });
  else if (error.name === 'TimeoutError') res.status(504).json({ error: say`It took more than a minute.` });
  else {
    // Whatever it was, it may tell more than a stranger should read.
    RED.log.warn(`immich-bridge/${path}: ${error.message}`);
    res.status(500).json({ error: say`This could not be looked at; Node-RED’s log says why.` });
  }
}

function bodyOf(req: IncomingMessage & { body?: unknown }): Fields {
  if (Number(req.headers['content-length'] ?? 0) > MOST_BYTES) {
    throw new RequestError(say`The request is too large.`, 413);
  }
  // Another site's page may send text without being asked, but no JSON.
  if (!/^application\/json\b/i.test(req.headers['content-type'] ?? '')) {
    throw new RequestError(say`Only JSON is understood.`, 415);
  }
  const body = recordOf(req.body);
  if (body === undefined) throw new RequestError(say`The request is no JSON object.`);
  return body;
}

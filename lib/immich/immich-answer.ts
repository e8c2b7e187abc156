import { printable, shortened } from '../printable.js';
import { say } from '../say.js';
import { ImmichError, type ImmichErrorDetails } from './immich-error.js';
import { parseJson } from './json-body.js';

/** An HTTP answer, its body read as text. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** Where the answer came from, for the sentence. */
export interface AnswerContext {
  /** Origin of the server, as in `http://photos.lan:2283`. */
  readonly origin: string;
  /** Name of the file that was sent; undefined for every other request. */
  readonly fileName?: string | undefined;
  /** The API key: a server that repeats what it was sent must not get it into a sentence. */
  readonly secret?: string | undefined;
  /** Nothing was sent to be stored: something was asked. */
  readonly isQuestion?: boolean;
}

const LONGEST_RETRY_AFTER_MS = 3_600_000;
const LONGEST_SAID = 300;
const MOST_READ = 10_000;
const PROXY_TROUBLE = new Set([408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]);

/**
 * The JSON body of a good answer.
 * @throws ImmichError for every other answer, of the kind that says what to do
 */
export function readAnswer(answer: HttpAnswer, context: AnswerContext, now = new Date()): unknown {
  const body = parseJson(answer.text);
  if (answer.status >= 200 && answer.status < 300) {
    if (answer.status === 204 || body !== undefined) return body;
    throw new ImmichError(
      'wrong-address',
      say`${context.origin} answers with a web page instead of Immich's API: check the address, or whether a login page stands in front of it.`,
      { status: answer.status },
    );
  }
  throw errorFor(answer, body, context, now);
}

/** What a server says of an error goes into sentences, logs and events: one short line, without the key. */
function saidBy(body: unknown, { secret }: AnswerContext): string {
  const text = errorTexts(body).join('; ');
  const safe = secret === undefined ? text : text.replaceAll(secret, '…');
  return shortened(printable(safe.slice(0, MOST_READ)), LONGEST_SAID);
}

/** The sentences of an error body in the three forms of Immich 2 and 3; source: recorded answers. */
export function errorTexts(body: unknown): string[] {
  if (!isObject(body)) return [];
  const details = Array.isArray(body.errors) ? body.errors.filter(isObject) : [];
  if (details.length > 0) {
    return details.map((detail) => `${[detail.path].flat().join('.')}: ${String(detail.message ?? '')}`);
  }
  return [body.message].flat().filter((text): text is string => typeof text === 'string');
}

function errorFor(answer: HttpAnswer, body: unknown, context: AnswerContext, now: Date): ImmichError {
  const { status } = answer;
  const { origin, fileName } = context;
  const said = saidBy(body, context);
  const reason = said ? say`status ${status}: ${said}` : say`status ${status}`;
  const details: ImmichErrorDetails = { status, ...correlation(answer, body), ...retryAfter(answer, now) };
  if (status >= 300 && status < 400) return redirected(answer, origin, details);
  if (status === 400) return badRequest(said, context, details);
  if (status === 401) {
    return new ImmichError(
      'unauthorized',
      say`Immich does not accept the API key (${said || say`status ${status}`}). Make a key in Immich under Account settings > API keys and enter it.`,
      details,
    );
  }
  if (status === 403) return forbidden(said, context, details);
  if (status === 404 || status === 405) {
    return new ImmichError(
      'wrong-address',
      say`${origin} does not know Immich's API (status ${status}): check the address.`,
      details,
    );
  }
  if (status === 413) {
    return new ImmichError(
      'too-large-for-proxy',
      say`${fileName ?? say`The request`} is larger than the proxy in front of Immich lets through (status 413). Raise its limit (nginx: client_max_body_size) or use Immich's address inside the network.`,
      details,
    );
  }
  if (PROXY_TROUBLE.has(status)) {
    return new ImmichError(
      'busy',
      say`Immich cannot be reached through ${origin} at the moment (status ${status}); it is tried again.`,
      details,
    );
  }
  if (status >= 500) {
    const scope = fileName === undefined ? 'server' : 'file';
    return new ImmichError('server-error', failedSentence(reason, context), { ...details, scope });
  }
  return new ImmichError(
    'rejected',
    say`Immich refuses ${fileName ?? say`the request`} (${reason}).`,
    details,
  );
}

function failedSentence(reason: string, { fileName, isQuestion = false }: AnswerContext): string {
  if (isQuestion) return say`Immich could not answer (${reason}); its disk may be full. It is tried again.`;
  return fileName === undefined
    ? say`Immich could not store anything (${reason}); its disk may be full. It is tried again.`
    : say`Immich could not store ${fileName} (${reason}); its disk may be full. It is tried again.`;
}

function badRequest(said: string, { fileName }: AnswerContext, details: ImmichErrorDetails): ImmichError {
  if (/quota/i.test(said)) {
    return new ImmichError(
      'quota',
      say`Immich is full: the storage quota of this user is used up. Raise it in Immich, or delete something there.`,
      details,
    );
  }
  if (/unsupported file type/i.test(said)) {
    return new ImmichError(
      'unsupported',
      say`Immich does not take files like ${fileName ?? say`this one`}.`,
      details,
    );
  }
  if (said === '' || /^multipart:/i.test(said)) {
    return new ImmichError(
      'server-error',
      say`${fileName ?? say`The request`} did not arrive whole (${said || say`status ${400}`}); it is tried again.`,
      { ...details, scope: 'file', tries: 5 },
    );
  }
  return new ImmichError('rejected', say`Immich refuses ${fileName ?? say`the request`}: ${said}.`, details);
}

function forbidden(said: string, { origin }: AnswerContext, details: ImmichErrorDetails): ImmichError {
  const permission = /permission: *([\w.]+)/i.exec(said)?.[1];
  if (permission !== undefined) {
    return new ImmichError(
      'forbidden',
      say`The API key lacks the permission "${permission}". Add it to the key in Immich.`,
      { ...details, permission },
    );
  }
  const sentence = said
    ? say`Immich forbids this to the API key (${said}).`
    : say`Something in front of ${origin} refuses the connection (status 403): a firewall or an access rule of the proxy.`;
  return new ImmichError('forbidden', sentence, details);
}

function redirected(answer: HttpAnswer, origin: string, details: ImmichErrorDetails): ImmichError {
  const location = answer.headers.location ?? '';
  const target = URL.canParse(location, origin) ? new URL(location, origin).origin : undefined;
  const advice = adviceOn(target, origin);
  return new ImmichError(
    'wrong-address',
    say`${origin} sends every request elsewhere (status ${answer.status}). ${advice}`,
    details,
  );
}

/** An address on another host may be anybody's: only a person can say whether the key may go there. */
function adviceOn(target: string | undefined, origin: string): string {
  if (target === undefined || target === origin) return say`A login page may stand in front of it.`;
  const isSameHost = new URL(target).hostname === new URL(origin).hostname;
  if (isSameHost) return say`Use ${target} as Immich's address.`;
  return say`It leads to ${shortened(target, 100)}, where nothing was sent. If that is your Immich, use it as the address.`;
}

function correlation(answer: HttpAnswer, body: unknown): { correlationId?: string } {
  const id =
    isObject(body) && typeof body.correlationId === 'string'
      ? body.correlationId
      : answer.headers['x-correlation-id'];
  return id !== undefined && /^[\w.:-]{1,64}$/.test(id) ? { correlationId: id } : {};
}

function retryAfter(answer: HttpAnswer, now: Date): { retryAfterMs?: number } {
  const text = answer.headers['retry-after']?.trim();
  if (!text) return {};
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) && ms > 0 ? { retryAfterMs: Math.min(ms, LONGEST_RETRY_AFTER_MS) } : {};
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** One part of a form: the raw text after `Content-Disposition: form-data; `, and its bytes. */
export interface Part {
  readonly disposition: string | Buffer;
  readonly body: string | Buffer;
}

/** An answer as it came; `json` is undefined for a body that is none. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown> | undefined;
}

export interface Outgoing {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

export const boundary = 'a-boundary';
export const formType = { 'content-type': `multipart/form-data; boundary=${boundary}` };
const date = '2026-01-02T03:04:05.000Z';

export function text(name: string, value: string): Part {
  return { disposition: `name="${name}"`, body: value };
}

export function file(name: string, fileName: string, body: string | Buffer): Part {
  return { disposition: `name="${name}"; filename="${fileName}"`, body };
}

/** The text parts that fit both dialects; null takes one away. */
export function texts(changes: Readonly<Record<string, string | null>> = {}): Part[] {
  const usual = { deviceAssetId: 'a-1', deviceId: 'test', fileCreatedAt: date, fileModifiedAt: date };
  return Object.entries({ ...usual, ...changes }).flatMap(([name, value]) =>
    value === null ? [] : [text(name, value)],
  );
}

export function encodeForm(parts: readonly Part[]): Buffer {
  const encoded = parts.flatMap(({ disposition, body }) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; `),
    Buffer.from(disposition),
    Buffer.from('\r\n\r\n'),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...encoded, Buffer.from(`--${boundary}--\r\n`)]);
}

/** Sends one request, through a connection of its own unless an agent is given; rejects when the connection fails before the answer is complete. */
export function send(
  url: string,
  { method = 'GET', headers, body, agent = new Agent() }: Outgoing = {},
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { method, agent, headers: { ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(chunks).toString();
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, text: whole, json: parse(whole) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Uploads a form; the key goes in unless the headers say otherwise. */
export function sendForm(
  standIn: { readonly url: string; readonly apiKey: string },
  parts: readonly Part[],
  { headers, agent }: Pick<Outgoing, 'headers' | 'agent'> = {},
): Promise<Received> {
  return send(`${standIn.url}/api/assets`, {
    method: 'POST',
    headers: { 'x-api-key': standIn.apiKey, ...formType, ...headers },
    body: encodeForm(parts),
    ...(agent && { agent }),
  });
}

/** An upload of some bytes under a name. */
export function sendFile(
  standIn: { readonly url: string; readonly apiKey: string },
  fileName: string,
  bytes: string | Buffer,
  options: Pick<Outgoing, 'headers' | 'agent'> = {},
): Promise<Received> {
  return sendForm(standIn, [...texts(), file('assetData', fileName, bytes)], options);
}

/** Posts JSON with the key. */
export function sendJson(
  standIn: { readonly url: string; readonly apiKey: string },
  method: string,
  path: string,
  body: object | string,
): Promise<Received> {
  return send(standIn.url + path, {
    method,
    headers: { 'x-api-key': standIn.apiKey, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** A bare connection that keeps what it is told, for requests that node:http would not send. */
export function dial(port: number): Promise<Socket & { heard: () => string }> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => resolve(Object.assign(socket, { heard: () => heard })));
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
    socket.on('error', reject);
  });
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

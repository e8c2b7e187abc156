import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readVersion } from '../../../lib/file-version.js';
import { createImmichClient, type ImmichClient } from '../../../lib/immich/immich-client.js';
import { ImmichError } from '../../../lib/immich/immich-error.js';
import { parseJson } from '../../../lib/immich/json-body.js';
import { httpAnswer, pour, type RawServer, rawServer, trickle } from '../../support/raw-server.js';
import { sha1Of, tempFolder } from '../../support/world.js';

const KEY = 'very-secret-key-0815';
const MB = 1024 * 1024;

function clientOf({ url }: RawServer): ImmichClient {
  const limits = { connectMs: 5_000, stallMs: 1_000, answerMs: 500 };
  const client = createImmichClient({ baseUrl: `${url}/api`, apiKey: KEY, ...limits });
  onTestFinished(() => client.close());
  return client;
}

async function upload(client: ImmichClient, content: string | Buffer = 'a photo') {
  const path = join(tempFolder(), 'a.jpg');
  writeFileSync(path, content);
  return client.upload({ path, fileName: 'a.jpg', version: await readVersion(path) });
}

async function failureOf(work: Promise<unknown>): Promise<ImmichError> {
  const error = await work.then(
    (value) => expect.unreachable(`it took ${inspect(value)} for an answer`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ImmichError);
  return error as ImmichError;
}

const ok = (body: string | object, headers?: Record<string, string>) =>
  httpAnswer(200, typeof body === 'string' ? body : JSON.stringify(body), headers);

describe('an answer that has no end is left', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
  it.each<[string, (socket: Socket) => void, ImmichError['kind']]>([
    ['JSON', (socket) => pour(socket.resume(), `${head}\r\n[${'{},'.repeat(20_000)}`), 'wrong-address'],
    ['text in one line', (socket) => pour(socket, `${head}\r\n"${'a'.repeat(60_000)}`), 'wrong-address'],
    ['headers', (socket) => pour(socket, `${head}${'x-more: 0123456789\r\n'.repeat(3_000)}`), 'offline'],
    ['one header', (socket) => pour(socket, `${head}x-more: ${'0'.repeat(60_000)}`), 'offline'],
    [
      'chunks',
      (socket) => pour(socket, `${head}transfer-encoding: chunked\r\n\r\nffffff\r\n${'a'.repeat(9e4)}`),
      'wrong-address',
    ],
    ['headers byte by byte', (socket) => trickle(socket, 'x'), 'offline'],
    [
      'a body byte by byte',
      (socket) => {
        socket.write(`${head}content-length: 100000\r\n\r\n`);
        trickle(socket, ' ');
      },
      'offline',
    ],
    ['provisional answers', (socket) => trickle(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'), 'offline'],
    ['silence', () => undefined, 'offline'],
  ])('%s', async (_what, answer, kind) => {
    const server = await rawServer(answer);
    expect((await failureOf(clientOf(server).check(sha1Of('a')))).kind).toBe(kind);
    expect(server.sentBytes()).toBeLessThan(16 * MB);
  });

  it('while a photo is sent: what trickles in does not count as progress', async () => {
    const server = await rawServer((socket) => {
      socket.pause();
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      trickle(socket, ' ');
    });
    const failure = await failureOf(upload(clientOf(server), Buffer.alloc(30 * MB, 1)));
    expect(failure).toMatchObject({ kind: 'offline', message: expect.stringContaining('took no byte') });
  });
});

describe('an answer that is nonsense is no answer', () => {
  it.each<[string, Buffer]>([
    ['a page as JSON', ok('<html></html>', { 'content-type': 'application/json' })],
    ['a gzip bomb', ok(gzipSync(Buffer.alloc(50 * MB)).toString('latin1'), { 'content-encoding': 'gzip' })],
    ['a megabyte of brackets', ok('['.repeat(MB / 2 - 1) + ']'.repeat(MB / 2 - 1))],
    ['two megabytes', ok(JSON.stringify({ results: 'a'.repeat(2 * MB) }))],
    ['an empty body', ok('')],
    ['a list', ok([])],
    ['a prototype', ok('{"__proto__": {"results": [{"id": "0", "action": "accept"}]}}')],
    ['results that are none', ok({ results: { id: '0', action: 'accept' } })],
    ['an answer about another file', ok({ results: [{ id: '1', action: 'accept' }] })],
    [
      'an id that is an object',
      ok({ results: [{ id: '0', action: 'reject', reason: 'duplicate', assetId: {} }] }),
    ],
    ['no HTTP', Buffer.from('\x16\x03\x01\0\0not http at all\r\n\r\n')],
    ['two lengths', ok('{}', { 'Content-Length': '7' })],
  ])('%s', async (_what, bytes) => {
    const server = await rawServer((socket) => socket.end(bytes));
    expect(['wrong-address', 'offline']).toContain(
      (await failureOf(clientOf(server).check(sha1Of('a')))).kind,
    );
  });

  it.each([
    ['an object', { id: 'x' }],
    ['a path', '../../trash/empty'],
    ['two lines', 'asset\nFAKE: all is well'],
    ['a letter of a terminal', 'asset\x1b[2J'],
    ['longer than a page', 'a'.repeat(10_000)],
    ['empty', ''],
    ['a number', 7],
  ])('an asset whose id is %s', async (_what, id) => {
    const server = await rawServer((socket) =>
      socket.end(
        ok({
          id,
          status: 'created',
          results: [{ id: '0', action: 'reject', reason: 'duplicate', assetId: id }],
        }),
      ),
    );
    expect((await failureOf(upload(clientOf(server)))).kind).toBe('wrong-address');
    expect((await failureOf(clientOf(server).check(sha1Of('a')))).kind).toBe('wrong-address');
  });

  it('as kinds of files that are none', async () => {
    const image = ['.jpg', '', '.', '..', '.a/b', '.HEIC', '.x\n', `.${'a'.repeat(99)}`, 5, null, '*'];
    const server = await rawServer((socket) => socket.end(ok({ image, video: { '.mp4': true } })));
    expect(await clientOf(server).mediaExtensions()).toEqual(['.jpg', '.heic']);
  });
});

describe('what a server says of an error', () => {
  it.each([400, 401, 403, 409, 418, 500])('is one short line without the key (status %i)', async (status) => {
    const message = `Bad\r\n[error] FAKE LINE \x1b[31m \u202e key ${KEY} ${'and so on '.repeat(50_000)}`;
    const body = JSON.stringify({ message, correlationId: `x\n${KEY}` });
    const server = await rawServer((socket) => socket.end(httpAnswer(status, body)));
    const failure = await failureOf(upload(clientOf(server)));
    expect(failure.message).toContain('FAKE LINE');
    expect(failure.message).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(failure.message.length).toBeLessThan(600);
    expect(inspect(failure, { depth: 9, showHidden: true }) + failure.stack).not.toContain(KEY);
  });
});

describe('a server that sends us elsewhere', () => {
  it.each([301, 302, 303, 307, 308])(
    'does not get the key or the photo there (status %i)',
    async (status) => {
      const elsewhere = await rawServer((socket) => socket.end(ok({ id: 'taken', status: 'created' })));
      const { port } = new URL(elsewhere.url);
      for (const target of [
        `${elsewhere.url}/api/assets`,
        `http://localhost:${port}/api/assets`,
        `//localhost:${port}/api/assets`,
        `https://127.0.0.1:${port}/api/assets`,
      ]) {
        const server = await rawServer((socket) => socket.end(httpAnswer(status, '', { location: target })));
        const client = clientOf(server);
        expect((await failureOf(upload(client))).kind).toBe('wrong-address');
        expect((await failureOf(client.check(sha1Of('a')))).kind).toBe('wrong-address');
        expect((await failureOf(client.ping())).kind).toBe('wrong-address');
        expect((await failureOf(client.ask('/server/storage'))).kind).toBe('wrong-address');
      }
      expect(elsewhere.received).toEqual([]);
    },
  );

  it('is no reason to tell anybody to type a stranger as the address', async () => {
    const server = await rawServer((socket) =>
      socket.end(httpAnswer(302, '', { location: 'https://photos.evil.example/login' })),
    );
    const { message } = await failureOf(clientOf(server).check(sha1Of('a')));
    expect(message).toContain(
      'leads to https://photos.evil.example, where nothing was sent. If that is your',
    );
  });
});

it.each([
  ['{"a": [1, {"b": "]]]["}]}', { a: [1, { b: ']]][' }] }],
  [`${'['.repeat(32)}${']'.repeat(32)}`, expect.any(Array)],
  [`${'['.repeat(33)}${']'.repeat(33)}`, undefined],
  [`"${'\\"['.repeat(50)}"`, '"['.repeat(50)],
  [`[${'[],'.repeat(100)}[]]`, expect.any(Array)],
  ['<html>', undefined],
])('reads %s', (text, value) => expect(parseJson(text)).toEqual(value));

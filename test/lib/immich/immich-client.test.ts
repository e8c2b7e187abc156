import { appendFileSync, existsSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { FileVersionError, readVersion } from '../../../lib/file-version.js';
import type { ImmichClient } from '../../../lib/immich/immich-client.js';
import { ImmichError } from '../../../lib/immich/immich-error.js';
import { type Fault, proxyFaults } from '../../support/immich-stand-in.js';
import { clientOf, sha1Of, standIn, tempFolder } from '../../support/world.js';

const LONG_AGO_SECONDS = 1_000_000_000;
const UPLOAD = { method: 'POST', path: '/api/assets' } as const;

async function send(client: ImmichClient, content: string | Buffer = 'a photo', fileName = 'a.jpg') {
  const path = join(tempFolder(), 'file');
  writeFileSync(path, content);
  return client.upload({ path, fileName, version: await readVersion(path) });
}

async function failureOf(work: Promise<unknown>): Promise<ImmichError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ImmichError);
  return error as ImmichError;
}

describe.each(['v2', 'v3'] as const)('against Immich %s', (dialect) => {
  it('uploads, names the asset, and knows it afterwards', async () => {
    const server = await standIn({ dialect });
    const client = clientOf(server);
    expect(await client.check(sha1Of('a photo'))).toEqual({ isKnown: false });
    const { assetId, outcome } = await send(client);
    expect(outcome).toBe('created');
    expect(await client.check(sha1Of('a photo'))).toEqual({ isKnown: true, assetId, isTrashed: false });
    expect(await send(client)).toEqual({ assetId, outcome: 'duplicate' });
    server.trash(assetId);
    expect(await client.check(sha1Of('a photo'))).toEqual({ isKnown: true, assetId, isTrashed: true });
    expect(server.orphans).toBe(0);
  });

  it.each([
    'with blanks.jpg',
    '"quoted" \'name\'.jpg',
    '100%25 sure%.jpg',
    'Ünïcode 📸.jpg',
    'line\nbreak.jpg',
    'colour \x1b[31m, bell \x07 and delete \x7f.jpg',
    'back\\slash.jpg',
    `${'é'.repeat(125)}.jpg`,
  ])('keeps the file name %j', async (fileName) => {
    const server = await standIn({ dialect });
    await send(clientOf(server), 'a photo', fileName);
    expect(server.assets.map((asset) => asset.fileName)).toEqual([fileName]);
  });
});

it('sends the file dates in UTC', async () => {
  const server = await standIn();
  await send(clientOf(server));
  expect(server.assets[0]?.fields.fileCreatedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

it('asks about many checksums of the same moment in one call', async () => {
  const server = await standIn();
  const client = clientOf(server);
  await Promise.all(Array.from({ length: 200 }, (_, index) => client.check(sha1Of(`photo ${index}`))));
  expect(server.requests.map(({ path }) => path)).toEqual(['/api/assets/bulk-upload-check']);
});

it('takes no answer about other bytes for a proof, as a proxy gives it that mixes up or repeats answers', async () => {
  const server = await standIn();
  const client = clientOf(server);
  const { assetId } = await send(client, 'another photo');
  const old = await fetch(`${server.url}/api/assets/bulk-upload-check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': server.apiKey },
    body: JSON.stringify({ assets: [{ id: sha1Of('another photo'), checksum: sha1Of('another photo') }] }),
  });
  const body = (await old.json()) as object;
  expect(JSON.stringify(body)).toContain(assetId);
  server.fail({ kind: 'answer', status: 200, body, path: '/api/assets/bulk-upload-check' });
  expect(await client.check(sha1Of('another photo'))).toMatchObject({ isKnown: true, assetId });
  expect((await failureOf(client.check(sha1Of('a photo')))).kind).toBe('wrong-address');
});

it.each(['0', '1', 'a', ''])('takes no answer under the id %j for one about its bytes', async (id) => {
  const server = await standIn();
  const body = {
    results: [{ id, action: 'reject', reason: 'duplicate', assetId: 'asset-of-another', isTrashed: false }],
  };
  server.fail({ kind: 'answer', status: 200, body, path: '/api/assets/bulk-upload-check' });
  expect((await failureOf(clientOf(server).check(sha1Of('a photo')))).kind).toBe('wrong-address');
});

it('drops the device fields when a server refuses them, and remembers that', async () => {
  const server = await standIn({ dialect: 'v3' });
  const body = {
    statusCode: 400,
    message: 'Validation failed',
    errors: [
      { code: 'unrecognized_keys', path: [], message: 'Unrecognized keys: "deviceAssetId", "deviceId"' },
    ],
  };
  server.fail({ kind: 'answer', status: 400, body, times: 1, ...UPLOAD });
  const client = clientOf(server);
  await send(client, 'one');
  await send(client, 'two');
  expect(server.assets.map(({ fields }) => 'deviceId' in fields)).toEqual([false, false]);
  expect(server.requests.filter(({ path }) => path === '/api/assets')).toHaveLength(3);
});

it('knows the kinds of files that the server takes, and the quota when it may see it', async () => {
  const server = await standIn({ permissions: ['all'], quotaBytes: 1_000 });
  expect(await clientOf(server).mediaExtensions()).toContain('.heic');
  expect(await clientOf(server).quota()).toEqual({ sizeBytes: 1_000, usedBytes: 0 });
  expect(await clientOf(await standIn()).quota()).toBeUndefined();
});

interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly error: Partial<ImmichError>;
  readonly says: RegExp;
}

const page = '<html><body><h1>Bad Gateway</h1></body></html>';
const answer = (status: number, more: Partial<Extract<Fault, { kind: 'answer' }>> = {}): Fault => ({
  kind: 'answer',
  status,
  ...UPLOAD,
  ...more,
});

const cases: Case[] = [
  {
    name: '500',
    fault: answer(500),
    error: { kind: 'server-error', scope: 'file', willPass: true },
    says: /disk may be full/,
  },
  {
    name: '502',
    fault: answer(502, { body: page }),
    error: { kind: 'busy', scope: 'server', willPass: true },
    says: /502/,
  },
  {
    name: '503',
    fault: answer(503, { headers: { 'Retry-After': '7' } }),
    error: { kind: 'busy', retryAfterMs: 7_000 },
    says: /503/,
  },
  {
    name: '429',
    fault: answer(429, { body: page }),
    error: { kind: 'busy', retryAfterMs: undefined },
    says: /429/,
  },
  { name: '524', fault: answer(524, { body: page }), error: { kind: 'busy' }, says: /524/ },
  {
    name: '401',
    fault: answer(401, { afterBytes: 0 }),
    error: { kind: 'unauthorized', willPass: false, scope: 'server' },
    says: /API key/,
  },
  {
    name: '403',
    fault: answer(403, { body: { message: 'Missing required permission: asset.upload' } }),
    error: { kind: 'forbidden', permission: 'asset.upload' },
    says: /"asset.upload"/,
  },
  {
    name: '403 of a firewall',
    fault: answer(403, { body: page }),
    error: { kind: 'forbidden', permission: undefined },
    says: /firewall/,
  },
  {
    name: '413 page',
    fault: proxyFaults.tooLarge(10),
    error: { kind: 'too-large-for-proxy', scope: 'file', willPass: false },
    says: /client_max_body_size/,
  },
  {
    name: 'redirect',
    fault: proxyFaults.redirect('https://photos.example.org/api/assets'),
    error: { kind: 'wrong-address' },
    says: /leads to https:\/\/photos\.example\.org, where nothing was sent/,
  },
  {
    name: 'captive portal',
    fault: proxyFaults.captivePortal(),
    error: { kind: 'wrong-address' },
    says: /web page/,
  },
  { name: '404', fault: answer(404), error: { kind: 'wrong-address' }, says: /check the address/ },
  {
    name: 'maintenance',
    fault: { kind: 'maintenance' },
    error: { kind: 'maintenance', willPass: true },
    says: /maintenance/,
  },
  {
    name: 'reset',
    fault: { kind: 'reset', afterBytes: 100, ...UPLOAD },
    error: { kind: 'offline', willPass: true },
    says: /ended the connection/,
  },
  { name: 'hang', fault: { kind: 'hang', ...UPLOAD }, error: { kind: 'offline' }, says: /did not answer/ },
  {
    name: 'odd 400',
    fault: answer(400, { body: { message: ['isFavorite must be a boolean value'] } }),
    error: { kind: 'rejected', willPass: false, scope: 'file' },
    says: /a\.jpg: isFavorite/,
  },
  {
    name: 'broken multipart',
    fault: answer(400, { body: { message: 'Multipart: Unexpected end of form' } }),
    error: { kind: 'server-error', tries: 5, scope: 'file' },
    says: /did not arrive whole/,
  },
];

describe('errors', () => {
  it.each(cases)('$name says what to do', async ({ fault, error, says }) => {
    const server = await standIn();
    server.fail(fault);
    const failure = await failureOf(send(clientOf(server)));
    expect(failure).toMatchObject(error);
    expect(failure.message).toMatch(says);
  });

  it('names a full quota and a kind of file that Immich does not take', async () => {
    const server = await standIn({ quotaBytes: 3 });
    expect(await failureOf(send(clientOf(server)))).toMatchObject({ kind: 'quota', scope: 'server' });
    expect(await failureOf(send(clientOf(await standIn()), 'x', 'a.txt'))).toMatchObject({
      kind: 'unsupported',
    });
  });

  it('calls a server that is down offline', async () => {
    const server = await standIn();
    await server.goDown();
    const failure = await failureOf(clientOf(server).check(sha1Of('x')));
    expect(failure).toMatchObject({ kind: 'offline', willPass: true });
    expect(failure.message).toContain('refuses the connection');
  });

  it('carries neither the key nor a header anywhere', async () => {
    for (const { fault } of cases) {
      const server = await standIn({ apiKey: 'very-secret-key' });
      server.fail(fault);
      const failure = await failureOf(send(clientOf(server)));
      expect(inspect(failure, { depth: 10, showHidden: true }) + failure.stack).not.toContain(
        'very-secret-key',
      );
    }
  });
});

describe('connections', () => {
  it('replaces a kept-alive connection that the server had closed, once', async () => {
    const server = await standIn();
    const client = clientOf(server);
    await client.check(sha1Of('warm up'));
    server.fail({ kind: 'stale-socket' });
    expect((await send(client)).outcome).toBe('created');
  });

  it('gives up when no byte moves, but not while bytes trickle', async () => {
    const slow = await standIn({ readBytesPerSecond: 4_000_000 });
    expect(
      (await send(clientOf(slow, { stallMs: 2_000, answerMs: 10_000 }), Buffer.alloc(6_000_000, 1))).outcome,
    ).toBe('created');
    const stuck = await standIn();
    stuck.fail({ kind: 'hang', afterBytes: 1_000, ...UPLOAD });
    const failure = await failureOf(send(clientOf(stuck), Buffer.alloc(30_000_000, 1)));
    expect(failure).toMatchObject({ kind: 'offline' });
    expect(failure.message).toContain('took no byte');
  });

  it('stops sending when the answer comes before the body is read', async () => {
    const server = await standIn();
    server.fail({ kind: 'answer', status: 401, afterBytes: 0, stopsReading: true, ...UPLOAD });
    const failure = await failureOf(send(clientOf(server), Buffer.alloc(30_000_000, 1)));
    expect(failure.kind).toBe('unauthorized');
    await vi.waitFor(() => expect(server.requests.at(-1)?.bytesReceived).toBeLessThan(10_000_000));
  });

  it('ends an upload at once when it is told to, and leaves no file open', async () => {
    const server = await standIn({ readBytesPerSecond: 100_000 });
    const path = join(tempFolder(), 'a.jpg');
    writeFileSync(path, Buffer.alloc(10_000_000, 1));
    const stop = new AbortController();
    const version = await readVersion(path);
    const onBytes = () => stop.abort(new Error('closing'));
    const upload = clientOf(server).upload({ path, fileName: 'a.jpg', version, onBytes }, stop.signal);
    await expect(upload).rejects.toThrow('closing');
    if (existsSync('/proc/self/fd')) await vi.waitFor(() => expect(openFiles()).not.toContain(path));
    expect(server.assets).toEqual([]);
  });
});

describe('a file that changes while it is sent', () => {
  it.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['shrinks', (path: string) => truncateSync(path, 1_000_000)],
    ['is rewritten', (path: string) => writeFileSync(path, Buffer.alloc(5_000_000, 2))],
    ['is rewritten and gets its old time', rewriteWithOldTime],
  ])('%s: nothing is stored', async (_name, change) => {
    const server = await standIn();
    const path = join(tempFolder(), 'a.jpg');
    writeFileSync(path, Buffer.alloc(5_000_000, 1));
    utimesSync(path, LONG_AGO_SECONDS, LONG_AGO_SECONDS);
    const version = await readVersion(path);
    let isFirst = true;
    const onBytes = () => {
      if (isFirst) change(path);
      isFirst = false;
    };
    // Not the stall is meant here, and a busy machine may stall.
    const client = clientOf(server, { stallMs: 20_000, answerMs: 20_000 });
    await expect(client.upload({ path, fileName: 'a.jpg', version, onBytes })).rejects.toThrow(
      FileVersionError,
    );
    expect(server.assets).toEqual([]);
  });
});

function rewriteWithOldTime(path: string): void {
  writeFileSync(path, Buffer.alloc(5_000_000, 2));
  utimesSync(path, LONG_AGO_SECONDS, LONG_AGO_SECONDS);
}

function openFiles(): string {
  const { readlinkSync } = process.getBuiltinModule('node:fs');
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        // The descriptor of the listing itself is closed by now.
        return '';
      }
    })
    .join('\n');
}

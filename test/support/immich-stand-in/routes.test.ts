import { afterEach, describe, expect, it } from 'vitest';
import { type StandIn, type StandInOptions, startImmichStandIn } from '../immich-stand-in.js';
import { endpoints } from './recorded-permissions.js';
import { send, sendFile, sendJson } from './test-client.js';

const standIns: StandIn[] = [];
async function start(options: StandInOptions = {}): Promise<StandIn> {
  const standIn = await startImmichStandIn(options);
  standIns.push(standIn);
  return standIn;
}
afterEach(async () => {
  await Promise.all(standIns.splice(0).map((standIn) => standIn.stop()));
});

const bulkPath = '/api/assets/bulk-upload-check';
const someId = '6ac154bb-f36e-424d-addd-254f1e8d741f';

describe('who may ask', () => {
  it.each(endpoints)('$path', async ({ path, permission, ...expected }) => {
    const ask = async (options: StandInOptions, withKey = true) => {
      const { url, apiKey } = await start(options);
      return send(url + path, withKey ? { headers: { 'x-api-key': apiKey } } : {});
    };
    const uploadOnly = await ask({});
    const statuses = {
      noKey: (await ask({}, false)).status,
      keyAssetUploadOnly: uploadOnly.status,
      allAdmin: (await ask({ permissions: ['all'] })).status,
      allNonAdmin: (await ask({ permissions: ['all'], isAdmin: false })).status,
    };
    expect(statuses).toEqual(expected);
    if (uploadOnly.status === 403) {
      expect(uploadOnly.json).toMatchObject({ message: `Missing required permission: ${permission}` });
      expect((await ask({ permissions: [permission ?? ''] })).status).toBe(200);
    }
  });

  it.each([
    ['a key in the query', { path: '/api/api-keys/me?apiKey=right', headers: {} }, 200],
    ['a key in capitals', { path: '/api/api-keys/me', headers: { 'X-API-KEY': 'right' } }, 200],
    ['a bearer', { path: '/api/api-keys/me', headers: { Authorization: 'Bearer right' } }, 401],
  ])('%s', async (_, { path, headers }, status) => {
    const { url } = await start({ apiKey: 'right' });
    expect((await send(url + path, { headers })).status).toBe(status);
  });

  it('refuses uploads and checks to a key that may only read', async () => {
    const standIn = await start({ permissions: ['asset.read'] });
    const refused = { status: 403, json: { message: 'Missing required permission: asset.upload' } };
    expect(await sendFile(standIn, 'a.jpg', 'x')).toMatchObject(refused);
    expect(await sendJson(standIn, 'POST', bulkPath, { assets: [] })).toMatchObject(refused);
  });

  it('tells another user than the admin that it must be one', async () => {
    const { url, apiKey } = await start({ permissions: ['server.statistics'], isAdmin: false });
    const answer = await send(`${url}/api/server/statistics`, { headers: { 'x-api-key': apiKey } });
    expect(answer).toMatchObject({ status: 403, json: { message: 'Forbidden', error: 'Forbidden' } });
  });
});

describe('a path that is not there', () => {
  it.each([
    ['GET', '/api/nope', true],
    ['POST', '/api/asset/upload', true],
    ['GET', '/api//server/ping', true],
    ['POST', '/assets', false],
  ])('%s %s is 404', async (method, path, hasCorrelationId) => {
    const { url } = await start();
    const { status, json } = await send(url + path, { method });
    expect(status).toBe(404);
    expect(json).toMatchObject({ message: `Cannot ${method} ${path}`, error: 'Not Found', statusCode: 404 });
    expect('correlationId' in (json ?? {})).toBe(hasCorrelationId);
  });

  it('may end with a slash', async () => {
    const { url } = await start();
    expect((await send(`${url}/api/server/ping/`)).json).toEqual({ res: 'pong' });
  });
});

describe('the bulk check', () => {
  const item = { id: '1', checksum: 'garbage' };
  const accepted = { results: [{ id: '1', action: 'accept' }] };
  const complaint = (path: string) => [`${path} should not be empty`, `${path} must be a string`];
  const issue = (path: (string | number)[], message: string) => [{ path, message }];
  const noText = 'Invalid input: expected string, received undefined';

  it.each([
    ['garbage', { assets: [item] }, 200, accepted, accepted],
    [
      'the same twice',
      { assets: [item, { ...item, id: '2' }] },
      200,
      { results: [...accepted.results, { id: '2', action: 'accept' }] },
      undefined,
    ],
    ['an empty list', { assets: [] }, 500, { message: 'Failed to check bulk upload' }, undefined],
    [
      'more than 65,532 items',
      { assets: Array(65_533).fill(item) },
      500,
      { message: 'Failed to check bulk upload' },
      undefined,
    ],
    [
      'no checksum',
      { assets: [{ id: '1' }] },
      400,
      { message: complaint('assets.0.checksum') },
      { message: 'Validation failed', errors: issue(['assets', 0, 'checksum'], noText) },
    ],
    [
      'no id',
      { assets: [{ checksum: 'x' }] },
      400,
      { message: complaint('assets.0.id') },
      { errors: issue(['assets', 0, 'id'], noText) },
    ],
    [
      'no list',
      {},
      400,
      { message: ['assets must be an array'] },
      { errors: issue(['assets'], 'Invalid input: expected array, received undefined') },
    ],
    ['bad JSON', '{bad', 400, { error: 'Bad Request', statusCode: 400 }, undefined],
  ])('of %s', async (_, body, status, v2, v3) => {
    for (const dialect of ['v2', 'v3'] as const) {
      const standIn = await start({ dialect });
      const answer = await sendJson(standIn, 'POST', bulkPath, body);
      expect(answer.status).toBe(status);
      if (dialect === 'v2' || v3 !== undefined)
        expect(answer.json).toMatchObject(dialect === 'v2' ? v2 : v3!);
    }
  });

  it('takes as many items as Immich does, and echoes their ids', async () => {
    const standIn = await start();
    const assets = Array.from({ length: 65_532 }, (_, id) => ({ id: `/p/${id}`, checksum: 'ab'.repeat(20) }));
    const answer = await sendJson(standIn, 'POST', bulkPath, { assets });
    const results = assets.map(({ id }) => ({ id, action: 'accept' }));
    expect(answer).toMatchObject({ status: 200, json: { results } });
  });
});

describe('an asset', () => {
  it('is described with checksum and size', async () => {
    for (const dialect of ['v2', 'v3'] as const) {
      const standIn = await start({ dialect, permissions: ['all'] });
      const { json } = await sendFile(standIn, 'a.jpg', 'hello');
      const headers = { 'x-api-key': standIn.apiKey };
      const asset = (await send(`${standIn.url}/api/assets/${json?.id}`, { headers })).json;
      expect(asset).toMatchObject({
        id: json?.id,
        checksum: 'qvTGHdzF6KLavt4PO0gs2a6pQ00=',
        originalFileName: 'a.jpg',
        fileCreatedAt: '2026-01-02T03:04:05.000Z',
        isTrashed: false,
        isOffline: false,
        duration: dialect === 'v2' ? '0:00:00.00000' : null,
        exifInfo: { fileSizeInByte: 5 },
      });
      expect('deviceId' in (asset ?? {})).toBe(dialect === 'v2');
      const statistics = await send(`${standIn.url}/api/assets/statistics`, { headers });
      expect(statistics.json).toEqual({ images: 1, videos: 0, total: 1 });
    }
  });

  it.each([
    ['GET', '/api/assets/no-uuid', undefined, ['id must be a UUID']],
    ['GET', `/api/assets/${someId}`, undefined, 'Not found or no asset.read access'],
    ['DELETE', '/api/assets', { ids: [someId] }, 'Not found or no asset.delete access'],
  ])('that is unknown is 400: %s %s', async (method, path, body, message) => {
    const standIn = await start({ permissions: ['all'] });
    const answer = await sendJson(standIn, method, path, body ?? '');
    expect(answer).toMatchObject({ status: 400, json: { message } });
  });
});

describe('the version', () => {
  it.each([
    ['v2', { major: 2, minor: 7, patch: 5 }],
    ['v3', { major: 3, minor: 2, patch: 2, prerelease: null }],
  ] as const)('in %s', async (dialect, expected) => {
    const { url } = await start({ dialect });
    expect((await send(`${url}/api/server/version`)).json).toEqual(expected);
  });
});

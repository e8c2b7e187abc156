import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createKeyRights } from '../../../lib/health/key-rights.js';
import type { ServerLook } from '../../../lib/health/server-look.js';
import * as certificate from '../../support/certificate.js';
import { sendFile } from '../../support/immich-stand-in/test-client.js';
import { type Fault, proxyFaults, type StandInOptions } from '../../support/immich-stand-in.js';
import { clientOf, standIn } from '../../support/world.js';
import { asked, lookAt } from './look-world.js';

const HEALTH_KEY = ['server.storage', 'server.versionCheck', 'asset.statistics', 'user.read', 'asset.upload'];
const ADMIN_KEY = [...HEALTH_KEY, 'server.statistics', 'queue.read', 'job.read'];
const GIB = 2 ** 30;

const condition = {
  releaseVersion: 'v9.1.0',
  disk: { totalBytes: 100 * GIB, usedBytes: 38 * GIB, freeBytes: 57 * GIB },
  queues: { ocr: { waiting: 3, paused: 2, delayed: 1, active: 4, isPaused: true }, video: { waiting: 1 } },
};
const seen = {
  latestVersion: '9.1.0',
  storage: condition.disk,
  account: { limitBytes: 5_000, usedBytes: 5 },
};

describe.each([
  ['v2', '2.7.5'],
  ['v3', '3.2.2'],
] as const)('a look at Immich %s', (dialect, version) => {
  async function server(options: StandInOptions) {
    const started = await standIn({ dialect, condition, quotaBytes: 5_000, ...options });
    started.setPermissions(['asset.upload']);
    await sendFile(started, 'a.jpg', 'photo');
    started.setPermissions(options.permissions ?? []);
    return started;
  }

  it('sees all with the key of an administrator', async () => {
    const looked = await lookAt(await server({ permissions: ADMIN_KEY }));
    expect(looked).toMatchObject({ version, problem: null, missing: [], ...seen });
    expect(looked.library).toEqual({ photos: 1, videos: 0, scope: 'server' });
    expect(looked.queues).toContainEqual({ name: 'ocr', isPaused: true, backlog: 6 });
    expect(looked.queues).toHaveLength(dialect === 'v3' ? 19 : 18);
    expect(looked.pong?.latencyMs).toBeGreaterThan(0);
  });

  it.each<[string, StandInOptions, string[], Partial<ServerLook>]>([
    [
      'a key for uploads',
      { permissions: ['asset.upload'] },
      ['/api-keys/me', '/server/ping', '/server/version'],
      {
        storage: null,
        queues: null,
        library: null,
        missing: [
          'server.versionCheck',
          'server.storage',
          'user.read',
          'asset.statistics',
          'server.statistics',
          'queue.read',
        ],
      },
    ],
    [
      'a health key',
      { permissions: HEALTH_KEY, isAdmin: false },
      [
        '/api-keys/me',
        '/assets/statistics',
        '/server/ping',
        '/server/storage',
        '/server/version',
        '/server/version-check',
        '/users/me',
      ],
      {
        ...seen,
        library: { photos: 1, videos: 0, scope: 'user' },
        queues: null,
        missing: ['server.statistics', 'queue.read'],
      },
    ],
    [
      'a key that may read jobs, not queues',
      { permissions: ['job.read', 'server.statistics'] },
      ['/api-keys/me', '/jobs', '/server/ping', '/server/statistics', '/server/version'],
      { missing: ['server.versionCheck', 'server.storage', 'user.read'] },
    ],
    [
      'a key that is refused',
      { permissions: ['all'], apiKey: 'another' },
      ['/api-keys/me', '/server/ping', '/server/version'],
      {
        problem: { kind: 'unauthorized', message: expect.stringContaining('does not accept the API key') },
        missing: null,
      },
    ],
  ])('with %s it asks only what it may see, and is not down', async (name, options, paths, expected) => {
    const started = await server(options);
    const client = name.includes('refused') ? { apiKey: 'wrong' } : {};
    const looked = await lookAt(started, { client });
    expect(looked.pong).not.toBeNull();
    expect(asked(started, 1)).toEqual(paths);
    expect(looked).toMatchObject({ version, problem: null, ...expected });
    const refused = started.requests.filter(({ status }) => status !== 200 && status !== 201);
    expect(refused).toHaveLength(name.includes('refused') ? 1 : 0);
  });

  it('without a key knows ping and version only', async () => {
    const started = await server({ permissions: ['all'] });
    const looked = await lookAt(started, { hasKey: false });
    expect(asked(started, 1)).toEqual(['/server/ping', '/server/version']);
    expect(looked).toMatchObject({ version, problem: null, storage: null });
    expect(looked.missing).toHaveLength(6);
  });

  it('learns that all permissions do not make an administrator, and does not ask again for an hour', async () => {
    const started = await server({ permissions: ['all'], isAdmin: false });
    let nowMs = 0;
    const rights = createKeyRights(() => nowMs);
    const first = await lookAt(started, { rights });
    const atFirst = asked(started, 1);
    let since = started.requests.length;
    expect(atFirst).toEqual(expect.arrayContaining(['/queues', '/server/statistics', '/assets/statistics']));
    expect(first).toMatchObject({ problem: null, missing: ['server.statistics', 'queue.read'], ...seen });
    expect(await lookAt(started, { rights })).toMatchObject({ missing: first.missing });
    expect(asked(started, since)).toEqual(
      atFirst.filter((path) => !['/queues', '/server/statistics'].includes(path)),
    );
    since = started.requests.length;
    nowMs = 3_600_000;
    await lookAt(started, { rights });
    expect(asked(started, since)).toEqual(atFirst);
  });

  it('notices at once that the key may see more', async () => {
    const started = await server({ permissions: ['asset.upload'] });
    const rights = createKeyRights();
    expect((await lookAt(started, { rights })).storage).toBeNull();
    started.setPermissions(ADMIN_KEY);
    expect(await lookAt(started, { rights })).toMatchObject({ missing: [], ...seen });
  });
});

it('reads jobs where there are no queues yet, and tries what a key does not tell about itself', async () => {
  const server = await standIn({
    permissions: ['all'],
    condition: { ...condition, hasQueues: false, hasKeyInfo: false },
  });
  const looked = await lookAt(server);
  expect(looked.queues).toContainEqual({ name: 'ocr', isPaused: true, backlog: 6 });
  expect(looked).toMatchObject({ problem: null, missing: [] });
});

it('knows maintenance, and asks no further then', async () => {
  const server = await standIn({ permissions: ['all'] });
  server.fail({ kind: 'maintenance' });
  const looked = await lookAt(server);
  expect(looked.pong).not.toBeNull();
  expect(looked).toMatchObject({ version: '2.7.5', problem: { kind: 'maintenance' }, storage: null });
  expect(asked(server)).toEqual(['/api-keys/me', '/server/config', '/server/ping', '/server/version']);
});

it('uses a fresh connection for each ping and tells when its certificate ends', async () => {
  const server = await standIn({ tls: certificate });
  const client = clientOf(server, { tls: { ca: certificate.cert } });
  for (let count = 0; count < 3; count += 1) {
    expect(await client.ping()).toMatchObject({ certificateEndsAt: '2126-10-28T04:00:12.000Z' });
    await client.ask('/server/version');
  }
  const pings = server.requests.filter(({ path }) => path.endsWith('ping'));
  expect(new Set(pings.map(({ connection }) => connection)).size).toBe(3);
});

const PING = '/api/server/ping';
const whole = { kind: 'answer', status: 200 } as const;
const notThere: [string, Fault, string, RegExp][] = [
  ['an error', { kind: 'answer', status: 500 }, 'server-error', /could not answer \(status 500/],
  ['a proxy', { kind: 'answer', status: 502, body: '<html>' }, 'busy', /502/],
  ['a captive portal', proxyFaults.captivePortal(), 'wrong-address', /web page/],
  ['other JSON', { ...whole, body: { res: 'pang' } }, 'wrong-address', /not as Immich does/],
  ['a list', { ...whole, body: ['pong'] }, 'wrong-address', /not as Immich does/],
  ['nothing', { ...whole, body: '' }, 'wrong-address', /web page/],
  ['a login', { kind: 'answer', status: 401 }, 'wrong-address', /asks for a login/],
  ['a firewall', { kind: 'answer', status: 403, body: '<html>' }, 'forbidden', /firewall/],
  ['a redirect', proxyFaults.redirect('https://photos.example.org/'), 'wrong-address', /leads to https:/],
  ['a gigantic page', { ...whole, body: { res: 'x'.repeat(200_000) } }, 'wrong-address', /endless/],
  ['a reset', { kind: 'reset' }, 'offline', /ended the connection/],
  ['silence', { kind: 'hang' }, 'offline', /did not answer/],
];

describe('is not Immich, or not there:', () => {
  it.each(notThere)('%s', async (_, fault, kind, says) => {
    const server = await standIn({ permissions: ['all'] });
    server.fail(fault);
    const looked = await lookAt(server, { limitMs: 3_000, client: { stallMs: 5_000, answerMs: 5_000 } });
    expect(looked).toEqual({
      pong: null,
      problem: { kind, message: expect.stringMatching(says) },
      addresses: [expect.objectContaining({ url: server.url, isInUse: true })],
      version: null,
      latestVersion: null,
      storage: null,
      library: null,
      account: null,
      queues: null,
      missing: null,
    });
    expect(asked(server)).toEqual(['/server/ping']);
  });

  it('a server that is down, and a certificate that nobody trusts', async () => {
    const server = await standIn();
    await server.goDown();
    expect(await lookAt(server)).toMatchObject({ pong: null, problem: { kind: 'offline' } });
    expect(await lookAt(await standIn({ tls: certificate }))).toMatchObject({ problem: { kind: 'tls' } });
  });
});

const partial: [string, Fault][] = [
  ['an error', { kind: 'answer', status: 500 }],
  ['a page', { kind: 'answer', status: 200, body: '<html>' }],
  ['a gigantic answer', { ...whole, body: { diskSizeRaw: 1, x: 'x'.repeat(2_000_000) } }],
  ['silence', { kind: 'hang' }],
  ['a reset', { kind: 'reset' }],
];

describe('stays reachable when one question meets', () => {
  it.each(partial)('%s', async (_, fault) => {
    const server = await standIn({ permissions: ['all'], condition, quotaBytes: 5_000 });
    server.fail({ ...fault, path: '/api/server/storage' });
    const looked = await lookAt(server, { limitMs: 3_000, client: { stallMs: 5_000, answerMs: 5_000 } });
    expect(looked.pong).not.toBeNull();
    expect(looked).toMatchObject({ storage: null, latestVersion: '9.1.0', version: '2.7.5', missing: [] });
    expect(looked.problem?.message).toMatch(/^(Immich|http)/);
  });

  it.each([
    [{}],
    [[]],
    ['null'],
    [{ diskSizeRaw: 'much', diskUseRaw: -1, diskAvailableRaw: null, permissions: 'all', releaseVersion: 5 }],
    [{ name: 1, smartSearch: { jobCounts: 'x' }, quotaUsageInBytes: {}, major: '2', photos: [] }],
  ])('nonsense %j', async (body) => {
    const server = await standIn({ permissions: ['all'] });
    server.fail({ ...whole, body, path: /^(?!.*ping).*/ });
    const looked = await lookAt(server);
    expect(looked.pong).not.toBeNull();
    expect(looked).toMatchObject({ version: null, latestVersion: null, queues: null });
    expect(looked.storage).toEqual({ totalBytes: null, usedBytes: null, freeBytes: null });
  });
});

it('takes no longer than three questions when the server hangs after its ping', async () => {
  const server = await standIn({ permissions: ['all'] });
  server.fail({ kind: 'hang', path: /^(?!.*ping).*/ });
  const began = performance.now();
  const looked = await lookAt(server, { limitMs: 300, client: { stallMs: 60_000, answerMs: 60_000 } });
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(looked.pong).not.toBeNull();
  expect(looked.problem?.message).toContain('did not answer within 0 seconds');
});

it('ends at once when it is aborted, and leaves no listener behind', async () => {
  const server = await standIn({ permissions: ['all'] });
  const aborting = new AbortController();
  await lookAt(server, { signal: aborting.signal });
  expect(getEventListeners(aborting.signal, 'abort')).toEqual([]);
  server.fail({ kind: 'hang', path: PING });
  const looking = lookAt(server, { signal: aborting.signal });
  await vi.waitFor(() => expect(server.requests.at(-1)?.path).toBe(PING));
  aborting.abort(new Error('closed'));
  await expect(looking).rejects.toThrow('closed');
});

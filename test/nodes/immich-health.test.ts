import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { NodeMessage } from 'node-red';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Alert } from '../../lib/alert.js';
import { HEALTH_ALERTS, type HealthReport } from '../../lib/health/health-report.js';
import immichHealth from '../../nodes/immich-health.js';
import immichServer from '../../nodes/immich-server.js';
import * as certificate from '../support/certificate.js';
import { proxyFaults, type StandIn } from '../support/immich-stand-in.js';
import { metricsServer } from '../support/metrics-server.js';
import {
  collect,
  collectStatuses,
  ON_TAB,
  runtimeEvents,
  TAB_WITH_CATCH,
  useNodeRed,
} from '../support/node-red-helper.js';
import { standIn, tempFolder } from '../support/world.js';

const helper = useNodeRed();
const RED = createRequire(import.meta.url)('node-red') as typeof import('node-red');
const GIB = 2 ** 30;

function flow(url: string, health = {}, server = {}) {
  return [
    ...TAB_WITH_CATCH,
    { id: 'server', type: 'immich-server', url, ...server },
    {
      ...ON_TAB,
      id: 'health',
      type: 'immich-health',
      server: 'server',
      ...health,
      wires: [['report'], ['alert']],
    },
    { ...ON_TAB, id: 'report', type: 'helper', wires: [] },
    { ...ON_TAB, id: 'alert', type: 'helper', wires: [] },
  ];
}

/** Lines that the node writes to Node-RED's log; RED._ gives back the keys in these tests. */
function collectLogs(): string[] {
  const lines: string[] = [];
  const handler = {
    emit: (_name: string, line: { type?: string; msg?: unknown }) =>
      void (line.type === 'immich-health' && lines.push(String(line.msg))),
  };
  RED.log.addHandler(handler as never);
  onTestFinished(() => RED.log.removeHandler(handler as never));
  return lines;
}

async function load(server: StandIn, health = {}, apiKey = server.apiKey) {
  const logs = collectLogs();
  await helper.load([immichServer, immichHealth], flow(server.url, health), { server: { apiKey } });
  const reports = collect('report');
  const alerts = collect('alert');
  const statuses = collectStatuses('health');
  const last = () => reports.at(-1)?.payload as HealthReport;
  /** Looks on demand and waits for the answer. */
  const look = async (msg: NodeMessage = {}): Promise<HealthReport> => {
    const count = reports.length;
    helper.getNode('health').receive(msg);
    await vi.waitFor(() => expect(reports.length).toBeGreaterThan(count), 10_000);
    return last();
  };
  await vi.waitFor(() => expect(reports.length).toBeGreaterThan(0), 10_000);
  const raised = () => alerts.map(({ payload }) => [(payload as Alert).alert, (payload as Alert).isRaised]);
  return { reports, alerts, statuses, logs, last, look, raised, caught: collect('caught') };
}

it('looks at once and tells everything with the key of an administrator', async () => {
  const server = await standIn({
    permissions: ['all'],
    quotaBytes: 1_000,
    condition: {
      releaseVersion: 'v2.7.5',
      disk: { totalBytes: 100 * GIB, usedBytes: 38 * GIB, freeBytes: 57 * GIB },
      queues: { ocr: { waiting: 7 }, videoConversion: { delayed: 2 } },
    },
  });
  const { reports, statuses, logs, alerts } = await load(server);
  expect(reports[0]).toMatchObject({
    topic: 'immich/health',
    payload: {
      isReachable: true,
      problem: null,
      url: server.url,
      version: '2.7.5',
      latestVersion: '2.7.5',
      isUpdateAvailable: false,
      storage: { usedPercent: 40 },
      library: { photos: 0, videos: 0, scope: 'server' },
      quota: { limitBytes: 1_000, usedBytes: 0, usedPercent: 0 },
      backlog: { machineLearning: 7, thumbnails: 0, video: 2, other: 0 },
      pausedQueues: [],
      failedJobs: null,
      certificateEndsAt: null,
      alerts: Object.fromEntries(HEALTH_ALERTS.map((name) => [name, false])),
    },
  });
  expect(statuses.at(-1)).toEqual({ fill: 'green', shape: 'dot', text: 'immich-health.status.online' });
  expect(logs).toEqual([]);
  expect(alerts).toEqual([]);
});

it('names the address in use, and says what answers at the first one', async () => {
  const [portal, outer] = [await standIn(), await standIn({ permissions: ['all'] })];
  portal.fail(proxyFaults.captivePortal());
  const { last, look, statuses, logs } = await load({ ...outer, url: `${portal.url}, ${outer.url}` });
  await look();
  expect(last()).toMatchObject({
    isReachable: true,
    problem: null,
    url: outer.url,
    addresses: [
      { url: portal.url, isInUse: false, problem: 'wrong-address' },
      { url: outer.url, isInUse: true, problem: null },
    ],
    addressNotice: `Immich is used at ${outer.url}, its address number 2. At ${portal.url} something answers that is not Immich: a login page, a captive portal of the network, or another program.`,
  });
  expect(statuses.at(-1)).toMatchObject({ fill: 'green', text: 'immich-health.status.other-address' });
  expect(logs).toEqual(['immich-health.log.address']);
});

it('answers a message with its other properties, and ignores commands', async () => {
  const server = await standIn({ permissions: ['all'] });
  const { reports, look } = await load(server);
  helper.getNode('health').receive({ topic: 'command/pause' });
  await look({ topic: 'now', payload: 5, album: 'kept' } as NodeMessage);
  expect(reports).toHaveLength(2);
  expect(reports[1]).toMatchObject({ topic: 'immich/health', album: 'kept', payload: { isReachable: true } });
});

it('looks every interval, and one look at a time however many messages come', async () => {
  const server = await standIn();
  const { reports } = await load(server, { interval: '5' });
  const pings = () => server.requests.filter(({ path }) => path.endsWith('/ping')).length;
  server.fail({ kind: 'delay', delayMs: 300, path: '/api/server/ping' });
  const before = pings();
  for (let count = 0; count < 50; count += 1) helper.getNode('health').receive({});
  await vi.waitFor(() => expect(reports.length).toBeGreaterThan(50));
  expect(pings()).toBe(before + 1);
  await vi.waitFor(() => expect(pings()).toBeGreaterThan(before + 1), 8_000);
});

it('tells its last report anew when somebody asks for states, even if it was changed on its way', async () => {
  const { reports } = await load(await standIn({ permissions: ['all'] }));
  (reports[0]?.payload as { version: string }).version = 'changed';
  runtimeEvents().emit('immich-bridge:state-wanted');
  await vi.waitFor(() => expect(reports).toHaveLength(2));
  expect(reports[1]).toMatchObject({ topic: 'immich/health', payload: { version: '2.7.5' } });
});

describe('what the key may not see', () => {
  it.each([
    ['a key for uploads', ['asset.upload'], true],
    ['no key', ['all'], false],
  ])('is told once with %s, and the status stays green', async (_, permissions, hasKey) => {
    const server = await standIn({ permissions });
    const { look, logs, statuses } = await load(server, {}, hasKey ? server.apiKey : '');
    for (let count = 0; count < 3; count += 1) await look();
    expect(await look()).toMatchObject({ isReachable: true, problem: null, version: '2.7.5', storage: {} });
    expect(logs).toEqual(['immich-health.log.rights']);
    expect(statuses.at(-1)).toMatchObject({ fill: 'green' });
    expect(server.requests.every(({ status }) => status === 200)).toBe(true);
  });

  it('does not hide that the key is refused', async () => {
    const { last, logs, statuses, look } = await load(await standIn(), {}, 'wrong');
    expect(last()).toMatchObject({ isReachable: true, problem: { kind: 'unauthorized' } });
    await look();
    expect(statuses.at(-1)).toMatchObject({ fill: 'red', text: 'immich-health.status.unauthorized' });
    expect(logs).toEqual(['immich-health.log.problem']);
  });
});

describe('a server that is away', () => {
  it('is yellow, red with one alert when that lasts, and green when it answers again', async () => {
    const server = await standIn({ permissions: ['all'] });
    const { look, raised, statuses, logs, alerts } = await load(server, { downMinutes: '0.02' });
    await server.goDown();
    expect(await look()).toMatchObject({ isReachable: false, problem: { kind: 'offline' }, version: null });
    await vi.waitFor(async () => expect((await look()).alerts.down).toBe(true), 10_000);
    for (let count = 0; count < 3; count += 1) await look();
    expect(raised()).toEqual([['down', true]]);
    expect(alerts[0]).toMatchObject({
      topic: 'immich/alert',
      payload: {
        message: expect.stringContaining('refuses the connection'),
        gpu: null,
        at: expect.any(String),
      },
    });
    await server.comeUp();
    expect(await look()).toMatchObject({ isReachable: true, alerts: { down: true } });
    expect(statuses.map(({ fill }) => fill).slice(-3)).toEqual(['yellow', 'red', 'green']);
    expect(logs).toEqual(['immich-health.log.problem', 'immich-health.log.alert']);
  });

  it('is one where a captive portal answers', async () => {
    const server = await standIn();
    const { look, statuses } = await load(server);
    server.fail(proxyFaults.captivePortal());
    expect(await look()).toMatchObject({ isReachable: false, problem: { kind: 'wrong-address' } });
    expect(statuses.at(-1)).toMatchObject({ fill: 'yellow', text: 'immich-health.status.wrong-address' });
  });

  it('is not one in maintenance', async () => {
    const server = await standIn({ permissions: ['all'] });
    const { look, statuses, logs } = await load(server);
    const goOn = server.fail({ kind: 'maintenance' });
    expect(await look()).toMatchObject({ isReachable: true, problem: { kind: 'maintenance' } });
    expect(statuses.at(-1)).toMatchObject({ fill: 'yellow', text: 'immich-health.status.maintenance' });
    goOn();
    await look();
    expect(logs).toEqual(['immich-health.log.problem', 'immich-health.log.well']);
  });

  it('gives up on a server that hangs', async () => {
    const server = await standIn();
    const { look } = await load(server, { limit: '1' });
    server.fail({ kind: 'hang', path: '/api/server/ping' });
    expect((await look()).problem?.message).toContain('did not answer within 1 seconds');
  });
});

it('tells a problem that comes and goes once in an hour', async () => {
  const server = await standIn({ permissions: ['all'] });
  const { look, logs } = await load(server);
  for (let again = 0; again < 4; again += 1) {
    const goOn = server.fail({ kind: 'reset' });
    expect(await look()).toMatchObject({ isReachable: false });
    goOn();
    expect(await look()).toMatchObject({ isReachable: true });
  }
  expect(logs).toEqual(['immich-health.log.problem', 'immich-health.log.well']);
});

it('raises what its limits say, tells it in the status, and keeps quiet about what is off', async () => {
  const server = await standIn({
    permissions: ['all'],
    condition: {
      releaseVersion: 'v9.0.0',
      disk: { totalBytes: 100, usedBytes: 60, freeBytes: 40 },
      queues: { ocr: { isPaused: true, paused: 500 } },
    },
  });
  const limits = { storagePercent: '50', pausedMinutes: '0', mlBacklog: 'off', updateAlert: 'true' };
  const { last, raised, statuses, look } = await load(server, limits);
  await vi.waitFor(() => expect(raised()).toHaveLength(3));
  expect(raised()).toEqual([
    ['storage', true],
    ['queue_paused', true],
    ['update', true],
  ]);
  expect(last().alerts).toMatchObject({ storage: true, queue_paused: true, update: true, ml_backlog: false });
  expect(statuses.at(-1)).toMatchObject({ fill: 'red', text: 'immich-health.status.storage' });
  await look();
  expect(raised()).toHaveLength(3);
});

it('reads the metrics of the API and of the jobs', async () => {
  const server = await standIn({ permissions: ['all'] });
  const api = await metricsServer({ requests: 10 });
  const jobs = await metricsServer({ failedJobs: { asset_generate_thumbnails: 2 } });
  const { last, look, raised, logs } = await load(server, { metricsApi: api.url, metricsJobs: jobs.url });
  expect(last()).toMatchObject({ failedJobs: 2, api: { requestsPerSecond: null }, problem: null });
  jobs.page = { failedJobs: { asset_generate_thumbnails: 5 } };
  expect(await look()).toMatchObject({ failedJobs: 5, alerts: { failed_jobs: true } });
  await vi.waitFor(() => expect(raised()).toEqual([['failed_jobs', true]]));
  jobs.page = '<html>';
  expect(await look()).toMatchObject({ isReachable: true, failedJobs: null, alerts: { failed_jobs: true } });
  expect(logs).toEqual(['immich-health.log.alert', 'immich-health.log.problem']);
});

it('tells when the certificate ends, with the TLS settings of the server', async () => {
  const server = await standIn({ tls: certificate, permissions: ['all'] });
  const ca = join(tempFolder(), 'ca.pem');
  writeFileSync(ca, certificate.cert);
  const tlsConfig = { id: 'tls', type: 'tls-config', ca, cert: '', key: '', verifyservercert: true };
  const coreTls = createRequire(import.meta.url)('@node-red/nodes/core/network/05-tls.js');
  await helper.load(
    [immichServer, immichHealth, coreTls],
    [...flow(server.url, {}, { tls: 'tls' }), tlsConfig],
    { server: { apiKey: server.apiKey } },
  );
  const reports = collect('report');
  await vi.waitFor(() =>
    expect(reports[0]?.payload).toMatchObject({
      url: server.url,
      certificateEndsAt: '2126-10-28T04:00:12.000Z',
    }),
  );
});

it.each([
  [{ server: '' }, {}],
  [{ server: 'nobody' }, {}],
  [{ interval: 'often' }, {}],
  [{ storagePercent: '850' }, {}],
  [{ metricsApi: 'ftp://x' }, {}],
  [{}, { url: 'ftp://photos.lan' }],
])('shows red and stays alive with wrong settings: %j %j', async (health, server) => {
  await helper.load([immichServer, immichHealth], flow('http://127.0.0.1:1', health, server));
  const caught = collect('caught');
  helper.getNode('health').receive({});
  await vi.waitFor(() => expect(caught).toHaveLength(1));
});

it('takes its settings from the environment, and an unset variable as the default', async () => {
  vi.stubEnv('HEALTH_DISK', '30');
  onTestFinished(() => void vi.unstubAllEnvs());
  const server = await standIn({
    permissions: ['all'],
    condition: { disk: { totalBytes: 100, usedBytes: 40, freeBytes: 60 } },
  });
  const { last } = await load(server, { storagePercent: '${HEALTH_DISK}', interval: '${HEALTH_UNSET}' });
  expect(last().alerts.storage).toBe(true);
});

it('stops wholly when it is closed in the middle of a look', async () => {
  const server = await standIn({ permissions: ['all'] });
  const { reports } = await load(server, { interval: '5' });
  server.fail({ kind: 'hang' });
  helper.getNode('health').receive({});
  await vi.waitFor(() => expect(server.requests.at(-1)?.outcome).toBe('open'));
  const [told, asked] = [reports.length, server.requests.length];
  const began = performance.now();
  await helper.unload();
  expect(performance.now() - began).toBeLessThan(20_000);
  await vi.waitFor(() => expect(server.requests.every(({ outcome }) => outcome !== 'open')).toBe(true));
  expect([reports.length, server.requests.length]).toEqual([told, asked]);
});

it.each([
  ['all is well', undefined],
  ['the key is refused', { kind: 'answer', status: 401 } as const],
  ['the server fails', { kind: 'answer', status: 500 } as const],
  ['the connection breaks', { kind: 'reset' } as const],
])('gives the key away nowhere when %s', async (_, fault) => {
  const server = await standIn({ permissions: ['all'], apiKey: 'secret-api-key-4711' });
  const jobs = await metricsServer({ failedJobs: { ocr: 1 } });
  if (fault) server.fail({ ...fault, path: /^(?!.*ping).*/ });
  const told = await load(server, { metricsJobs: jobs.url });
  server.fail({ kind: 'reset' });
  await told.look();
  const { reports, alerts, statuses, logs, caught } = told;
  const all = inspect([reports, alerts, statuses, logs, caught, jobs.heard], { depth: 20, showHidden: true });
  expect(all).toContain('immich/health');
  expect(all).not.toContain('secret-api-key-4711');
});

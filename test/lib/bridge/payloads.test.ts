import { describe, expect, it } from 'vitest';
import { alertEvent } from '../../../lib/bridge/alert-event.js';
import { DETAILS, type PayloadOptions } from '../../../lib/bridge/detail.js';
import { folderStatePayloads, watchNodeOf } from '../../../lib/bridge/folder-payload.js';
import { gpuStatePayload } from '../../../lib/bridge/gpu-payload.js';
import { infoPayload } from '../../../lib/bridge/info-payload.js';
import { serverStatePayload, serverUpdatePayload } from '../../../lib/bridge/server-payload.js';
import { uploaderStatePayload } from '../../../lib/bridge/uploader-payload.js';
import { GPU_ALERTS } from '../../../lib/gpu/gpu-reading.js';
import { HEALTH_ALERTS } from '../../../lib/health/health-report.js';
import {
  badValues,
  gpuReading,
  healthReport,
  noRecords,
  spoilt,
  storageAlert,
  uploadState,
  watchState,
} from './sample-records.js';

const ts = '2026-10-01T12:00:00.000Z';
const now = () => new Date(ts);
const fixed = { now, newId: () => 'id-1' };

const addresses = [
  {
    url: 'http://nas1.local:2283',
    in_use: false,
    there: false,
    problem_code: 'offline',
    accepted_bytes: null,
    refused_bytes: null,
  },
  {
    url: 'https://photos.example.org',
    in_use: true,
    there: true,
    problem_code: null,
    accepted_bytes: 98_000_000,
    refused_bytes: 104_900_000,
  },
];

describe('the state of the uploader', () => {
  const whole = {
    v: 1,
    ts,
    state: 'uploading',
    paused: false,
    paused_until: null,
    quiet_until: null,
    concurrency: 4,
    queue: { depth: 11, pending: 7, active: 4, waiting_for_address: 2 },
    addresses,
    failed: 1,
    totals: { files: 1200, bytes: 4_823_449_600, duplicates: 15 },
    today: { uploaded: 31, failed: 2 },
    percent: 42,
    bytes_per_second: 18_000_000,
    last_upload_at: '2026-10-01T10:00:00.000Z',
    last_file: 'IMG_0815.jpg',
    problem_code: null,
    problem: null,
  };

  it('has every key', () => {
    expect(uploaderStatePayload(uploadState, { now })).toStrictEqual(whole);
  });

  it('has null for what is not known, and parents all the same', () => {
    expect(uploaderStatePayload({ totals: { files: 3 } }, { now })).toStrictEqual({
      v: 1,
      ts,
      state: null,
      paused: null,
      paused_until: null,
      quiet_until: null,
      concurrency: null,
      queue: { depth: null, pending: null, active: null, waiting_for_address: null },
      addresses: [],
      failed: null,
      totals: { files: 3, bytes: null, duplicates: null },
      today: { uploaded: null, failed: null },
      percent: null,
      bytes_per_second: null,
      last_upload_at: null,
      last_file: null,
      problem_code: null,
      problem: null,
    });
  });

  it.each([
    ['none', null, 'The upload of … waits: no answer from http://nas1:2283.'],
    ['names', 'IMG_0815.jpg', 'The upload of IMG_0815.jpg waits: no answer from http://nas1:2283.'],
    [
      'paths',
      'IMG_0815.jpg',
      'The upload of /home/anna/IMG_0815.jpg waits: no answer from http://nas1:2283.',
    ],
  ] as const)('with detail "%s" names the last file %j', (detail, last_file, problem) => {
    const message =
      'The upload of /home/anna/IMG_0815.jpg waits: no answer from http://anna:s3cret@nas1:2283.';
    const record = { ...uploadState, state: 'backoff', problem: { kind: 'offline', message } };
    expect(uploaderStatePayload(record, { now, detail })).toStrictEqual({
      ...whole,
      state: 'backoff',
      last_file,
      problem_code: 'offline',
      problem,
    });
  });
});

describe('the states of watched folders', () => {
  const camera = {
    v: 1,
    ts,
    id: 'camera-1a2b3c',
    name: 'Camera',
    path: null,
    state: 'watching',
    files: 12,
    waiting: 0,
  };
  const scans = {
    v: 1,
    ts,
    id: 'scans-4d5e6f',
    name: 'Scans',
    path: null,
    state: 'missing',
    files: 0,
    waiting: 0,
  };

  it('are one for each folder', () => {
    expect(folderStatePayloads(watchState, { now })).toStrictEqual([camera, scans]);
  });

  it('have no name or full paths, as is asked for', () => {
    const told = (detail: PayloadOptions['detail']) =>
      folderStatePayloads(watchState, { now, detail })?.map(({ name, path }) => [name, path]);
    expect(told('none')).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(told('paths')).toEqual([
      ['Camera', '/home/anna/Camera'],
      ['Scans', '/mnt/nas/Scans'],
    ]);
  });

  it.each([
    ['watching', 'paused'],
    ['scanning', 'paused'],
    ['missing', 'missing'],
    ['unreadable', 'unreadable'],
    ['skipped', 'skipped'],
  ])('of a folder that is %s under a paused watch is %s', (own, expected) => {
    const record = { state: 'paused', folders: [{ id: 'a', state: own }] };
    expect(folderStatePayloads(record)?.[0]?.state).toBe(expected);
  });

  it('are none for a folder that has no topic', () => {
    const folders = [
      { path: '/a' },
      { id: 'A/b' },
      { id: '' },
      { id: 'x'.repeat(65) },
      null,
      'a',
      { id: 'b' },
    ];
    expect(folderStatePayloads({ folders })?.map(({ id }) => id)).toEqual(['b']);
  });

  it('belong to the node that told of them', () => {
    expect(watchNodeOf(watchState)).toBe('f1a2b3');
    expect(watchNodeOf({ folders: [] })).toBeNull();
  });

  it.each([[{}], [{ folders: 'all' }]])('are not in %j', (record) => {
    expect(folderStatePayloads(record)).toBeUndefined();
  });
});

describe('the state of the server', () => {
  it('has every key', () => {
    expect(serverStatePayload(healthReport, { now })).toStrictEqual({
      v: 1,
      ts: '2026-10-01T10:00:00.000Z',
      reachable: true,
      latency_ms: 12.5,
      reachable_since: '2026-09-30T08:00:00.000Z',
      url: 'https://photos.example.org',
      addresses,
      address_notice:
        'Immich is used at https://photos.example.org, its address number 2. http://nas1.local:2283 does not answer.',
      version: '2.7.5',
      latest_version: '2.8.0',
      update_available: true,
      storage: { total_bytes: 4e12, used_bytes: 3.5e12, free_bytes: 5e11, used_percent: 87.5 },
      library: { photos: 48_211, videos: 1_930, scope: 'server' },
      quota: { limit_bytes: 1e12, used_bytes: 4e11, used_percent: 40 },
      jobs: {
        ml_waiting: 120,
        thumbnails_waiting: 3,
        video_waiting: 1,
        other_waiting: 0,
        total_waiting: 124,
        failed: 2,
        paused_queues: ['faceDetection'],
      },
      api: { requests_per_second: 3.5, p95_ms: 180 },
      certificate_ends_at: '2027-01-01T00:00:00.000Z',
      problem_code: null,
      problem: null,
      alerts: healthReport.alerts,
    });
  });

  it('has no sum of jobs when one group is not known', () => {
    const backlog = { ...healthReport.backlog, video: null };
    const jobs = serverStatePayload({ ...healthReport, backlog })?.jobs;
    expect(jobs).toMatchObject({ ml_waiting: 120, video_waiting: null, total_waiting: null });
  });

  it('names addresses without a login, and no more than 32', () => {
    const many = Array.from({ length: 40 }, () => ({ url: 'https://anna:s3cret@photos.example.org' }));
    const told = serverStatePayload({ addresses: many })?.addresses ?? [];
    expect(told).toHaveLength(32);
    expect(told[0]?.url).toBe('https://photos.example.org');
    expect(JSON.stringify(told)).not.toContain('s3cret');
  });

  it('says why it is not reachable', () => {
    const message = 'No answer from http://anna:s3cret@nas1:2283.';
    const state = serverStatePayload({ isReachable: false, problem: { kind: 'offline', message } });
    expect(state).toMatchObject({
      reachable: false,
      problem_code: 'offline',
      problem: 'No answer from http://nas1:2283.',
    });
  });

  it.each([
    ['http://nas1:2283', 'http://nas1:2283'],
    ['https://anna:s3cret@photos.example/', 'https://photos.example'],
    ['https://example.org/photos', 'https://example.org/photos'],
    ['nas1:2283', null],
    ['file:///etc', null],
    ['', null],
    [7, null],
  ])('has the address %j as %j', (url, expected) => {
    expect(serverStatePayload({ url })?.url).toBe(expected);
  });

  it('has times in UTC, whatever their zone', () => {
    const times = { at: '2026-10-01T12:00:00+02:00', reachableSince: 'yesterday' };
    expect(serverStatePayload(times)).toMatchObject({
      ts: '2026-10-01T10:00:00.000Z',
      reachable_since: null,
    });
  });

  it('has at most 32 paused queues', () => {
    const pausedQueues = Array.from({ length: 100 }, (_, index) => `queue ${index}`);
    expect(serverStatePayload({ pausedQueues })?.jobs.paused_queues).toHaveLength(32);
  });
});

describe('the message for the update entity', () => {
  it('has every key', () => {
    expect(serverUpdatePayload(healthReport)).toStrictEqual({
      installed_version: '2.7.5',
      latest_version: '2.8.0',
      title: 'Immich',
      release_url: 'https://github.com/immich-app/immich/releases/tag/v2.8.0',
      release_summary: null,
      in_progress: false,
      update_percentage: null,
    });
  });

  it('has them also when nothing is known', () => {
    expect(Object.keys(serverUpdatePayload({}) ?? {})).toEqual(
      Object.keys(serverUpdatePayload(healthReport) ?? {}),
    );
  });
});

describe('the state of a GPU', () => {
  it('has every key', () => {
    expect(gpuStatePayload(gpuReading, { now })).toStrictEqual({
      v: 1,
      ts: '2026-10-01T10:00:00.000Z',
      id: 'gpu-5c8c1e1a-0b2f-4a5e-9d8c-0123456789ab',
      index: 0,
      name: 'NVIDIA GeForce RTX 4060',
      vendor: 'nvidia',
      driver: '550.120',
      state: 'ok',
      load_percent: 63,
      encoder_percent: 5,
      decoder_percent: 0,
      memory_used_bytes: 3_221_225_472,
      memory_total_bytes: 8_589_934_592,
      memory_percent: 37.5,
      temperature_c: 58,
      power_w: 91.4,
      power_limit_w: 115,
      fan_percent: 40,
      clock_mhz: 2460,
      memory_clock_mhz: 8501,
      performance_state: 'P2',
      throttle_reasons: [],
      processes: [
        {
          pid: 4711,
          name: 'python3',
          memory_bytes: 2_147_483_648,
          encoder_percent: null,
          owner: 'immich-ml.service',
        },
      ],
      alerts: gpuReading.alerts,
    });
  });

  it.each([
    ['0000:01:00.0', '0000-01-00-0'],
    ['GPU-AB', 'gpu-ab'],
    ['::', undefined],
    ['', undefined],
    [null, undefined],
  ])('of the GPU %j has the id %j', (id, expected) => {
    expect(gpuStatePayload({ id })?.id).toBe(expected);
  });

  it.each([1.5, -1, '0', Number.NaN])('has no index %j', (index) => {
    expect(gpuStatePayload({ id: 'a', index })?.index).toBeNull();
  });

  it('stays small however many use the GPU', () => {
    const processes = Array.from({ length: 1000 }, (_, pid) => ({ pid }));
    expect(gpuStatePayload({ id: 'a', processes })?.processes).toHaveLength(32);
  });
});

describe('an alert', () => {
  const raised = {
    v: 1,
    event_type: 'raised',
    id: 'id-1',
    ts: '2026-10-01T10:00:00.000Z',
    alert: 'storage',
    message: 'The storage of Immich is 87.5 % full.',
    value: 87.5,
    limit: 85,
    gpu: null,
  };

  it('becomes an event with every key', () => {
    expect(alertEvent(storageAlert, fixed)).toStrictEqual(raised);
  });

  it('is cleared, and says of which GPU as its topic does', () => {
    const alert = { ...storageAlert, alert: 'lost', isRaised: false, gpu: '0000:01:00.0', value: null };
    expect(alertEvent(alert, fixed)).toStrictEqual({
      ...raised,
      event_type: 'cleared',
      alert: 'lost',
      gpu: '0000-01-00-0',
      value: null,
    });
  });

  it('is none that says not what, or not whether', () => {
    expect(alertEvent({ isRaised: true })).toBeUndefined();
    expect(alertEvent({ alert: 'down' })).toBeUndefined();
  });
});

it('the bridge says who it is', () => {
  const facts = {
    instance: 'nas1',
    version: '0.1.0',
    nodeVersion: '22.9.0',
    nodeRedVersion: '4.1.0',
    discoveryTopic: null,
  };
  expect(infoPayload(facts, { now, detail: 'none' })).toStrictEqual({
    v: 1,
    ts,
    name: 'Immich Bridge',
    instance: 'nas1',
    version: '0.1.0',
    node_version: '22.9.0',
    node_red_version: '4.1.0',
    discovery_topic: null,
    detail: 'none',
    commands: ['pause', 'resume', 'retry', 'dismiss', 'rescan', 'concurrency', 'audit'],
  });
});

describe('whatever is wired', () => {
  const payloads = [
    ['uploader', (record: unknown) => uploaderStatePayload(record, fixed), uploadState],
    ['folder', (record: unknown) => folderStatePayloads(record, fixed), watchState],
    ['server', (record: unknown) => serverStatePayload(record, fixed), healthReport],
    ['update', (record: unknown) => serverUpdatePayload(record), healthReport],
    ['gpu', (record: unknown) => gpuStatePayload(record, fixed), gpuReading],
    ['alert', (record: unknown) => alertEvent(record, fixed), storageAlert],
  ] as const;

  it.each(payloads)('%s: what is no record is ignored', (_, make) => {
    for (const [what, value] of noRecords) expect(make(value), what).toBeUndefined();
  });

  it.each(payloads)(
    '%s: a record of nonsense keeps the keys and has only values that JSON can say',
    (...row) => {
      const [, make, record] = row;
      const keys = keysIn(make(record));
      const ids = 'id' in record ? { id: record.id } : {};
      for (const bad of badValues) {
        const made = make({ ...Object(spoilt(record, bad)), ...ids });
        if (made === undefined || (Array.isArray(made) && made.length === 0)) continue;
        expect(keysIn(made), String(bad)).toEqual(keys);
        expect(JSON.parse(JSON.stringify(made)), String(bad)).toStrictEqual(made);
      }
    },
  );

  it('every alert of the lists is told', () => {
    expect(Object.keys(serverStatePayload({})?.alerts ?? {})).toEqual([...HEALTH_ALERTS]);
    expect(Object.keys(gpuStatePayload({ id: 'a' })?.alerts ?? {})).toEqual([...GPU_ALERTS]);
  });

  it('no file is named when names are not told', () => {
    const secret = 'IMG_0815';
    const all = [uploaderStatePayload, folderStatePayloads, serverStatePayload, gpuStatePayload, alertEvent];
    for (const make of all) {
      const message = `"/a/${secret}.jpg" failed`;
      const record = {
        ...uploadState,
        ...storageAlert,
        message,
        problem: { kind: 'offline', message },
        id: 'a',
      };
      const folders = [{ id: 'a', path: `/a/${secret}` }];
      expect(JSON.stringify(make({ ...record, folders }, { detail: 'none' })), make.name).not.toContain(
        secret,
      );
    }
    expect(DETAILS).toEqual(['none', 'names', 'paths']);
  });
});

/** The names of all keys, as deep as records go; lists are one value. */
function keysIn(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return at === '' ? keysIn(value[0], '[]') : [at];
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, part]) => keysIn(part, `${at}.${key}`));
}

import { expect, it } from 'vitest';
import { type HealthConfig, parseHealthSettings } from '../../../lib/health/health-settings.js';

const DEFAULTS = {
  intervalMs: 60_000,
  limitMs: 20_000,
  metricsAddresses: [],
  limits: {
    downMinutes: 5,
    storagePercent: 85,
    mlBacklog: 100,
    mlMinutes: 10,
    failedJobs: 0,
    pausedMinutes: 5,
    quotaPercent: 90,
    certificateDays: 14,
    hasUpdateAlert: true,
  },
};

it.each<[HealthConfig]>([
  [{}],
  [{ interval: '', limit: '${UNSET}', storagePercent: ' ', metricsApi: '${X}' }],
])('has the defaults for %j', (config) => {
  expect(parseHealthSettings(config)).toEqual(DEFAULTS);
});

it('takes numbers, addresses and off', () => {
  const { limits, ...settings } = parseHealthSettings({
    interval: '30',
    limit: '5',
    metricsApi: 'photos.lan:8091',
    metricsJobs: 'http://photos.lan:8092/metrics',
    downMinutes: '0.5',
    storagePercent: 'off',
    mlBacklog: ' OFF ',
    quotaPercent: '75.5',
    updateAlert: 'false',
  });
  expect(settings).toEqual({
    intervalMs: 30_000,
    limitMs: 5_000,
    metricsAddresses: ['http://photos.lan:8091/metrics', 'http://photos.lan:8092/metrics'],
  });
  expect(limits).toMatchObject({
    downMinutes: 0.5,
    storagePercent: null,
    mlBacklog: null,
    quotaPercent: 75.5,
    hasUpdateAlert: false,
  });
});

it.each<[string | undefined, string | undefined, string[]]>([
  ['http://a:1', 'http://a:1/metrics', ['http://a:1/metrics']],
  ['https://a/x?y=1#z', undefined, ['https://a/x?y=1']],
  [undefined, '10.0.0.1:8092/metrics/', ['http://10.0.0.1:8092/metrics/']],
])('reads the addresses %s and %s', (metricsApi, metricsJobs, expected) => {
  const config = { ...(metricsApi && { metricsApi }), ...(metricsJobs && { metricsJobs }) };
  expect(parseHealthSettings(config).metricsAddresses).toEqual(expected);
});

it.each<[HealthConfig, RegExp]>([
  [{ interval: '1' }, /^Look every: "1" does not work here/],
  [{ limit: 'long' }, /^Give up after/],
  [{ storagePercent: '850' }, /^Disk over: "850" .* Or type off/],
  [{ mlBacklog: '1.5' }, /^ML jobs over: .*whole number/],
  [{ certificateDays: 'never' }, /^Certificate/],
  [{ updateAlert: 'maybe' }, /^New version/],
  [{ metricsApi: 'ftp://a' }, /^API metrics: "ftp:\/\/a"/],
  [{ metricsJobs: 'http://' }, /^Job metrics/],
  [{ metricsApi: 'http://me:secret@a:8091' }, /without a login/],
])('refuses %j in words', (config, sentence) => {
  expect(() => parseHealthSettings(config)).toThrow(sentence);
});

it.each([
  'http://me:secret@a',
  'me:secret@a:8091',
  'http://me:secret@secret@a',
  'https://me:secret/secret@a/metrics',
])('repeats no login in its refusal: %s', (metricsApi) => {
  expect(() => parseHealthSettings({ metricsApi })).toThrow(/^(?!.*secret)/);
});

import type { Alert } from '../../../lib/alert.js';
import type { AuditedFile, AuditReport } from '../../../lib/audit/audit-report.js';
import type { GpuReading } from '../../../lib/gpu/gpu-reading.js';
import type { HealthReport } from '../../../lib/health/health-report.js';
import type { AddressView } from '../../../lib/immich/address.js';
import type { UploadState } from '../../../lib/upload/upload-state.js';
import type { FolderWatchState } from '../../../lib/watch/folder-watch.js';

/** The inner one is away, and the outer one is in use. */
const addresses: readonly AddressView[] = [
  {
    url: 'http://nas1.local:2283',
    isInUse: false,
    isThere: false,
    problem: 'offline',
    acceptedBytes: null,
    refusedBytes: null,
  },
  {
    url: 'https://photos.example.org',
    isInUse: true,
    isThere: true,
    problem: null,
    acceptedBytes: 98_000_000,
    refusedBytes: 104_900_000,
  },
];

/** An uploader in the middle of its work. */
export const uploadState: UploadState = {
  state: 'uploading',
  pending: 7,
  active: 4,
  leftAlone: 0,
  waitingForAddress: 2,
  addresses,
  failed: 1,
  concurrency: 4,
  isPaused: false,
  pausedUntil: null,
  quietUntil: null,
  totals: { files: 1200, bytes: 4_823_449_600, duplicates: 15 },
  today: { uploaded: 31, failed: 2 },
  percent: 42,
  bytesPerSecond: 18_000_000,
  lastUploadAt: '2026-10-01T10:00:00.000Z',
  lastFile: 'IMG_0815.jpg',
  problem: null,
};

/** An audit that found something of each kind. */
export const auditReport: AuditReport = {
  server: 'http://nas1.local:2283',
  startedAt: '2026-10-01T04:00:00.000Z',
  endedAt: '2026-10-01T04:07:00.000Z',
  present: 48_211,
  missing: 30,
  trashed: 1,
  changed: 1,
  unknown: 1,
  unreadable: 2,
  requeued: 0,
  hasMemory: true,
  files: {
    missing: Array.from({ length: 30 }, (_, number) => audited(`missing-${number}.jpg`)),
    trashed: [audited('trashed.jpg')],
    changed: [audited('changed.jpg')],
    unknown: [audited('unknown.jpg')],
  },
};

function audited(name: string): AuditedFile {
  return { sha1: 'a'.repeat(40), path: `/home/anna/Archive/${name}`, assetId: null };
}

/** A watch with one folder that is fine and one that is away. */
export const watchState: FolderWatchState = {
  state: 'waiting',
  node: 'f1a2b3',
  folders: [
    { id: 'camera-1a2b3c', path: '/home/anna/Camera', state: 'watching', fileCount: 12, waiting: 0 },
    { id: 'scans-4d5e6f', path: '/mnt/nas/Scans', state: 'missing', fileCount: 0, waiting: 0 },
  ],
  found: 12,
  tooLarge: 0,
};

/** A server with work to do and one alert. */
export const healthReport: HealthReport = {
  isReachable: true,
  at: '2026-10-01T10:00:00.000Z',
  problem: null,
  latencyMs: 12.5,
  reachableSince: '2026-09-30T08:00:00.000Z',
  url: 'https://photos.example.org',
  addresses,
  addressNotice:
    'Immich is used at https://photos.example.org, its address number 2. http://nas1.local:2283 does not answer.',
  version: '2.7.5',
  latestVersion: 'v2.8.0',
  isUpdateAvailable: true,
  releaseUrl: 'https://github.com/immich-app/immich/releases/tag/v2.8.0',
  storage: { totalBytes: 4e12, usedBytes: 3.5e12, freeBytes: 5e11, usedPercent: 87.5 },
  library: { photos: 48_211, videos: 1_930, scope: 'server' },
  quota: { limitBytes: 1e12, usedBytes: 4e11, usedPercent: 40 },
  backlog: { machineLearning: 120, thumbnails: 3, video: 1, other: 0 },
  pausedQueues: ['faceDetection'],
  failedJobs: 2,
  api: { requestsPerSecond: 3.5, p95Ms: 180 },
  certificateEndsAt: '2027-01-01T00:00:00.000Z',
  alerts: {
    down: false,
    storage: true,
    ml_backlog: false,
    failed_jobs: false,
    queue_paused: false,
    quota: false,
    certificate: false,
    update: false,
  },
};

/** A GPU at work. */
export const gpuReading: GpuReading = {
  id: 'GPU-5C8C1E1A-0b2f-4a5e-9d8c-0123456789ab',
  index: 0,
  name: 'NVIDIA GeForce RTX 4060',
  vendor: 'nvidia',
  driver: '550.120',
  at: '2026-10-01T10:00:00.000Z',
  state: 'ok',
  loadPercent: 63,
  encoderPercent: 5,
  decoderPercent: 0,
  memoryUsedBytes: 3_221_225_472,
  memoryTotalBytes: 8_589_934_592,
  memoryPercent: 37.5,
  temperatureC: 58,
  powerW: 91.4,
  powerLimitW: 115,
  fanPercent: 40,
  clockMhz: 2460,
  memoryClockMhz: 8501,
  performanceState: 'P2',
  throttleReasons: [],
  processes: [
    {
      pid: 4711,
      name: 'python3',
      memoryBytes: 2_147_483_648,
      encoderPercent: null,
      owner: 'immich-ml.service',
    },
  ],
  alerts: { temperature: false, memory: false, throttling: false, encoder: false, lost: false },
};

export const storageAlert: Alert = {
  alert: 'storage',
  isRaised: true,
  message: 'The storage of Immich is 87.5 % full.',
  value: 87.5,
  limit: 85,
  at: '2026-10-01T10:00:00.000Z',
  gpu: null,
};

/** What somebody may wire although it is no record of this pack. */
export const noRecords: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a word', 'idle'],
  ['a number', 7],
  ['a list', [{ state: 'idle' }]],
  ['bytes', Buffer.from('{"state":"idle"}')],
];

/** The same record with every value, at any depth, replaced by something that does not belong there. */
export function spoilt(record: unknown, bad: unknown): unknown {
  if (Array.isArray(record)) return record.map((entry) => spoilt(entry, bad));
  if (typeof record !== 'object' || record === null) return bad;
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, spoilt(value, bad)]));
}

export const badValues: readonly unknown[] = [
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  'N/A',
  [],
  {},
  true,
  -1,
];

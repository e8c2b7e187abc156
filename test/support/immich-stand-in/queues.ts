import type { Dialect } from './answers.js';

/** The jobs of one queue; what is not given is 0 or false. */
export interface QueueState {
  readonly active?: number;
  readonly waiting?: number;
  readonly delayed?: number;
  readonly paused?: number;
  readonly failed?: number;
  readonly isPaused?: boolean;
}

/** In the order of a real server. */
const names = [
  'thumbnailGeneration',
  'metadataExtraction',
  'videoConversion',
  'faceDetection',
  'facialRecognition',
  'smartSearch',
  'duplicateDetection',
  'backgroundTask',
  'storageTemplateMigration',
  'migration',
  'search',
  'sidecar',
  'library',
  'notifications',
  'backupDatabase',
  'ocr',
  'workflow',
  'editor',
];

interface QueueAnswer {
  readonly name: string;
  readonly isPaused: boolean;
  readonly statistics: object;
}

type QueueStates = Readonly<Record<string, QueueState>>;

function allNames(dialect: Dialect): string[] {
  return dialect === 'v3' ? [...names, 'integrityCheck'] : names;
}

/** `GET /queues`, admin only. */
export function queueList(dialect: Dialect, states: QueueStates): QueueAnswer[] {
  return allNames(dialect).map((name) => queueAnswer(name, states));
}

/** `GET /queues/{name}`, admin only; undefined for an unknown one. */
export function namedQueue(dialect: Dialect, states: QueueStates, name: string): object | undefined {
  return allNames(dialect).includes(name) ? queueAnswer(name, states) : undefined;
}

/** `GET /jobs`, the older form, admin only. */
export function jobTable(dialect: Dialect, states: QueueStates): object {
  const entries = allNames(dialect).map((name) => {
    const { isPaused = false, active = 0 } = states[name] ?? {};
    const jobCounts = counts(states[name]);
    return [name, { queueStatus: { isPaused, isActive: active > 0 }, jobCounts }] as const;
  });
  return Object.fromEntries(entries);
}

function queueAnswer(name: string, states: QueueStates): QueueAnswer {
  return { name, isPaused: states[name]?.isPaused ?? false, statistics: counts(states[name]) };
}

function counts({ active = 0, failed = 0, delayed = 0, waiting = 0, paused = 0 }: QueueState = {}): object {
  return { active, completed: 0, failed, delayed, waiting, paused };
}

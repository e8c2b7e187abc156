import { ImmichError } from '../immich/immich-error.js';
import { createHttp, type Http } from '../immich/immich-http.js';
import { say } from '../say.js';
import { createExpositionReader, type Sample } from './exposition.js';
import type { HealthProblem } from './health-report.js';
import { withTimeLimit } from './time-limit.js';

/** Sums over what Immich's Prometheus endpoints tell; null is what none of them tells. All count from a start. */
export interface ServerMetrics {
  /** Failed jobs of all kinds: `immich_jobs_<job>_failed_total`. */
  readonly failedJobs: number | null;
  /** Requests to the API: `http_server_request_count_total`. */
  readonly requests: number | null;
  /** How many of them took at most so many milliseconds: the buckets of `http_server_duration`, `le` to count. */
  readonly durations: ReadonlyMap<number, number> | null;
  readonly problem: HealthProblem | null;
}

export interface MetricsOptions {
  /** As in `http://photos.lan:8091/metrics`: the API's, the microservices', or both. */
  readonly addresses: readonly string[];
  readonly limitMs: number;
}

export interface MetricsReader {
  /** Rejects only when `signal` is aborted. */
  read(signal: AbortSignal): Promise<ServerMetrics>;
  close(): void;
}

/** Some servers write under a megabyte; nothing of it is kept. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

/** Immich has some dozens of them. */
const MOST_BUCKETS = 1_000;

interface Sums {
  failedJobs: number | null;
  requests: number | null;
  durations: Map<number, number> | null;
}

/** Makes what reads the Prometheus endpoints, without the API key, and sums up what this pack needs of them. */
export function createMetricsReader({ addresses, limitMs }: MetricsOptions): MetricsReader {
  const sources = addresses.map((address) => {
    const http = createHttp({ baseUrl: address, apiKey: undefined, connectMs: limitMs });
    const { origin, pathname } = new URL(address);
    // What follows may be a secret.
    return { name: origin + pathname, http };
  });
  return {
    async read(signal) {
      const sums: Sums = { failedJobs: null, requests: null, durations: null };
      const answers = await Promise.all(sources.map((source) => readSource(source, limitMs, signal)));
      // In the order of the addresses, not of the answers: of two that tell the same thing it is always the first.
      for (const answer of answers) if (!('message' in answer)) addTo(sums, answer);
      return { ...sums, problem: answers.find((answer) => 'message' in answer) ?? null };
    },
    close() {
      for (const { http } of sources) http.close();
    },
  };
}

async function readSource(
  { name, http }: { name: string; http: Http },
  limitMs: number,
  signal: AbortSignal,
): Promise<Sums | HealthProblem> {
  const onLimit = () =>
    new ImmichError('offline', say`${name} did not answer within ${Math.round(limitMs / 1_000)} seconds.`);
  const own: Sums = { failedJobs: null, requests: null, durations: null };
  try {
    const count = await withTimeLimit(limitMs, signal, onLimit, (limited) => sumUp(http, own, limited));
    if (count === 0) {
      throw new ImmichError(
        'wrong-address',
        say`${name} holds nothing that Immich's metrics have: check the address, and whether IMMICH_TELEMETRY_INCLUDE is set on the server.`,
      );
    }
    return own;
  } catch (error) {
    if (signal.aborted || !(error instanceof ImmichError)) throw error;
    return { kind: error.kind, message: error.message };
  }
}

/** How many samples there were that only Immich writes. */
async function sumUp(http: Http, sums: Sums, signal: AbortSignal): Promise<number> {
  let count = 0;
  const reader = createExpositionReader(isWanted, (sample) => {
    count += 1;
    add(sums, sample);
  });
  const onPiece = (piece: Buffer) => reader.write(piece);
  const answer = await http.request({
    method: 'GET',
    path: '',
    limitBytes: LARGEST_BODY_BYTES,
    onPiece,
    signal,
  });
  reader.end();
  return answer.status === 200 ? count : 0;
}

function isWanted(name: string): boolean {
  return name.startsWith('immich_') || name.startsWith('http_server_') || name === 'target_info';
}

function add(sums: Sums, { name, labels, value }: Sample): void {
  if (!Number.isFinite(value)) return;
  if (/^immich_(jobs|queues)_/.test(name)) {
    sums.failedJobs = (sums.failedJobs ?? 0) + (/^immich_jobs_.*_failed_total$/.test(name) ? value : 0);
  } else if (name === 'http_server_request_count_total') {
    sums.requests = (sums.requests ?? 0) + value;
  } else if (name === 'http_server_duration_bucket') {
    const upTo = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    if (Number.isNaN(upTo)) return;
    sums.durations ??= new Map();
    if (sums.durations.size >= MOST_BUCKETS && !sums.durations.has(upTo)) return;
    sums.durations.set(upTo, (sums.durations.get(upTo) ?? 0) + value);
  }
}

function addTo(sums: Sums, own: Sums): void {
  sums.failedJobs ??= own.failedJobs;
  sums.requests ??= own.requests;
  sums.durations ??= own.durations;
}

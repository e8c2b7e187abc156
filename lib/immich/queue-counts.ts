import { isObject } from './immich-answer.js';

/** One of Immich's queues. */
export interface QueueCount {
  /** As in `thumbnailGeneration`; a later Immich may have others. */
  readonly name: string;
  readonly isPaused: boolean;
  /** Jobs that wait, are delayed or are held because the queue is paused. */
  readonly backlog: number;
}

/**
 * The queues in an answer of `GET /queues` (a list, with `statistics`) or of the older `GET /jobs` (an object, with
 * `jobCounts` and `queueStatus`); null for anything else. Source: recorded answers of 2.7.5.
 */
export function queueCounts(body: unknown): readonly QueueCount[] | null {
  if (Array.isArray(body)) {
    return known(
      body.filter(isObject).map(({ name, isPaused, statistics }) => count(name, isPaused, statistics)),
    );
  }
  if (!isObject(body)) return null;
  return known(
    Object.entries(body).map(([name, entry]) => {
      const { queueStatus, jobCounts } = isObject(entry) ? entry : {};
      return count(name, isObject(queueStatus) && queueStatus.isPaused, jobCounts);
    }),
  );
}

function count(name: unknown, isPaused: unknown, counts: unknown): QueueCount | undefined {
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name) || !isObject(counts)) return undefined;
  const { waiting, delayed, paused } = counts;
  const backlog = [waiting, delayed, paused].reduce((sum: number, part) => sum + (Number(part) || 0), 0);
  return { name, isPaused: isPaused === true, backlog };
}

function known(queues: readonly (QueueCount | undefined)[]): readonly QueueCount[] | null {
  const found = queues.filter((queue) => queue !== undefined);
  return found.length > 0 ? found : null;
}

import { shownName } from './file-rows.js';

/** What a person is told of a file that failed. */
export interface FailureRow {
  readonly id: number;
  readonly name: string;
  readonly folder: string;
  /** The id of the node that told it. */
  readonly node: string;
  /** A sentence. */
  readonly reason: string;
  readonly at: string;
  /** Where Immich shows the file, or its trash; null where there is nothing to see. */
  readonly link: string | null;
}

/** A failure with the file that it is of. */
export interface Failure {
  readonly path: string;
  readonly row: FailureRow;
}

/** Files that wait for a person: the newest `most` of them, one entry a file. */
export function createFailureRows(most: number, nextSeq: () => number) {
  const failures = new Map<string, Failure>();
  let lastId = 0;
  let seq = 0;
  return {
    note(path: string, payload: unknown, told: Pick<FailureRow, 'node' | 'reason' | 'at' | 'link'>): void {
      failures.delete(path);
      lastId += 1;
      failures.set(path, { path, row: { id: lastId, ...shownName(payload, path), ...told } });
      const [oldest] = failures.keys();
      if (failures.size > most && oldest !== undefined) failures.delete(oldest);
      seq = nextSeq();
    },
    /** The file goes on, or nobody wants to know of it any more. */
    settle(path: string): void {
      if (failures.delete(path)) seq = nextSeq();
    },
    find: (id: number): Failure | undefined => [...failures.values()].find(({ row }) => row.id === id),
    all: (): Failure[] => [...failures.values()],
    /** All rows, newest first, if anything changed after `since`. */
    after: (since: number): FailureRow[] | undefined =>
      seq > since ? [...failures.values()].map(({ row }) => row).reverse() : undefined,
  };
}

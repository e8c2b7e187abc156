import { basename, dirname } from 'node:path';
import { fieldsOf, numberOf, textOf } from '../fields.js';

/** How far a file has come. */
export type FileStage = 'found' | 'stable' | 'uploaded' | 'archived' | 'failed';

/** One file as it is shown. It has no full path. */
export interface FileRow {
  readonly id: number;
  /** Grows with each change of any row. */
  readonly seq: number;
  readonly name: string;
  /** The folder below the watched one; empty in the watched folder itself. */
  readonly folder: string;
  readonly sizeBytes: number;
  readonly stage: FileStage;
  readonly at: string;
  readonly isDuplicate: boolean;
  /** Its page in Immich, once it is there. */
  readonly link: string | null;
}

/** Name and folder of a file record, as they are shown. */
export function shownName(
  payload: unknown,
  path: string,
): { readonly name: string; readonly folder: string } {
  const folder = dirname(textOf(fieldsOf(payload).relativePath) ?? basename(path));
  return { name: basename(path), folder: folder === '.' ? '' : folder };
}

/** The files to which something happened last, `most` of them. */
export function createFileRows(most: number, nextSeq: () => number) {
  const rows = new Map<string, FileRow>();
  let lastId = 0;
  return {
    /** A file came to a stage. The same stage again changes nothing but the time. @returns whether it is new there */
    note(path: string, stage: FileStage, payload: unknown, at: string, link: string | null): boolean {
      const known = rows.get(path);
      rows.delete(path);
      if (known === undefined) lastId += 1;
      const { sizeBytes, uploadOutcome } = fieldsOf(payload);
      rows.set(path, {
        ...(known ?? { id: lastId, ...shownName(payload, path) }),
        seq: nextSeq(),
        sizeBytes: numberOf(sizeBytes) ?? known?.sizeBytes ?? 0,
        stage,
        at,
        isDuplicate: uploadOutcome === 'duplicate',
        // Whoever archives it does not know the server.
        link: stage === 'archived' ? (known?.link ?? link) : link,
      });
      if (rows.size > most) {
        const [oldest] = rows.keys();
        if (oldest !== undefined) rows.delete(oldest);
      }
      return known?.stage !== stage;
    },
    idOf: (path: string): number | undefined => rows.get(path)?.id,
    /** Rows that changed after `since`, oldest first. */
    after(since: number): FileRow[] {
      return [...rows.values()].filter(({ seq }) => seq > since);
    },
  };
}

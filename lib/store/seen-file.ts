import { knownFile } from './store-record.js';

/** One version of a file, by what a look at it shows. */
export interface SeenFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** Whether two looks saw the same version. */
export function isSameVersion(a: Omit<SeenFile, 'path'>, b: Omit<SeenFile, 'path'>): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;
}

/** Whether the fields of a known file say that one of these archive-moves is through with this very version. */
export function isKept(
  fields: readonly unknown[] | undefined,
  seen: SeenFile,
  keepers: ReadonlySet<string>,
): boolean {
  if (fields === undefined) return false;
  const known = knownFile.read(fields);
  return known.keptBy !== null && keepers.has(known.keptBy) && isSameVersion(known, seen);
}

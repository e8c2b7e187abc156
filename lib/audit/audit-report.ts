/** How a photo stands: what Immich says of its bytes, or that the archived file is no longer what was uploaded. */
export type AuditFinding = 'present' | 'missing' | 'trashed' | 'changed' | 'unknown';

/** One photo that needs a look. */
export interface AuditedFile {
  /** Of its bytes, 40 hex digits. */
  readonly sha1: string;
  /** Where it lies here, or lay last. */
  readonly path: string;
  /** As it was named at its upload; null when nothing is remembered of one. */
  readonly assetId: string | null;
}

/** What an audit came to. Counts are photos and videos, times ISO 8601. */
export interface AuditReport {
  readonly server: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Immich holds them, and not in its trash. */
  readonly present: number;
  /** Immich held them and has them no more. */
  readonly missing: number;
  readonly trashed: number;
  /** The file in the archive has other bytes than those that were uploaded. */
  readonly changed: number;
  /** They lie in the archive, Immich has them not, and nothing is remembered of an upload. */
  readonly unknown: number;
  /** Files that could not be read. */
  readonly unreadable: number;
  /** Files that were put back into the line. */
  readonly requeued: number;
  /** False when there was no memory: then only what lies in the folders was asked about. */
  readonly hasMemory: boolean;
  /** Those that need a look, at most 1,000 of a kind. */
  readonly files: Readonly<Record<Exclude<AuditFinding, 'present'>, readonly AuditedFile[]>>;
}

const MOST_NAMED = 1_000;

/** Counts findings. */
export function createAuditTally() {
  const counts = { present: 0, missing: 0, trashed: 0, changed: 0, unknown: 0, unreadable: 0, requeued: 0 };
  const files: Record<Exclude<AuditFinding, 'present'>, AuditedFile[]> = {
    missing: [],
    trashed: [],
    changed: [],
    unknown: [],
  };
  return {
    counts,
    files,
    add(finding: AuditFinding, file: AuditedFile): void {
      counts[finding] += 1;
      if (finding !== 'present' && files[finding].length < MOST_NAMED) files[finding].push(file);
    },
  };
}

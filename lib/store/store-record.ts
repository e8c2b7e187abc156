import { crc32 } from 'node:zlib';

/** What is remembered of a file at a path: the version that was proven, as in `FileVersion`, and its bytes. */
export interface KnownFile {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly sha1: string;
  /** The archive-move node that left it where it is, for good; null when none did. */
  readonly keptBy: string | null;
  /** Since when it is known to be gone, in milliseconds since 1970; undefined while it is there. */
  readonly missingSinceMs?: number | undefined;
}

/** What is remembered of bytes that a server held. Times are ISO 8601. */
export interface Receipt {
  readonly sha1: string;
  readonly assetId: string;
  readonly outcome: 'created' | 'duplicate';
  readonly sizeBytes: number;
  /** When the server confirmed the checksum. */
  readonly uploadedAt: string;
  /** Where the file lay when it was uploaded. */
  readonly path: string;
  /** Where the original is now; null while it was not archived, or when it was deleted by choice. */
  readonly archivedTo: string | null;
  readonly archivedAt: string | null;
}

/** Why a file waits for a person. */
export interface FailedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Kind of the failure, as its error names it. */
  readonly kind: string;
  /** The sentence that was told. */
  readonly sentence: string;
  readonly attempts: number;
  readonly at: string;
  /** A person wants to hear no more of this version. */
  readonly isDismissed: boolean;
}

type Fields = readonly unknown[];

/** A value with a sum over key and content, because the database does not look whether a bit fell over. */
export function seal(key: string, fields: Fields): string {
  const json = JSON.stringify(fields);
  return `${crc32(`${key}\0${json}`).toString(36)} ${json}`;
}

/** The fields of a sealed value; undefined when it is not what was written under this key. */
export function unseal(key: string, value: string): Fields | undefined {
  const at = value.indexOf(' ');
  const json = value.slice(at + 1);
  if (crc32(`${key}\0${json}`).toString(36) !== value.slice(0, Math.max(0, at))) return undefined;
  const content: unknown = JSON.parse(json);
  return Array.isArray(content) ? content : undefined;
}

/** As short lists, because 100,000 of them are kept. The order is the format: new fields go to the end. */
export const knownFile = {
  fields: ({ sizeBytes, mtimeMs, ctimeMs, sha1, keptBy, missingSinceMs }: KnownFile): Fields => {
    const fields = [sizeBytes, mtimeMs, ctimeMs, sha1, keptBy];
    return missingSinceMs === undefined ? fields : [...fields, missingSinceMs];
  },
  read: ([sizeBytes, mtimeMs, ctimeMs, sha1, keptBy, missingSinceMs]: Fields): KnownFile =>
    ({ sizeBytes, mtimeMs, ctimeMs, sha1, keptBy: keptBy ?? null, missingSinceMs }) as KnownFile,
};

export const receipt = {
  fields: (of: Receipt): Fields => [
    of.assetId,
    of.outcome,
    of.sizeBytes,
    of.uploadedAt,
    of.path,
    of.archivedTo,
    of.archivedAt,
  ],
  read: (sha1: string, fields: Fields): Receipt => {
    const [assetId, outcome, sizeBytes, uploadedAt, path, archivedTo, archivedAt] = fields;
    return { sha1, assetId, outcome, sizeBytes, uploadedAt, path, archivedTo, archivedAt } as Receipt;
  },
};

export const failedFile = {
  fields: (of: FailedFile): Fields => [
    of.sizeBytes,
    of.mtimeMs,
    of.kind,
    of.sentence,
    of.attempts,
    of.at,
    of.isDismissed,
  ],
  read: (path: string, fields: Fields): FailedFile => {
    const [sizeBytes, mtimeMs, kind, sentence, attempts, at, isDismissed] = fields;
    return { path, sizeBytes, mtimeMs, kind, sentence, attempts, at, isDismissed } as FailedFile;
  },
};

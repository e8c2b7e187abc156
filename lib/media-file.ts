import { basename, dirname, isAbsolute, resolve } from 'node:path';
import type { ArchivedCompanion, Companion, UploadedCompanion } from './companions/companion.js';
import { readCompanions, readUploadedCompanions } from './companions/read-companions.js';
import type { UploadWishes } from './organise/upload-wishes.js';
import { say } from './say.js';
import type { DryStep } from './upload/dry-step.js';

/** A file that lies in a watched folder. Sizes are bytes, times are milliseconds since 1970 or ISO 8601. */
export interface FoundFile {
  /** Absolute path. */
  readonly path: string;
  /** The watched folder in which it was found, absolute. */
  readonly folder: string;
  /** Where it lies below `folder`. */
  readonly relativePath: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly foundAt: string;
  /** How long size and mtime had stood still when it was passed on, in milliseconds; missing means not at all. */
  readonly unchangedMs?: number;
  /** Largest size that the watch lets through; a file may outgrow it while it is written. */
  readonly maxBytes?: number;
  /** Whether the watch follows links. Where it does not, none may lead to another file later on either. */
  readonly isFollowingLinks?: boolean;
}

/** A found file that is completely written: its size and mtime stood still for `quietMs`. */
export interface StableFile extends FoundFile {
  readonly stableAt: string;
  readonly quietMs: number;
  /** Whether a video must also be complete inside. */
  readonly hasVideoCheck: boolean;
  /** It is uploaded even if it was deleted in Immich, and its original stays where it is: an audit wants it back. */
  readonly staysInPlace?: boolean;
  /** Files of the same folder that belong to it and travel with it; missing means none. */
  readonly companions?: readonly Companion[];
  /** What its flow wants for it, in place of the settings; only while it is being uploaded. */
  readonly wishes?: UploadWishes | undefined;
}

/** A stable file that Immich holds: it named the asset and confirmed the same SHA-1. */
export interface UploadedFile extends StableFile {
  /** SHA-1 of the bytes that were proven, 40 lower-case hex digits. */
  readonly sha1: string;
  /** Change time of the inode when the bytes were hashed: shows a later change that kept size and mtime. */
  readonly ctimeMs: number;
  readonly assetId: string;
  readonly uploadOutcome: 'created' | 'duplicate';
  /** True only where the trash policy `accept` let it through. */
  readonly isTrashed: boolean;
  readonly uploadedAt: string;
  readonly companions?: readonly UploadedCompanion[];
  /** Of a sidecar that came after its photo: that photo, whose place in the archive it shares. */
  readonly sidecarOf?: Pick<FoundFile, 'path' | 'mtimeMs'>;
  /** In which library on which server, as `serverId` names it; missing where nobody remembers. */
  readonly serverId?: string;
  /** Address of the server that said so; missing where that is not known. */
  readonly server?: string;
  /** Every proof, where several servers or users were waited for. */
  readonly uploads?: readonly UploadProof[];
  /** True for what a dry run says: nothing was sent, and this is no proof. */
  readonly isDryRun?: boolean;
  /** What a dry run found that would be done with the file and its companions, in order. */
  readonly plan?: readonly DryStep[];
}

/** What one server said of a file. */
export interface UploadProof {
  readonly server: string | null;
  /** Its library, as `serverId` names it; missing where nobody remembers. */
  readonly serverId?: string;
  readonly assetId: string;
  readonly outcome: UploadedFile['uploadOutcome'];
  readonly isTrashed: boolean;
  readonly uploadedAt: string;
}

/** An uploaded file whose original was dealt with. */
export interface ArchivedFile extends UploadedFile {
  /** Where the original is now; null when it was deleted by choice. */
  readonly archivedTo: string | null;
  readonly archiveOutcome: 'moved' | 'already-archived' | 'kept' | 'deleted';
  readonly archivedAt: string;
  readonly companions?: readonly ArchivedCompanion[];
}

/** Thrown when a message does not carry the record that a node needs. The sentence says what to wire instead. */
export class RecordError extends TypeError {
  readonly code = 'wrong-message';
  override toString(): string {
    return this.message;
  }
}

type Fields = Record<string, unknown>;

/** A message may carry more than a record of its stage has. */
type StableFileFields = FoundFile & { readonly companions?: unknown };

/**
 * Reads a found file from a message. A plain absolute path (as core file nodes send it) is enough; what is
 * missing is filled with zeros, because stable-file looks at the file itself anyway.
 * @throws RecordError when there is no absolute path in it
 */
export function asFoundFile(payload: unknown, now = new Date()): FoundFile {
  const given: Fields = typeof payload === 'string' ? { path: payload } : isFields(payload) ? payload : {};
  const { path } = given;
  if (typeof path !== 'string' || path === '') {
    throw new RecordError(
      say`The message holds no file: msg.payload must be a file record with a "path", or the path itself.`,
    );
  }
  if (!isAbsolute(path)) {
    throw new RecordError(
      say`The path "${path}" is not absolute: it must start at the root, as in /photos/a.jpg.`,
    );
  }
  return {
    ...given,
    path: resolve(path),
    folder: textOr(given.folder, dirname(path)),
    relativePath: textOr(given.relativePath, basename(path)),
    sizeBytes: numberOr(given.sizeBytes, 0),
    mtimeMs: numberOr(given.mtimeMs, 0),
    foundAt: textOr(given.foundAt, now.toISOString()),
  };
}

/**
 * Reads a stable file from a message.
 * @throws RecordError when the file has not been through stable-file
 */
export function asStableFile(payload: unknown): StableFile {
  const fields = isFields(payload) ? payload : {};
  const { stableAt, quietMs, hasVideoCheck } = fields;
  if (typeof stableAt !== 'string') {
    throw new RecordError(say`The message holds no stable file: put a stable-file node before this one.`);
  }
  const companions = readCompanions(fields.companions);
  if (companions === undefined) {
    throw new RecordError(
      say`The companions in the message are no files: leave them as stable-file made them.`,
    );
  }
  const { companions: _, ...file }: StableFileFields = asFoundFile(payload);
  return {
    ...file,
    stableAt,
    quietMs: numberOr(quietMs, 0),
    hasVideoCheck: hasVideoCheck !== false,
    ...(companions.length > 0 && { companions }),
  };
}

/**
 * Reads an uploaded file from a message.
 * @throws RecordError when Immich has not confirmed it, so that nothing unproven is ever archived
 */
export function asUploadedFile(payload: unknown): UploadedFile {
  const fields = isFields(payload) ? payload : {};
  const { sha1, assetId, ctimeMs, uploadOutcome, uploadedAt } = fields;
  if (
    typeof sha1 !== 'string' ||
    !/^[0-9a-f]{40}$/.test(sha1) ||
    typeof assetId !== 'string' ||
    assetId === '' ||
    typeof ctimeMs !== 'number' ||
    (uploadOutcome !== 'created' && uploadOutcome !== 'duplicate') ||
    typeof uploadedAt !== 'string'
  ) {
    throw new RecordError(
      say`The message holds no file that Immich confirmed: put an immich-upload node before this one. Nothing was moved.`,
    );
  }
  const companions = readUploadedCompanions(fields.companions);
  if (companions === undefined) {
    throw new RecordError(
      say`The message holds companions that Immich did not confirm: leave them as immich-upload made them. Nothing was moved.`,
    );
  }
  const isTrashed = fields.isTrashed === true;
  const { companions: _, ...file } = asStableFile(payload);
  const group = companions.length > 0 && { companions };
  return { ...file, ...group, sha1, assetId, ctimeMs, uploadOutcome, isTrashed, uploadedAt };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

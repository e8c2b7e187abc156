import { randomUUID } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { isSidecar } from '../companions/media-kind.js';
import { type Fields, fieldsOf, numberOf, textOf } from '../fields.js';
import { printable } from '../printable.js';
import type { BatchSummary } from './batch-summary.js';
import { type PayloadOptions, toldName, toldPath, toldSentence } from './detail.js';

/** What an upload event can tell. Publisher and Home Assistant's discovery share this list. */
export const UPLOAD_EVENT_TYPES = ['uploaded', 'duplicate', 'archived', 'failed', 'batch_finished'] as const;

/** What an event of the archive can tell: the events of `archive-move` once more. */
export const ARCHIVE_EVENT_TYPES = ['archived', 'failed'] as const;

/** What happened to one file, as it goes over the wire. Every key is always there; null means unknown. */
export interface UploadEvent {
  /** Version of this schema. */
  readonly v: 1;
  readonly event_type: Exclude<(typeof UPLOAD_EVENT_TYPES)[number], 'batch_finished'>;
  /** Unique to the event, and the same when it is delivered twice. */
  readonly id: string;
  /** When it happened, ISO 8601 in UTC. */
  readonly ts: string;
  /** Base name of the file; null when names are not told, as in all that follows. */
  readonly file: string | null;
  /** Full path, only when paths are asked for. */
  readonly path: string | null;
  /** Name of the watched folder, without what leads to it. */
  readonly folder: string | null;
  readonly size_bytes: number | null;
  /** 40 lower-case hex digits. */
  readonly sha1: string | null;
  readonly asset_id: string | null;
  /** Base name of the original's new place; the full path only when paths are asked for. */
  readonly archived_to: string | null;
  /** The error's code, for machines. */
  readonly reason_code: string | null;
  /** The error's sentence, for people, with as much of names and paths as is told. */
  readonly error: string | null;
}

/** That a batch of files is through. */
export interface BatchEvent extends BatchSummary {
  readonly v: 1;
  readonly event_type: 'batch_finished';
  readonly id: string;
  readonly ts: string;
}

export interface EventOptions extends PayloadOptions {
  readonly newId?: () => string;
}

/** Nodes whose failure is news even when it is about no single file. */
const PIPELINE = new Set<unknown>(['folder-watch', 'stable-file', 'immich-upload', 'archive-move']);

/**
 * The event that a message of this pack, or of a Catch node, stands for; undefined for every other message.
 * It never throws, whatever is in the message.
 */
export function uploadEvent(msg: unknown, options: EventOptions = {}): UploadEvent | undefined {
  const { detail = 'names', now = () => new Date(), newId = randomUUID } = options;
  const { topic, payload, error, filename } = fieldsOf(msg);
  const record = typeof payload === 'string' ? { path: payload } : fieldsOf(payload);
  const failure = fieldsOf(error);
  const path = pathOf(record.path);
  const eventType = eventTypeOf(topic, record, failure);
  if (eventType === undefined) return undefined;
  const isFailed = eventType === 'failed';
  const archivedTo = eventType === 'archived' ? textOf(record.archivedTo) : null;
  const sentence = isFailed ? textOf(failure.message) : null;
  const files = spellings([path, record.archivedTo, record.relativePath, filename]);
  return {
    v: 1,
    event_type: eventType,
    id: newId(),
    ts: now().toISOString(),
    file: toldName(path, detail),
    path: toldPath(path, detail),
    folder: toldName(textOf(record.folder), detail),
    size_bytes: numberOf(record.sizeBytes),
    sha1: textOf(record.sha1),
    asset_id: textOf(record.assetId),
    archived_to: detail === 'paths' ? archivedTo : toldName(archivedTo, detail),
    reason_code: isFailed ? codeOf(failure.code) : null,
    error: sentence && toldSentence(sentence, detail, { files, folders: spellings([record.folder]) }),
  };
}

/** Names as they are, and as a sentence shows them. */
function spellings(names: readonly unknown[]): string[] {
  return names.flatMap((name) => (typeof name === 'string' ? [name, printable(name)] : []));
}

/** Whether an event came from `archive-move`, and so is one of the archive, too. */
export function isArchiveEvent({ event_type }: UploadEvent, msg: unknown): boolean {
  if (event_type === 'archived') return true;
  return event_type === 'failed' && fieldsOf(fieldsOf(fieldsOf(msg).error).source).type === 'archive-move';
}

/** The event that tells of a batch. */
export function batchEvent(summary: BatchSummary, options: EventOptions = {}): BatchEvent {
  const { now = () => new Date(), newId = randomUUID } = options;
  return { v: 1, event_type: 'batch_finished', id: newId(), ts: now().toISOString(), ...summary };
}

function eventTypeOf(topic: unknown, record: Fields, failure: Fields): UploadEvent['event_type'] | undefined {
  // A command that was refused has an answer of its own; the file that it names did not fail.
  if (typeof topic === 'string' && topic.startsWith('command/')) return undefined;
  const hasFile = pathOf(record.path) !== null;
  if (typeof failure.message === 'string') {
    return hasFile || PIPELINE.has(fieldsOf(failure.source).type) ? 'failed' : undefined;
  }
  // A sidecar that came late is part of its photo.
  if (!hasFile || isSidecar(pathOf(record.path) ?? '')) return undefined;
  if (topic === 'file/archived') return 'archived';
  if (topic !== 'file/uploaded') return undefined;
  if (record.uploadOutcome === 'created') return 'uploaded';
  return record.uploadOutcome === 'duplicate' ? 'duplicate' : undefined;
}

function pathOf(value: unknown): string | null {
  return typeof value === 'string' && isAbsolute(value) ? value : null;
}

function codeOf(code: unknown): string | null {
  const text = textOf(typeof code === 'number' ? String(code) : code);
  return text === null ? null : text.slice(0, 64);
}

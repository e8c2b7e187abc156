import { randomUUID } from 'node:crypto';
import { basename, dirname, isAbsolute, sep } from 'node:path';

/** What an upload event can tell. Publisher and Home Assistant's discovery share this list. */
export const UPLOAD_EVENT_TYPES = ['uploaded', 'duplicate', 'archived', 'failed'] as const;

/** What happened to one file, as it goes over the wire. Every key is always there; null means unknown. */
export interface UploadEvent {
  /** Version of this schema. */
  readonly v: 1;
  readonly event_type: (typeof UPLOAD_EVENT_TYPES)[number];
  /** Unique to the event, and the same when it is delivered twice. */
  readonly id: string;
  /** When it happened, ISO 8601 in UTC. */
  readonly ts: string;
  /** Base name of the file. */
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
  /** The error's sentence, for people, without folders unless paths are asked for. */
  readonly error: string | null;
}

export interface UploadEventOptions {
  /** True puts full paths into the event. */
  readonly hasPaths?: boolean;
  readonly now?: () => Date;
  readonly newId?: () => string;
}

type Fields = Record<string, unknown>;

/** Nodes whose failure is news even when it is about no single file. */
const PIPELINE = new Set<unknown>(['folder-watch', 'stable-file', 'immich-upload', 'archive-move']);

/** Keeps one event far below the packet size that any broker takes. */
const LONGEST_ERROR = 500;

/**
 * The event that a message of this pack, or of a Catch node, stands for; undefined for every other message.
 * It never throws, whatever is in the message.
 */
export function uploadEvent(msg: unknown, options: UploadEventOptions = {}): UploadEvent | undefined {
  const { hasPaths = false, now = () => new Date(), newId = randomUUID } = options;
  const { topic, payload, error, filename } = fieldsOf(msg);
  const record = typeof payload === 'string' ? { path: payload } : fieldsOf(payload);
  const failure = fieldsOf(error);
  const path = pathOf(record.path);
  const eventType = eventTypeOf(topic, record, failure);
  if (eventType === undefined) return undefined;
  const isFailed = eventType === 'failed';
  const archivedTo = eventType === 'archived' ? textOf(record.archivedTo) : null;
  const sentence = isFailed ? (textOf(failure.message)?.slice(0, 8 * LONGEST_ERROR) ?? null) : null;
  const folders = [path, record.archivedTo, record.relativePath, filename].map(folderOf);
  return {
    v: 1,
    event_type: eventType,
    id: newId(),
    ts: now().toISOString(),
    file: nameOf(path),
    path: hasPaths ? path : null,
    folder: nameOf(textOf(record.folder)),
    size_bytes: numberOf(record.sizeBytes),
    sha1: textOf(record.sha1),
    asset_id: textOf(record.assetId),
    archived_to: hasPaths ? archivedTo : nameOf(archivedTo),
    reason_code: isFailed ? codeOf(failure.code) : null,
    error:
      sentence &&
      shorten(
        hasPaths ? withoutLogin(sentence) : withoutFolders(sentence, [textOf(record.folder), ...folders]),
      ),
  };
}

function eventTypeOf(topic: unknown, record: Fields, failure: Fields): UploadEvent['event_type'] | undefined {
  const hasFile = pathOf(record.path) !== null;
  if (typeof failure.message === 'string') {
    return hasFile || PIPELINE.has(fieldsOf(failure.source).type) ? 'failed' : undefined;
  }
  if (!hasFile) return undefined;
  if (topic === 'file/archived') return 'archived';
  if (topic !== 'file/uploaded') return undefined;
  if (record.uploadOutcome === 'created') return 'uploaded';
  return record.uploadOutcome === 'duplicate' ? 'duplicate' : undefined;
}

/** Leaves of every path only its last part: folders that are known go first, because they may hold spaces. */
function withoutFolders(sentence: string, known: readonly (string | null)[]): string {
  const folders = known.flatMap((folder) => (folder !== null && /[^\\/.]/.test(folder) ? [folder] : []));
  let text = withoutLogin(sentence);
  for (const folder of folders.sort((a, b) => b.length - a.length)) text = text.replaceAll(folder + sep, sep);
  return text
    .replace(/(["'`])((?:[A-Za-z]:)?[\\/].*?)\1/g, (_, quote, path) => `${quote}${lastPart(path)}${quote}`)
    .replace(/(?<=^|[\s"'`(=>[])(?:[A-Za-z]:)?[\\/][^\s"'`)\]]*[^\s"'`)\].,:;]/g, lastPart);
}

/** Cuts a user and password out of any address in a sentence that another node wrote. */
function withoutLogin(sentence: string): string {
  return sentence.replace(/:\/\/[^/\s@]*@/g, '://');
}

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length <= LONGEST_ERROR ? text : `${letters.slice(0, LONGEST_ERROR - 1).join('')}…`;
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
}

function nameOf(path: string | null): string | null {
  return path === null ? null : textOf(basename(path));
}

function folderOf(path: unknown): string | null {
  return typeof path === 'string' ? dirname(path) : null;
}

function pathOf(value: unknown): string | null {
  return typeof value === 'string' && isAbsolute(value) ? value : null;
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function codeOf(code: unknown): string | null {
  const text = textOf(typeof code === 'number' ? String(code) : code);
  return text === null ? null : text.slice(0, 64);
}

import { randomUUID } from 'node:crypto';
import {
  type Fields,
  fieldsOf,
  flagOf,
  numberOf,
  numbersOf,
  recordOf,
  textOf,
  timeOf,
  webPageOf,
} from '../fields.js';
import { say } from '../say.js';
import { type Detail, type PayloadOptions, toldName, toldSentence } from './detail.js';
import type { EventOptions } from './upload-event.js';

/**
 * How an audit can end: `clean` when Immich has everything as it should be, `missing` when it no longer has something that
 * it had, `differs` when something else needs a look, `failed` when it could not be done. Publisher and Home Assistant's
 * discovery share this list.
 */
export const AUDIT_EVENT_TYPES = ['clean', 'missing', 'differs', 'failed'] as const;

type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

const COUNTS = {
  present: 'present',
  missing: 'missing',
  trashed: 'trashed',
  changed: 'changed',
  unknown: 'unknown',
  unreadable: 'unreadable',
  requeued: 'requeued',
} as const;

type Counts = Readonly<Record<keyof typeof COUNTS, number | null>>;

/** What the last audit came to, as it goes over the wire. It names no file, because it is retained. */
export interface AuditStatePayload extends Counts {
  readonly v: 1;
  readonly ts: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  /** Address of the server that was asked. */
  readonly server: string | null;
  /** False when there was no memory: then only what lies in the archive was asked about. */
  readonly has_memory: boolean | null;
}

/** That an audit has ended, as it goes over the wire. Every key is always there; null means unknown. */
export interface AuditEvent extends Counts {
  readonly v: 1;
  readonly event_type: AuditEventType;
  /** Unique to the event, and the same when it is delivered twice. */
  readonly id: string;
  readonly ts: string;
  /** The outcome in a sentence, or why there is none. */
  readonly message: string;
  /** Names of those that need a look, at most 20 of a kind; full paths only when paths are asked for, none when no names are. */
  readonly files: Readonly<Record<(typeof NAMED)[number], readonly string[]>>;
}

const NAMED = ['missing', 'trashed', 'changed', 'unknown'] as const;
const MOST_NAMED = 20;

/** What the payload of an `audit/report` message says; undefined for no such record. Never throws. */
export function auditStatePayload(
  record: unknown,
  { now = () => new Date() }: PayloadOptions = {},
): AuditStatePayload | undefined {
  const report = recordOf(record);
  if (report === undefined || numberOf(report.present) === null) return undefined;
  return {
    v: 1,
    ts: now().toISOString(),
    started_at: timeOf(report.startedAt),
    ended_at: timeOf(report.endedAt),
    server: webPageOf(report.server),
    ...numbersOf(report, COUNTS),
    has_memory: flagOf(report.hasMemory),
  };
}

/**
 * The event that an `audit/report` message stands for, or the error that came of one; undefined for every other message.
 * Never throws.
 */
export function auditEvent(msg: unknown, options: EventOptions = {}): AuditEvent | undefined {
  const { detail = 'names', now = () => new Date(), newId = randomUUID } = options;
  const { topic, payload, error } = fieldsOf(msg);
  if (topic !== 'audit/report') return undefined;
  const report = fieldsOf(payload);
  const counts = numbersOf(report, COUNTS);
  const reason = textOf(fieldsOf(error).message);
  if (counts.present === null && reason === null) return undefined;
  const eventType = reason === null ? typeOf(counts) : 'failed';
  return {
    v: 1,
    event_type: eventType,
    id: newId(),
    ts: now().toISOString(),
    message: reason === null ? outcome(eventType, counts) : toldSentence(reason, detail),
    ...counts,
    files: filesIn(report.files, detail),
  };
}

function typeOf({ missing, trashed, changed, unknown, unreadable }: Counts): AuditEventType {
  if ((missing ?? 0) > 0) return 'missing';
  const others = [trashed, changed, unknown, unreadable].some((count) => (count ?? 0) > 0);
  return others ? 'differs' : 'clean';
}

function outcome(type: AuditEventType, counts: Counts): string {
  const { present, missing, trashed, changed, unknown, unreadable } = counts;
  if (type === 'clean') return say`Immich has everything: ${present ?? 0} photos and videos.`;
  return say`In Immich: ${present ?? 0}; missing there: ${missing ?? 0}; in its trash: ${trashed ?? 0}; changed here: ${changed ?? 0}; never uploaded: ${unknown ?? 0}; unreadable: ${unreadable ?? 0}.`;
}

function filesIn(files: unknown, detail: Detail): AuditEvent['files'] {
  const byKind = fieldsOf(files);
  const named = (kind: string) => {
    const list: unknown = byKind[kind];
    const entries = Array.isArray(list)
      ? list.slice(0, MOST_NAMED).map((entry): Fields => fieldsOf(entry))
      : [];
    return entries.flatMap(({ path }) => {
      const text = textOf(path);
      return (detail === 'paths' ? text : toldName(text, detail)) ?? [];
    });
  };
  return {
    missing: named('missing'),
    trashed: named('trashed'),
    changed: named('changed'),
    unknown: named('unknown'),
  };
}

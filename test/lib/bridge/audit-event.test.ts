import { describe, expect, it } from 'vitest';
import { auditEvent, auditStatePayload } from '../../../lib/bridge/audit-event.js';
import { auditReport, noRecords } from './sample-records.js';

const ts = '2026-10-01T12:00:00.000Z';
const fixed = { now: () => new Date(ts), newId: () => 'id-1' };
const counts = {
  present: 48_211,
  missing: 30,
  trashed: 1,
  changed: 1,
  unknown: 1,
  unreadable: 2,
  requeued: 0,
};
const nothing = { missing: 0, trashed: 0, changed: 0, unknown: 0, unreadable: 0 };
const message = (payload: object) => ({ topic: 'audit/report', payload });

it('the state has every count and no name, because it stays at the broker', () => {
  const state = auditStatePayload({ ...auditReport, server: 'http://anna:s3cret@nas1.local:2283' }, fixed);
  expect(state).toStrictEqual({
    v: 1,
    ts,
    started_at: auditReport.startedAt,
    ended_at: auditReport.endedAt,
    server: 'http://nas1.local:2283',
    ...counts,
    has_memory: true,
  });
});

describe('the event', () => {
  it.each([
    ['none', 0, undefined],
    ['names', 20, 'missing-0.jpg'],
    ['paths', 20, '/home/anna/Archive/missing-0.jpg'],
  ] as const)('with detail "%s" names %i files at most', (detail, count, first) => {
    const event = auditEvent(message(auditReport), { ...fixed, detail });
    expect(event).toMatchObject({ v: 1, event_type: 'missing', id: 'id-1', ts, ...counts });
    expect(event?.files.missing).toHaveLength(count);
    expect(event?.files.missing[0]).toBe(first);
    expect(Object.values(event?.files ?? {}).flat()).toHaveLength(count === 0 ? 0 : count + 3);
    expect(event?.message).toBe(
      'In Immich: 48211; missing there: 30; in its trash: 1; changed here: 1; never uploaded: 1; unreadable: 2.',
    );
  });

  it.each([
    ['clean', {}],
    ['missing', { missing: 1, trashed: 1 }],
    ['differs', { trashed: 1 }],
    ['differs', { changed: 1 }],
    ['differs', { unknown: 1 }],
    ['differs', { unreadable: 1 }],
  ])('is "%s" for %j', (event_type, found) => {
    const report = { ...auditReport, ...nothing, ...found };
    expect(auditEvent(message(report))).toMatchObject({ event_type, message: expect.stringMatching(/\.$/) });
  });

  it('says why an audit could not be done, without paths', () => {
    const error = { message: 'Cannot read /home/anna/a.jpg: offline.', source: { type: 'immich-upload' } };
    const caught = { ...message({}), error };
    const event = auditEvent(caught, fixed);
    expect(event).toMatchObject({
      event_type: 'failed',
      message: 'Cannot read a.jpg: offline.',
      present: null,
    });
    expect(Object.keys(event ?? {})).toEqual(Object.keys(auditEvent(message(auditReport)) ?? {}));
  });

  it.each(noRecords)('is none for %s', (_, record) => {
    expect(auditEvent({ topic: 'audit/report', payload: record })).toBeUndefined();
    expect(auditEvent({ topic: 'upload/state', payload: auditReport })).toBeUndefined();
    expect(auditStatePayload(record)).toBeUndefined();
  });

  it('survives a report with lists of anything', () => {
    const files = { missing: 'a', trashed: [1, null, { path: 7 }, { path: '/x/y.jpg' }], changed: {} };
    expect(auditEvent(message({ present: 1, files }))?.files).toEqual({
      missing: [],
      trashed: ['y.jpg'],
      changed: [],
      unknown: [],
    });
  });
});

import { describe, expect, it } from 'vitest';
import { DETAILS } from '../../../lib/bridge/detail.js';
import {
  ARCHIVE_EVENT_TYPES,
  batchEvent,
  isArchiveEvent,
  UPLOAD_EVENT_TYPES,
  uploadEvent,
} from '../../../lib/bridge/upload-event.js';
import type { ArchivedFile, UploadedFile } from '../../../lib/media-file.js';

const uploaded: UploadedFile = {
  path: '/photos/my trip/a b.jpg',
  folder: '/photos',
  relativePath: 'my trip/a b.jpg',
  sizeBytes: 1234,
  mtimeMs: 1,
  foundAt: '2026-10-01T10:00:00.000Z',
  stableAt: '2026-10-01T10:00:05.000Z',
  quietMs: 5000,
  hasVideoCheck: true,
  sha1: '0123456789abcdef0123456789abcdef01234567',
  ctimeMs: 1,
  assetId: 'asset-1',
  uploadOutcome: 'created',
  isTrashed: false,
  uploadedAt: '2026-10-01T10:00:06.000Z',
};
const archived: ArchivedFile = {
  ...uploaded,
  companions: [],
  archivedTo: '/archive/2026/a b.jpg',
  archiveOutcome: 'moved',
  archivedAt: '2026-10-01T10:00:07.000Z',
};
const fixed = { now: () => new Date('2026-10-01T12:00:00Z'), newId: () => 'id-1' };
const plain = {
  v: 1,
  id: 'id-1',
  ts: '2026-10-01T12:00:00.000Z',
  file: 'a b.jpg',
  path: null,
  folder: 'photos',
  size_bytes: 1234,
  sha1: uploaded.sha1,
  asset_id: 'asset-1',
  archived_to: null,
  reason_code: null,
  error: null,
};
const caught = (message: string, payload: unknown = uploaded, code?: unknown) => ({
  topic: 'file/stable',
  filename: '/photos/my trip/a b.jpg',
  payload,
  error: { message, code, source: { id: 'n1', type: 'immich-upload', name: 'upload', count: 1 } },
});

describe('a message of the pack', () => {
  it.each([
    ['uploaded', { topic: 'file/uploaded', payload: uploaded }, {}],
    ['duplicate', { topic: 'file/uploaded', payload: { ...uploaded, uploadOutcome: 'duplicate' } }, {}],
    ['archived', { topic: 'file/archived', payload: archived }, { archived_to: 'a b.jpg' }],
    ['archived', { topic: 'file/archived', payload: { ...archived, archivedTo: null } }, {}],
  ])('becomes an event "%s" with every key', (event_type, msg, more) => {
    expect(uploadEvent(msg, fixed)).toStrictEqual({ ...plain, event_type, ...more });
  });

  it('has full paths only when they are asked for', () => {
    expect(
      uploadEvent({ topic: 'file/archived', payload: archived }, { ...fixed, detail: 'paths' }),
    ).toStrictEqual({
      ...plain,
      event_type: 'archived',
      path: '/photos/my trip/a b.jpg',
      archived_to: '/archive/2026/a b.jpg',
    });
  });

  it('names nothing when names are not told', () => {
    const event = uploadEvent({ topic: 'file/archived', payload: archived }, { ...fixed, detail: 'none' });
    expect(event).toStrictEqual({ ...plain, event_type: 'archived', file: null, folder: null });
    expect(JSON.stringify(event)).not.toMatch(/photos|trip|a b|archive\//);
  });

  it('has null for what it does not know', () => {
    const payload = { path: '/photos/a.jpg', uploadOutcome: 'created', sizeBytes: Number.NaN };
    expect(uploadEvent({ topic: 'file/uploaded', payload }, fixed)).toStrictEqual({
      ...plain,
      event_type: 'uploaded',
      file: 'a.jpg',
      folder: null,
      size_bytes: null,
      sha1: null,
      asset_id: null,
    });
  });

  it('gets an id of its own and the time of now', () => {
    const make = () => uploadEvent({ topic: 'file/uploaded', payload: uploaded });
    expect(make()?.id).not.toBe(make()?.id);
    expect(Math.abs(Date.parse(make()?.ts ?? '') - Date.now())).toBeLessThan(10_000);
  });
});

describe('a caught error', () => {
  it('becomes an event "failed" with its sentence and its code', () => {
    expect(uploadEvent(caught('Immich refuses this type.', uploaded, 'unsupported'), fixed)).toStrictEqual({
      ...plain,
      event_type: 'failed',
      reason_code: 'unsupported',
      error: 'Immich refuses this type.',
    });
  });

  it('is a failure even when the message says that the file was uploaded', () => {
    expect(uploadEvent({ ...caught('The archive is full.'), topic: 'file/uploaded' })?.event_type).toBe(
      'failed',
    );
  });

  it.each([
    ['The file /photos/my trip/a b.jpg is gone.', 'The file a b.jpg is gone.'],
    ["ENOENT: no such file, open '/photos/my trip/a b.jpg'", "ENOENT: no such file, open 'a b.jpg'"],
    ['"/photos/my trip/a b.jpg.xmp" cannot be read', '"a b.jpg.xmp" cannot be read'],
    ['The file my trip/a b.jpg is empty.', 'The file a b.jpg is empty.'],
    ['EXDEV: rename "/photos/x y/a.jpg" -> "/the archive/a.jpg"', 'EXDEV: rename "a.jpg" -> "a.jpg"'],
    ['No space in /archive/2026.', 'No space in 2026.'],
    ['The folder /photos (9 files): bad', 'The folder photos (9 files): bad'],
    ['C:\\Users\\anna\\a.jpg is locked', 'a.jpg is locked'],
    [
      'http://immich:2283/api answered 500, 3 MB/s and/or',
      'http://immich:2283/api answered 500, 3 MB/s and/or',
    ],
  ])('tells no folder: %s', (message, error) => {
    expect(uploadEvent(caught(message))?.error).toBe(error);
  });

  it('keeps the paths when they are asked for', () => {
    const message = 'The file /photos/my trip/a b.jpg is gone.';
    expect(uploadEvent(caught(message), { detail: 'paths' })?.error).toBe(message);
  });

  it.each(DETAILS)('tells no login of an address (detail: %s)', (detail) => {
    const message = 'connect http://anna:s3cret@immich:2283 failed';
    expect(uploadEvent(caught(message), { detail })?.error).toBe('connect http://immich:2283 failed');
  });

  it('is cut when it is endless', () => {
    const error = uploadEvent(caught(`Bad: ${'😀'.repeat(100_000)}`))?.error ?? '';
    expect(Array.from(error).length).toBe(500);
    expect(error.endsWith('😀…')).toBe(true);
  });

  it.each([
    ['ENOSPC', 'ENOSPC'],
    [413, '413'],
    [undefined, null],
    [{}, null],
    ['x'.repeat(1000), 'x'.repeat(64)],
  ])('has the code %j as %j', (code, expected) => {
    expect(uploadEvent(caught('x', uploaded, code))?.reason_code).toBe(expected);
  });

  it('may carry only the path', () => {
    expect(uploadEvent(caught('x', '/photos/a.jpg'))).toMatchObject({ event_type: 'failed', file: 'a.jpg' });
  });

  it('is no failed file when it refuses a command that names one', () => {
    const refused = caught('No failed file lies at "/photos/a.jpg".', { path: '/photos/a.jpg' });
    expect(uploadEvent({ ...refused, topic: 'command/dismiss' })).toBeUndefined();
  });

  it('of the pipeline is news without a file, of any other node it is not', () => {
    const msg = caught('The folder cannot be read.', undefined);
    expect(uploadEvent({ ...msg, payload: 7 })).toMatchObject({ event_type: 'failed', file: null });
    const foreign = { message: 'x', source: { type: 'http request' } };
    expect(uploadEvent({ ...msg, payload: 7, error: foreign })).toBeUndefined();
  });
});

it.each([
  ['nothing', undefined],
  ['null', null],
  ['a word', 'hello'],
  ['an empty message', {}],
  ['a found file', { topic: 'file/found', payload: uploaded }],
  ['a stable file', { topic: 'file/stable', payload: uploaded }],
  ['a state', { topic: 'upload/state', payload: { state: 'idle' } }],
  ['an unknown outcome', { topic: 'file/uploaded', payload: { ...uploaded, uploadOutcome: 'eaten' } }],
  ['a record without a path', { topic: 'file/archived', payload: { archivedTo: '/a' } }],
  ['a relative path', { topic: 'file/archived', payload: { path: 'a.jpg' } }],
  ['an error that is a number', { payload: uploaded, error: 5 }],
  ['an error without a sentence', { payload: uploaded, error: { source: null } }],
  ['bytes', { topic: 'file/uploaded', payload: Buffer.alloc(1_000_000) }],
  ['a list', { topic: ['file/uploaded'], payload: [uploaded] }],
])('ignores %s', (_, msg) => {
  expect(uploadEvent(msg)).toBeUndefined();
});

describe('a caught error when names are not told', () => {
  const archiveFailure =
    '"/photos/my trip/a b.jpg" stays where it is: its place in the archive, "2026/a b.jpg", would lie outside of the archive folder "/archive". Check the template.';

  it.each([
    ['The file /photos/my trip/a b.jpg is gone.', 'The file … is gone.'],
    [
      archiveFailure,
      '"…" stays where it is: its place in the archive, "…", would lie outside of the archive folder "…". Check the template.',
    ],
    [
      'No permission to move "a b.jpg" from "/photos/my trip" to "/archive", so it stays.',
      'No permission to move "…" from "…" to "…", so it stays.',
    ],
  ])('has gaps: %s', (message, error) => {
    expect(uploadEvent(caught(message), { detail: 'none' })?.error).toBe(error);
  });

  it('has its code, which is no name', () => {
    expect(uploadEvent(caught('x', uploaded, 'full'), { detail: 'none' })?.reason_code).toBe('full');
  });
});

describe('an event of the archive', () => {
  const from = (type: string) => {
    const msg = { payload: uploaded, error: { message: 'x', source: { type } } };
    const event = uploadEvent(msg);
    return event === undefined ? undefined : isArchiveEvent(event, msg);
  };

  it('is what archive-move did, and what it could not do', () => {
    const msg = { topic: 'file/archived', payload: archived };
    expect(isArchiveEvent(uploadEvent(msg)!, msg)).toBe(true);
    expect(from('archive-move')).toBe(true);
  });

  it('is no upload, and no failure of another node', () => {
    const msg = { topic: 'file/uploaded', payload: uploaded };
    expect(isArchiveEvent(uploadEvent(msg)!, msg)).toBe(false);
    expect(from('immich-upload')).toBe(false);
  });

  it('has a type that the list of all upload events has, too', () => {
    expect(UPLOAD_EVENT_TYPES).toEqual(expect.arrayContaining([...ARCHIVE_EVENT_TYPES]));
  });
});

it('a batch is told with what came of it', () => {
  const summary = { files: 3, bytes: 300, duplicates: 1, failed: 0, seconds: 2.5 };
  expect(batchEvent(summary, fixed)).toStrictEqual({
    v: 1,
    event_type: 'batch_finished',
    id: 'id-1',
    ts: '2026-10-01T12:00:00.000Z',
    ...summary,
  });
});

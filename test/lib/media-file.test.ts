import { expect, it } from 'vitest';
import { asFoundFile, asStableFile, asUploadedFile } from '../../lib/media-file.js';

const uploaded = {
  path: '/photos/a.jpg',
  folder: '/photos',
  relativePath: 'a.jpg',
  sizeBytes: 3,
  mtimeMs: 1,
  foundAt: '2026-01-01T00:00:00.000Z',
  stableAt: '2026-01-01T00:00:05.000Z',
  quietMs: 5_000,
  hasVideoCheck: true,
  sha1: 'a'.repeat(40),
  ctimeMs: 1,
  assetId: 'id',
  uploadOutcome: 'created',
  isTrashed: false,
  uploadedAt: '2026-01-01T00:00:06.000Z',
};

it('takes a plain path, as core file nodes send it', () => {
  expect(asFoundFile('/photos/trip/a.jpg')).toMatchObject({
    path: '/photos/trip/a.jpg',
    folder: '/photos/trip',
    relativePath: 'a.jpg',
  });
});

it('keeps what a Function node added to a record', () => {
  expect(asUploadedFile({ ...uploaded, album: 'Summer' })).toEqual({ ...uploaded, album: 'Summer' });
});

it.each([[undefined], [null], [7], [''], [{}], [{ path: 7 }], [['/photos/a.jpg']]])(
  'refuses %j as a file',
  (payload) => {
    expect(() => asFoundFile(payload)).toThrow('holds no file');
  },
);

it('refuses a path that is not absolute', () => {
  expect(() => asFoundFile('photos/a.jpg')).toThrow('not absolute');
});

it('refuses a file that has not been through stable-file', () => {
  expect(() => asStableFile('/photos/a.jpg')).toThrow('put a stable-file node before this one');
});

it.each([
  ['sha1', 'not a checksum'],
  ['sha1', undefined],
  ['assetId', ''],
  ['ctimeMs', '1'],
  ['uploadOutcome', 'failed'],
  ['uploadedAt', undefined],
])('refuses an uploaded file whose %s is %j', (field, value) => {
  expect(() => asUploadedFile({ ...uploaded, [field]: value })).toThrow('Nothing was moved');
});

import { expect, it } from 'vitest';
import type { UploadedFile } from '../../../lib/media-file.js';
import { countsOn, noCounts, withFailed, withUploaded } from '../../../lib/upload/upload-counts.js';

const MONDAY = '2026-11-23';

const uploaded = (name: string, uploadOutcome: UploadedFile['uploadOutcome'] = 'created') =>
  ({
    path: `/photos/${name}`,
    sizeBytes: 100,
    uploadOutcome,
    uploadedAt: '2026-11-23T10:00:00.000Z',
  }) as UploadedFile;

const files = [uploaded('a.jpg'), uploaded('b.jpg'), uploaded('known.jpg', 'duplicate')];
const busy = withFailed(files.reduce(withUploaded, noCounts(MONDAY)));

it('counts what arrived and what failed, and what was there before as nothing but a duplicate', () => {
  expect(busy).toEqual({
    totals: { files: 2, bytes: 200, duplicates: 1 },
    today: { uploaded: 2, failed: 1, day: MONDAY, clockDay: MONDAY },
    lastUploadAt: '2026-11-23T10:00:00.000Z',
    lastFile: 'b.jpg',
  });
});

it('is the very same on the same day', () => expect(countsOn(MONDAY, busy)).toBe(busy));

/** What is left of today's counts after the clock showed these days, one after the other. */
it.each([
  ['a new day begins at nothing', ['2026-11-24'], 0],
  ['so does one much later', ['2027-01-01'], 0],
  ['a clock that is set back begins none', ['2026-11-22'], 2],
  ['also not when it is put right', ['1970-01-01', MONDAY], 2],
  ['but the next midnight of the wrong clock does', ['2026-11-20', '2026-11-21'], 0],
  ['and so does the right day after a wrong one', ['1970-01-01', '2026-11-24'], 0],
])('%s: %j', (_, days, left) => {
  const counts = days.reduce((before, day) => countsOn(day, before), busy);
  expect(counts.today.uploaded).toBe(left);
  expect(counts).toMatchObject({ totals: busy.totals, lastFile: 'b.jpg' });
});

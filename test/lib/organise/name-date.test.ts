import { expect, it } from 'vitest';
import { nameDate } from '../../../lib/organise/name-date.js';

const BERLIN = 'Europe/Berlin';
const options = { mtimeMs: Date.parse('2024-06-01T10:00:00Z'), now: Date.parse('2026-01-01T00:00:00Z') };

it.each([
  ['IMG_20230102_030405.jpg', '2023-01-02T02:04:05Z'],
  ['IMG_20230702_030405.jpg', '2023-07-02T01:04:05Z'],
  ['VID_20230102_030405.mp4', '2023-01-02T02:04:05Z'],
  ['20230102_030405.heic', '2023-01-02T02:04:05Z'],
  ['20230102030405.jpg', '2023-01-02T02:04:05Z'],
  ['IMG_20230102_030405123.jpg', '2023-01-02T02:04:05Z'],
  ['IMG_20230102_030405_1.jpg', '2023-01-02T02:04:05Z'],
  ['PXL_20230102_030405123.jpg', '2023-01-02T03:04:05Z'],
  ['PXL_20230102_030405123.MP.jpg', '2023-01-02T03:04:05Z'],
  ['2023-01-02 03.04.05.jpg', '2023-01-02T02:04:05Z'],
  ['2023-01-02 03.04.05-2.jpg', '2023-01-02T02:04:05Z'],
  ['2023-01-02_03-04-05.jpg', '2023-01-02T02:04:05Z'],
  ['photo_2023-01-02_03-04-05.jpg', '2023-01-02T02:04:05Z'],
  ['signal-2023-01-02-030405.jpg', '2023-01-02T02:04:05Z'],
  ['signal-2023-01-02-03-04-05-678.jpg', '2023-01-02T02:04:05Z'],
  ['Screenshot_2023-01-02-03-04-05-678_com.app.png', '2023-01-02T02:04:05Z'],
  ['Screenshot_20230102-030405.png', '2023-01-02T02:04:05Z'],
  ['Screenshot_20230102-030405_Chrome.png', '2023-01-02T02:04:05Z'],
  ['Screenshot 2023-01-02 at 03.04.05.png', '2023-01-02T02:04:05Z'],
  ['Screen Shot 2023-01-02 at 3.04.05 PM.png', '2023-01-02T14:04:05Z'],
  ['Screen Shot 2023-01-02 at 12.04.05 AM.png', '2023-01-01T23:04:05Z'],
  ['WhatsApp Image 2023-01-02 at 03.04.05.jpeg', '2023-01-02T02:04:05Z'],
  ['IMG-20230102-WA0001.jpg', '2023-01-02T11:00:00Z'],
  ['VID-20230102-WA0012.mp4', '2023-01-02T11:00:00Z'],
  ['2023-01-02.jpg', '2023-01-02T11:00:00Z'],
  ['Holiday 2023_01_02 beach.jpg', '2023-01-02T11:00:00Z'],
  ['12 2023-01-02 03.04.05.jpg', '2023-01-02T02:04:05Z'],
  ['IMG-20240229-WA0001.jpg', '2024-02-29T11:00:00Z'],
])('%s was taken at %s', (name, taken) => {
  const ms = nameDate(`/in/2001-01-01 00.00.00/${name}`, { ...options, timeZone: BERLIN });
  expect(ms === undefined ? undefined : new Date(ms).toISOString()).toBe(new Date(taken).toISOString());
});

it.each([
  ['no date', 'DSC_0042.jpg'],
  ['no such month', 'IMG_20231302_030405.jpg'],
  ['no such day', 'IMG_20230230_030405.jpg'],
  ['no leap year', 'IMG-20230229-WA0001.jpg'],
  ['no such hour', 'IMG_20230102_250405.jpg'],
  ['a day that has not come', 'IMG_20270102_030405.jpg'],
  ['a year before digital photos', 'IMG_18990102_030405.jpg'],
  ['a number of eight digits', '20230102.jpg'],
  ['a date within a longer number', '1202301020304050.jpg'],
  ['milliseconds since 1970', 'FB_IMG_1672628645123.jpg'],
])('%s: %s says nothing', (_what, name) => {
  expect(nameDate(`/in/${name}`, { ...options, timeZone: BERLIN })).toBeUndefined();
});

it('takes the time of day from the file where the name has its day alone', () => {
  const mtimeMs = Date.parse('2023-01-02T21:15:00Z');
  expect(nameDate('/in/IMG-20230102-WA0001.jpg', { ...options, mtimeMs, timeZone: BERLIN })).toBe(mtimeMs);
});

it.each([
  ['Asia/Tokyo', '2023-01-01T18:04:05.000Z'],
  ['America/New_York', '2023-01-02T08:04:05.000Z'],
  ['UTC', '2023-01-02T03:04:05.000Z'],
])('reads a name by the clocks of %s', (timeZone, taken) => {
  const ms = nameDate('/in/IMG_20230102_030405.jpg', { ...options, timeZone }) ?? 0;
  expect(new Date(ms).toISOString()).toBe(taken);
});

it('reads a long name of nothing but digits at once', () => {
  const began = performance.now();
  nameDate(`/in/${'2023-01-02 '.repeat(20)}${'1'.repeat(200)}.jpg`, { ...options, timeZone: BERLIN });
  expect(performance.now() - began).toBeLessThan(50);
});

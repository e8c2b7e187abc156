import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { readWishes, WishError } from '../../../lib/organise/upload-wishes.js';

const BERLIN = 'Europe/Berlin';

it.each<[string, unknown, unknown]>([
  ['nothing', undefined, undefined],
  ['nothing at all', null, undefined],
  ['an empty object', {}, {}],
  ['one album', { albums: 'A' }, { albums: ['A'] }],
  ['albums', { albums: ['A', ' B, C '] }, { albums: ['A', 'B, C'] }],
  ['no album', { albums: [] }, { albums: [] }],
  ['tags', { tags: ['a/b'] }, { tags: ['a/b'] }],
  ['a favourite', { favorite: true }, { isFavorite: true }],
  ['a place', { visibility: 'archive' }, { visibility: 'archive' }],
  ['words and stars', { description: 'x', rating: 5 }, { description: 'x', rating: 5 }],
  ['coordinates', { latitude: -1.5, longitude: 180 }, { latitude: -1.5, longitude: 180 }],
  ['a moment', { takenAt: '2023-01-02T03:04:05Z' }, { takenAtMs: Date.parse('2023-01-02T03:04:05Z') }],
  ['an offset', { takenAt: '2023-01-02T03:04:05+09:00' }, { takenAtMs: Date.parse('2023-01-01T18:04:05Z') }],
  ['a local time', { takenAt: '2023-01-02 03:04:05' }, { takenAtMs: Date.parse('2023-01-02T02:04:05Z') }],
  ['a day', { takenAt: '2023-01-02' }, { takenAtMs: Date.parse('2023-01-02T11:00:00Z') }],
  [
    'a time of a zone',
    { takenAt: '2023-01-02 03:04', timeZone: 'Asia/Tokyo' },
    { takenAtMs: Date.parse('2023-01-01T18:04:00Z') },
  ],
  ['milliseconds', { takenAt: 1_000 }, { takenAtMs: 1_000 }],
  ['a date of a Function node', { takenAt: runInNewContext('new Date(1000)') }, { takenAtMs: 1_000 }],
  ['a list of a Function node', runInNewContext('({ tags: ["a"] })'), { tags: ['a'] }],
])('reads %s', (_what, given, wishes) => {
  expect(readWishes(given, BERLIN)).toEqual(wishes);
});

it.each<[unknown, string]>([
  ['album', 'msg.upload: "album" does not work here. Give an object with albums, tags'],
  [{ album: 'A' }, 'msg.upload.album is not known. There are albums, tags'],
  [
    { albums: 7 },
    'msg.upload.albums: a value of type number does not work here. Give a name or a list of names.',
  ],
  [{ albums: ['A', ' '] }, 'msg.upload.albums'],
  [{ tags: [1] }, 'msg.upload.tags'],
  [{ favorite: 'yes' }, 'msg.upload.favorite: "yes" does not work here. Give true or false.'],
  [{ visibility: 'hidden' }, 'msg.upload.visibility: "hidden"'],
  [{ takenAt: 'yesterday' }, 'msg.upload.takenAt: "yesterday"'],
  [{ takenAt: '2023-02-30' }, 'msg.upload.takenAt: "2023-02-30"'],
  [{ takenAt: new Date(Number.NaN) }, 'msg.upload.takenAt'],
  [{ takenAt: Number.POSITIVE_INFINITY }, 'msg.upload.takenAt'],
  [{ timeZone: 'Berlin' }, 'msg.upload.timeZone: "Berlin"'],
  [{ rating: 6 }, 'msg.upload.rating'],
  [{ rating: 1.5 }, 'msg.upload.rating'],
  [{ latitude: 91, longitude: 0 }, 'msg.upload.latitude'],
  [{ latitude: 1 }, 'msg.upload needs latitude and longitude'],
  [{ visibility: 'locked', description: 'x' }, 'msg.upload: Immich lets nobody describe'],
])('refuses %j in words', (given, sentence) => {
  const read = () => readWishes(given, BERLIN);
  expect(read).toThrow(WishError);
  expect(read).toThrow(sentence);
  expect(read).toThrow('The file stays where it is.');
});

import { describe, expect, it } from 'vitest';
import { DETAILS, toldName, toldPath, toldSentence } from '../../../lib/bridge/detail.js';

it.each([
  ['none', null, null],
  ['names', 'b.jpg', null],
  ['paths', 'b.jpg', '/a/b.jpg'],
] as const)('"%s" tells of /a/b.jpg the name %j and the path %j', (detail, name, path) => {
  expect(toldName('/a/b.jpg', detail)).toBe(name);
  expect(toldPath('/a/b.jpg', detail)).toBe(path);
});

it.each(DETAILS)('"%s" tells nothing of a path that is not known, and no name of the root', (detail) => {
  expect(toldName(null, detail)).toBeNull();
  expect(toldName('/', detail)).toBeNull();
  expect(toldPath(null, detail)).toBeNull();
});

describe('a sentence without names', () => {
  it.each([
    ['"/photos/a.jpg" is empty (0 bytes).', '"…" is empty (0 bytes).'],
    ['"Anna\'s trip.jpg" changed.', '"…" changed.'],
    ["ENOENT: no such file, open '/photos/Anna's/a.jpg'", "ENOENT: no such file, open '…'"],
    ["The server's answer didn't name the file.", "The server's answer didn't name the file."],
    ['The folder `Holiday` and “Feier” and «Fête» and ‘Party’', 'The folder `…` and “…” and «…» and ‘…’'],
    ['Quote that never ends: "my diary', 'Quote that never ends: "…'],
    ['Moved IMG_1.HEIC, IMG_1.xmp and clip.mp4.', 'Moved …, … and ….'],
    ['rename /a/b c/d.jpg -> /e/f', 'rename … -> …'],
    ['No space in /archive/2026.', 'No space in ….'],
    ['C:\\Users\\anna\\a.jpg is locked', '… is locked'],
    ['file:///photos/x.txt', '…'],
    ['http://nas1:2283/api answered 500 at 3 MB/s', 'http://nas1:2283/api answered 500 at 3 MB/s'],
    ['http://nas1/photos/a.jpg answered 404', '… answered 404'],
    ['immich.local, version 1.135.3', 'immich.local, version 1.135.3'],
    ['The API key lacks the permission "asset.upload".', 'The API key lacks the permission "asset.upload".'],
    [
      'Immich is full (quota 50 GB reached); 12 files wait.',
      'Immich is full (quota 50 GB reached); 12 files wait.',
    ],
  ])('%s', (sentence, told) => {
    expect(toldSentence(sentence, 'none')).toBe(told);
  });

  it.each([
    ['The file /photos/my trip/a b.jpg is gone.', 'The file … is gone.'],
    ['my trip/a b.jpg, and A B.JPG, too', '…, and …, too'],
    ['The folder /photos (9 files): bad', 'The folder … (9 files): bad'],
    ['my trip holds nothing', '… holds nothing'],
    ['atrip and photosynthesis stay', 'atrip and photosynthesis stay'],
  ])('that are known, with spaces: %s', (sentence, told) => {
    const known = { files: ['/photos/my trip/a b.jpg', 'my trip/a b.jpg', null], folders: ['/photos'] };
    expect(toldSentence(sentence, 'none', known)).toBe(told);
  });

  it('is not confused by a name that looks like a pattern', () => {
    expect(toldSentence('The file (a+)+$ [x].jpg is gone', 'none', { files: ['/p/(a+)+$ [x].jpg'] })).toBe(
      'The file … is gone',
    );
  });
});

it.each(DETAILS)('with "%s" an endless sentence is cut at once', (detail) => {
  for (const endless of [
    'a/'.repeat(200_000),
    '"'.repeat(200_000),
    `${'x '.repeat(100_000)}.jpg`,
    "'a ".repeat(100_000),
  ]) {
    const before = performance.now();
    expect(Array.from(toldSentence(endless, detail)).length).toBeLessThanOrEqual(500);
    expect(performance.now() - before).toBeLessThan(15_000);
  }
});

import { describe, expect, it } from 'vitest';
import { compileIgnoreRules, defaultIgnorePatterns } from '../../../lib/watch/ignore-rules.js';

const isLitter = compileIgnoreRules(defaultIgnorePatterns);

describe('files that are ignored by default', () => {
  it.each([
    ['.hidden.jpg'],
    ['2024/.hidden.jpg'],
    ['._IMG_1.jpg'],
    ['.DS_Store'],
    ['.IMG_1.jpg.Xa81bQ'],
    ['.syncthing.IMG_1.jpg.tmp'],
    ['~syncthing~IMG_1.jpg.tmp'],
    ['a/b/movie.mp4.part'],
    ['movie.mp4.crdownload'],
    ['Unconfirmed 1.CRDOWNLOAD'],
    ['movie.mp4.download'],
    ['movie.mp4.filepart'],
    ['x.tmp'],
    ['IMG_1.jpg~'],
    ['SYNOFILE_THUMB_M.jpg'],
    ['SYNOPHOTO_THUMB_XL.jpg'],
    ['Thumbs.db'],
    ['desktop.ini'],
  ])('%s', (path) => expect(isLitter(path, false)).toBe(true));
});

describe('folders that are ignored by default', () => {
  it.each([
    ['@eaDir'],
    ['2024/@eaDir'],
    ['@__thumb'],
    ['.@__thumb'],
    ['#recycle'],
    ['#Recycle'],
    ['@Recycle'],
    ['.stversions'],
    ['.stfolder'],
    ['.thumbnails'],
    ['DCIM/thumbnails'],
    ['M4ROOT/THMBNL'],
    ['Catalog Previews.lrdata'],
    ['.Spotlight-V100'],
    ['.Trash-1000'],
    ['$RECYCLE.BIN'],
    ['System Volume Information'],
    ['__MACOSX'],
    ['lost+found'],
  ])('%s', (path) => expect(isLitter(path, true)).toBe(true));
});

describe('nothing else is ignored by default', () => {
  it.each([
    ['IMG_1.jpg', false],
    ['2024/a b/100% "me".jpg', false],
    ['thumbnails.jpg', false],
    ['my.part.jpg', false],
    ['a~b.jpg', false],
    ['holiday.sync-conflict-20240101-120000-ABCDEFG.jpg', false],
    ['DCIM', true],
    ['#1 Berlin', true],
    ['@home', true],
    ['temp', true],
  ])('%s', (path, isFolder) => expect(isLitter(path, isFolder)).toBe(false));
});

describe('patterns of a person', () => {
  it.each([
    ['*_edited.jpg', 'a/b/IMG_EDITED.JPG', false, true],
    ['*_edited.jpg', 'a/b/IMG_edited.jpg.png', false, false],
    ['IMG_????.jpg', 'IMG_0001.jpg', false, true],
    ['IMG_????.jpg', 'IMG_00001.jpg', false, false],
    ['Drafts/', 'x/drafts', true, true],
    ['Drafts/', 'x/drafts', false, false],
    ['Drafts', 'x/drafts', false, true],
    ['raw/*.jpg', 'raw/a.jpg', false, true],
    ['raw/*.jpg', 'raw/b/a.jpg', false, false],
    ['raw/*.jpg', 'x/raw/a.jpg', false, false],
    ['/raw', 'raw', true, true],
    ['/raw', 'x/raw', true, false],
    ['**/raw/*.jpg', 'x/y/raw/a.jpg', false, true],
    ['**/raw/*.jpg', 'raw/a.jpg', false, true],
    ['raw/**', 'raw/x/y.jpg', false, true],
    ['raw/**/a.jpg', 'raw/a.jpg', false, true],
    ['a*b*c', 'aXbYbZc', false, true],
    ['a*b*c', 'aXbYbZ', false, false],
    ['*', 'anything', false, true],
    ['[a].jpg', '[a].jpg', false, true],
    ['[a].jpg', 'a.jpg', false, false],
    ['a.jpg', 'aXjpg', false, false],
    ['/', 'a', true, false],
  ])('%s on %s (folder: %s) gives %s', (pattern, path, isFolder, isIgnored) => {
    expect(compileIgnoreRules([pattern])(path, isFolder)).toBe(isIgnored);
  });

  it('never hang, however many stars they have', () => {
    const isIgnored = compileIgnoreRules([`${'*a'.repeat(60)}b*c`, `${'**/a*/'.repeat(30)}b`]);
    const startedAt = performance.now();
    expect(isIgnored(`${'a'.repeat(255)}/`.repeat(15) + 'a'.repeat(255), false)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('are none when there are none', () => {
    expect(compileIgnoreRules([])('.hidden', false)).toBe(false);
  });
});

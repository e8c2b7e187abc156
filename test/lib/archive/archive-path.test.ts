import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  archivePath,
  isBelow,
  numberedPath,
  parseArchiveFolder,
  parseTemplate,
} from '../../../lib/archive/archive-path.js';

const archiveFolder = '/archive';
const mtimeMs = new Date(2024, 1, 3, 23, 30).getTime();

function fileAt(relativePath: string, more: { folder?: string; mtimeMs?: number } = {}) {
  const folder = more.folder ?? '/photos/phone';
  return { path: join(folder, relativePath), folder, relativePath, mtimeMs: more.mtimeMs ?? mtimeMs };
}

describe('archivePath', () => {
  it.each([
    ['', 'IMG_1.jpg', '/archive/IMG_1.jpg'],
    ['', 'trip/day 1/IMG_1.jpg', '/archive/trip/day 1/IMG_1.jpg'],
    ['{yyyy}/{MM}', 'trip/IMG_1.jpg', '/archive/2024/02/IMG_1.jpg'],
    ['{yyyy}/{MM}/', 'trip/IMG_1.jpg', '/archive/2024/02/IMG_1.jpg'],
    ['{yyyy}/{MM}/{dd}', 'IMG_1.jpg', '/archive/2024/02/03/IMG_1.jpg'],
    ['{yyyy}-{MM}', 'IMG_1.jpg', '/archive/2024-02/IMG_1.jpg'],
    ['{folder}/{path}', 'trip/day/IMG_1.jpg', '/archive/phone/trip/day/IMG_1.jpg'],
    ['{folder}/{path}', 'IMG_1.jpg', '/archive/phone/IMG_1.jpg'],
    ['{path}/{yyyy}', 'IMG_1.jpg', '/archive/2024/IMG_1.jpg'],
    ['{yyyy}/{name}', 'IMG_1.jpg', '/archive/2024/IMG_1.jpg'],
    ['{yyyy}/{dd}_{name}.{ext}', 'IMG_1.JPG', '/archive/2024/03_IMG_1.JPG'],
    ['{yyyy}/{name}.{ext}', 'no extension', '/archive/2024/no extension'],
    ['{ext}', 'IMG_1.jpg', '/archive/jpg/IMG_1.jpg'],
    ['{ext}/{name}', 'IMG_1.jpg', '/archive/jpg/IMG_1.jpg'],
    ['{name}/original', 'IMG_1.jpg', '/archive/IMG_1/original/IMG_1.jpg'],
    ['sorted', 'IMG_1.tar.gz', '/archive/sorted/IMG_1.tar.gz'],
    ['{yyyy}', '{MM} $& 😀 "a".jpg', '/archive/2024/{MM} $& 😀 "a".jpg'],
    ['{name}-x', '{MM}$&.jpg', '/archive/{MM}$&-x.jpg'],
    ['', '..hidden..jpg', '/archive/..hidden..jpg'],
  ])('template "%s" puts %s at %s', (template, relativePath, expected) => {
    expect(archivePath({ archiveFolder, template, file: fileAt(relativePath) })).toBe(expected);
  });

  it('takes the date of now for a file whose mtime is not known', () => {
    const file = fileAt('a.jpg', { mtimeMs: 0 });
    const now = new Date(2031, 11, 31);
    expect(archivePath({ archiveFolder, template: '{yyyy}/{MM}/{dd}', file, now })).toBe(
      '/archive/2031/12/31/a.jpg',
    );
    const broken = fileAt('a.jpg', { mtimeMs: 1e300 });
    expect(archivePath({ archiveFolder, template: '{yyyy}', file: broken, now })).toBe('/archive/2031/a.jpg');
  });

  it.each([
    ['', '../a.jpg'],
    ['', 'trip/../../a.jpg'],
    ['', 'trip/../a.jpg'],
    ['', '/etc/passwd'],
    ['', '..'],
    ['', '.'],
    ['', 'a\0.jpg'],
    ['{path}', '../../etc/a.jpg'],
    ['{path}', '/etc/a.jpg'],
    ['{folder}', 'a.jpg', '/photos/..'],
    ['{path}/{name}', 'a\0b/c.jpg'],
    ['../{yyyy}', 'a.jpg'],
    ['/etc/{name}', '../a.jpg'],
  ])('never leaves the archive folder: template "%s", file %j', (template, relativePath, folder?: string) => {
    const file = { ...fileAt('x'), relativePath, folder: folder ?? '/photos/phone' };
    expect(() => archivePath({ archiveFolder, template, file })).toThrow(
      expect.objectContaining({ code: 'outside-archive', isTransient: false }),
    );
  });
});

describe('parseTemplate', () => {
  it.each(['', '{yyyy}/{MM}', '{folder}/{path}/{name}.{ext}', 'plain'])('takes "%s"', (template) => {
    expect(parseTemplate('Path', template)).toBe(template);
  });

  it('takes a variable that is not set as none', () => {
    expect(parseTemplate('Path', '${ARCHIVE_TEMPLATE}')).toBe('');
  });

  it.each([
    ['{year}', 'there is no {year}'],
    ['{album}/{yyyy}', 'there is no {album}'],
    ['{}', 'there is no {}'],
    ['{yyyy', 'a brace has no partner'],
    ['yyyy}', 'a brace has no partner'],
    ['{{yyyy}}', 'a brace has no partner'],
    ['/{yyyy}', 'must not start at the root'],
    ['~/{yyyy}', 'must not start at the root'],
    ['../{yyyy}', '".." would leave'],
    ['{yyyy}/../x', '".." would leave'],
    ['{yyyy}\0', 'NUL'],
  ])('refuses %j and names the field and what it knows', (template, why) => {
    const parse = () => parseTemplate('Path in the archive', template);
    expect(parse).toThrow(why);
    expect(parse).toThrow(
      /^Path in the archive: .*\{yyyy\}, \{MM\}, \{dd\}, \{folder\}, \{path\}, \{name\}, \{ext\}\.$/s,
    );
  });
});

describe('parseArchiveFolder', () => {
  it.each([
    ['/archive', '/archive'],
    ['/archive/', '/archive'],
    ['~', '/home/me'],
    ['~/Photos', '/home/me/Photos'],
    ['/a/~', '/a/~'],
    ['', undefined],
    ['${ARCHIVE_DIRECTORY}', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(parseArchiveFolder('Archive folder', value, '/home/me')).toBe(expected);
  });

  it('refuses a NUL character', () => {
    expect(() => parseArchiveFolder('Archive folder', '/a\0b')).toThrow('Archive folder');
  });
});

describe('numberedPath', () => {
  it.each([
    ['/a/IMG_1.jpg', 1, '/a/IMG_1.jpg'],
    ['/a/IMG_1.jpg', 2, '/a/IMG_1 (2).jpg'],
    ['/a/IMG_1.jpg', 12, '/a/IMG_1 (12).jpg'],
    ['/a/no extension', 3, '/a/no extension (3)'],
    ['/a/.hidden', 2, '/a/.hidden (2)'],
    ['/a/x.tar.gz', 2, '/a/x.tar (2).gz'],
  ])('%s, number %d: %s', (path, number, expected) => {
    expect(numberedPath(path, number)).toBe(expected);
  });

  it.each([
    ['plain letters', `${'a'.repeat(251)}.jpg`],
    ['two bytes a letter', `${'é'.repeat(125)}x.jpg`],
    ['four bytes a letter', `${'😀'.repeat(62)}abc.jpg`],
    ['an extension that is none', `a.${'b'.repeat(253)}`],
  ])('shortens a name of 255 bytes so that the number fits: %s', (_what, name) => {
    expect(Buffer.byteLength(name)).toBe(255);
    const numbered = numberedPath(`/a/${name}`, 123).slice(3);
    expect(Buffer.byteLength(numbered)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(numbered)).toBeGreaterThan(245);
    expect(numbered).toMatch(/ \(123\)(\.jpg)?$/);
    expect(Buffer.from(numbered).toString()).toBe(numbered);
  });
});

it.each([
  ['/archive', '/archive/a', true],
  ['/archive', '/archive', false],
  ['/archive', '/archive2/a', false],
  ['/archive', '/a', false],
  ['/archive', '/archive/..a', true],
  ['/', '/a', true],
])('isBelow(%s, %s) is %s', (folder, path, expected) => {
  expect(isBelow(folder, path)).toBe(expected);
});

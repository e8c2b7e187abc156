import { expect, it } from 'vitest';
import { printable, shortened } from '../../lib/printable.js';

it.each([
  ['/a/b c.jpg', '/a/b c.jpg'],
  ['/a/new\nline\x1b[31m.jpg', '/a/new\\x0aline\\x1b[31m.jpg'],
  ['/a/é😀 👩‍👧.jpg', '/a/é😀 👩‍👧.jpg'],
  ['photo\u202egpj.exe', 'photo\\u202egpj.exe'],
  ['a\u2028b\x85c', 'a\\u2028b\\x85c'],
])('shows %j in one line', (path, shown) => expect(printable(path)).toBe(shown));

it.each([
  ['short', 5, 'short'],
  ['longer', 5, 'long…'],
  ['abc😀d', 5, 'abc…'],
])('shortens %j to %i characters and cuts none in two', (text, most, shown) =>
  expect(shortened(text, most)).toBe(shown),
);

import { expect, it } from 'vitest';
import { fillTemplate, parseTemplate } from '../../../lib/organise/file-template.js';

const options = {
  joiner: ' / ',
  dateMs: Date.parse('2023-12-31T23:30:00Z'),
  timeZone: 'Europe/Berlin',
  session: '2026-11-26 00.45',
};
const nested = { folder: '/photos/inbox', relativePath: '2023/Summer/Lake/a.jpg' };
const bare = { folder: '/photos/inbox', relativePath: 'a.jpg' };

it.each([
  ['Family', 'Family', 'Family'],
  ['{folder}', 'Lake', undefined],
  ['{path}', '2023 / Summer / Lake', undefined],
  ['{path: - }', '2023 - Summer - Lake', undefined],
  ['{path:}', '2023SummerLake', undefined],
  ['{watched}', 'inbox', 'inbox'],
  ['{watched} {folder}', 'inbox Lake', undefined],
  ['{yyyy}-{mm}-{dd}', '2024-01-01', '2024-01-01'],
  ['{ Folder }', 'Lake', undefined],
  ['card {session}', 'card 2026-11-26 00.45', 'card 2026-11-26 00.45'],
  ['a } b { c', 'a } b { c', 'a } b { c'],
])('%s is %s, and %s in the watched folder itself', (text, below, atTop) => {
  const template = parseTemplate('Albums', text);
  expect(fillTemplate(template, nested, options)).toBe(below);
  expect(fillTemplate(template, bare, options)).toBe(atTop);
});

it('leaves no line break of a folder in a name', () => {
  const file = { folder: '/in', relativePath: 'a\nb/c.jpg' };
  expect(fillTemplate(parseTemplate('Albums', '{folder}'), file, options)).toBe('a b');
});

it.each(['{album}', '{}', '{folder:x}', '{yyyy:-}'])('says what there is in place of %s', (text) => {
  expect(() => parseTemplate('Albums', text)).toThrow(
    `Albums: "${text}" does not work here. There are {folder}`,
  );
});

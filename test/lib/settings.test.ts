import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  settingBoolean,
  settingChoice,
  settingList,
  settingNumber,
  settingSecret,
  settingText,
} from '../../lib/settings.js';
import { tempFolder } from '../support/world.js';

it.each([undefined, null, '', '  ', '${MISSING}', ' ${MISSING} '])('takes %j as unset', (value) => {
  expect(settingText(value)).toBeUndefined();
  expect(settingNumber('Field', value, 7)).toBe(7);
  expect(settingBoolean('Field', value, true)).toBe(true);
  expect(settingList(value)).toEqual([]);
  expect(settingChoice('Field', value, ['a', 'b'], 'b')).toBe('b');
});

it('trims text and keeps other uses of a dollar sign', () => {
  expect(settingText(' a$b ')).toBe('a$b');
  expect(settingText('${A}/photos')).toBe('${A}/photos');
});

it.each([
  ['4', 4],
  [' 1.5 ', 1.5],
  [3, 3],
])('reads %j as a number', (value, number) => {
  expect(settingNumber('Field', value, 0)).toBe(number);
});

it.each([
  ['four', 'Files at a time: "four" does not work here. Type a whole number from 1 to 16, for example 4.'],
  ['0', 'from 1 to 16'],
  ['17', 'from 1 to 16'],
  ['1.5', 'a whole number'],
])('refuses %j as a number from 1 to 16', (value, sentence) => {
  const read = () => settingNumber('Files at a time', value, 4, { min: 1, max: 16, isWhole: true });
  expect(read).toThrow(sentence);
});

it.each([
  ['true', true],
  ['Yes', true],
  ['1', true],
  [true, true],
  ['FALSE', false],
  ['off', false],
  [false, false],
])('reads %j as a yes or no', (value, answer) => {
  expect(settingBoolean('Field', value, !answer)).toBe(answer);
});

it('refuses another word than yes or no, and a choice that is none', () => {
  expect(() => settingBoolean('Recursive', 'maybe', true)).toThrow('Recursive: "maybe" does not work here');
  expect(() => settingChoice('Mode', 'burn', ['move', 'keep'], 'move')).toThrow('Type one of move, keep');
  expect(settingChoice('Mode', ' KEEP ', ['move', 'keep'], 'move')).toBe('keep');
});

it.each([
  ['/a, /b ,,', ['/a', '/b']],
  ['/a\n/b c;/d', ['/a', '/b c', '/d']],
  [['/a, with a comma', ' ', '${MISSING}'], ['/a, with a comma']],
])('reads the list %j', (value, entries) => {
  expect(settingList(value)).toEqual(entries);
});

describe('a secret', () => {
  it('comes from the credential, else the variable, else the file', () => {
    const file = join(tempFolder(), 'key');
    writeFileSync(file, 'from-file\n');
    const env = { KEY: 'from-variable', KEY_FILE: file };
    expect(settingSecret('KEY', 'from-credential', env)).toBe('from-credential');
    expect(settingSecret('KEY', '${KEY}', env)).toBe('from-variable');
    expect(settingSecret('KEY', '', { KEY_FILE: file })).toBe('from-file');
    expect(settingSecret('KEY', '', {})).toBeUndefined();
  });

  it('says which file cannot be read', () => {
    expect(() => settingSecret('KEY', '', { KEY_FILE: '/missing/key' })).toThrow(
      'KEY_FILE: the file "/missing/key"',
    );
  });
});

import { describe, expect, it } from 'vitest';
import { parseFolderSettings } from '../../../lib/watch/folder-settings.js';

const HOME = '/home/anna';
const parse = (config = {}) => parseFolderSettings(config, HOME);

it('has defaults for all that is unset, also for variables that are', () => {
  const unset = Object.fromEntries(
    ['folders', 'recursive', 'extensions', 'minSizeKB', 'maxSizeMB', 'polling', 'archiveFolder'].map(
      (key) => [key, '${NOWHERE}'],
    ),
  );
  for (const options of [parse(), parse(unset)]) {
    expect(options).toMatchObject({
      folders: [],
      isRecursive: true,
      extensions: undefined,
      minBytes: 0,
      maxBytes: Number.POSITIVE_INFINITY,
      archiveFolder: undefined,
      isFollowingLinks: false,
      isPolling: false,
      pollMs: 5000,
      rescanMs: 300_000,
    });
    expect(options.isIgnored('.hidden.jpg', false)).toBe(true);
  }
});

it.each([
  ['/a, /b/', ['/a', '/b']],
  ['/a\n/b\n', ['/a', '/b']],
  [
    ['/with, comma', '~/x'],
    ['/with, comma', '/home/anna/x'],
  ],
  ['~', ['/home/anna']],
  ['~/Pictures; /a/../b', ['/home/anna/Pictures', '/b']],
])('reads the folders %j as %j', (folders, expected) => {
  expect(parse({ folders }).folders).toEqual(expected);
});

it('adds own patterns to the usual ones, or takes them alone', () => {
  const both = parse({ ignorePatterns: '*_edited.jpg' }).isIgnored;
  const alone = parse({ ignorePatterns: '*_edited.jpg', hasDefaultIgnores: 'false' }).isIgnored;
  expect([both('a_edited.jpg', false), both('.a.jpg', false)]).toEqual([true, true]);
  expect([alone('a_edited.jpg', false), alone('.a.jpg', false)]).toEqual([true, false]);
});

it.each([
  [
    { minSizeKB: '10', maxSizeMB: '2' },
    { minBytes: 10_240, maxBytes: 2_097_152 },
  ],
  [{ maxSizeMB: '0.5' }, { minBytes: 0, maxBytes: 524_288 }],
  [{ maxSizeMB: '0' }, { maxBytes: Number.POSITIVE_INFINITY }],
])('reads the sizes %j', (config, expected) => expect(parse(config)).toMatchObject(expected));

describe('says what is wrong and what to type', () => {
  it.each([
    [{ folders: 'photos' }, 'Folders: "photos" is no full path. Type it from the root on'],
    [{ archiveFolder: './x' }, 'Archive folder: "./x" is no full path.'],
    [{ folders: '~bob/x' }, 'Folders: "~bob/x" is no full path.'],
    [{ extensions: 'jpg, a/b' }, 'Extensions: "a/b" is no file extension.'],
    [{ recursive: 'perhaps' }, 'Folders below: "perhaps" does not work here.'],
    [{ minSizeKB: '-1' }, 'Smallest file: "-1" does not work here.'],
    [{ minSizeKB: '2048', maxSizeMB: '1' }, 'Smallest file: it is larger than the largest file'],
    [{ rescanMinutes: '0' }, 'Look anew every: "0" does not work here.'],
    [{ pollSeconds: 'soon' }, 'Ask every: "soon" does not work here.'],
  ])('%j', (config, sentence) => {
    expect(() => parse(config)).toThrow(sentence);
  });
});

import { describe, expect, it, vi } from 'vitest';
import {
  builtInExtensions,
  currentExtensions,
  extensionOf,
  mediaExtensions,
  parseExtensions,
} from '../../../lib/watch/extensions.js';

describe('what counts without a server', () => {
  it.each(['.jpg', '.jpeg', '.heic', '.dng', '.cr3', '.x3f', '.mp4', '.mov', '.mts', '.webm', '.3gp'])(
    '%s',
    (extension) => expect(builtInExtensions.has(extension)).toBe(true),
  );

  it.each(['.xmp', '.txt', '.json', '.zip', '.thm', ''])('not %s', (extension) =>
    expect(builtInExtensions.has(extension)).toBe(false),
  );
});

it.each([
  ['a.jpg', '.jpg'],
  ['A.JPG', '.jpg'],
  ['IMG.heic.PnG', '.png'],
  ['.jpg', ''],
  ['jpg', ''],
  ['trip.', '.'],
])('the extension of %s is "%s"', (name, extension) => expect(extensionOf(name)).toBe(extension));

it.each([
  [
    ['jpg', 'MP4'],
    ['.jpg', '.mp4'],
  ],
  [
    ['.Jpg', '*.HEIC'],
    ['.jpg', '.heic'],
  ],
  [['.jpg', '.xmp'], ['.jpg']],
])('%j means %j', (written, extensions) => {
  expect([...(parseExtensions('Extensions', written) ?? [])]).toEqual(extensions);
});

it('knows an unset setting from a list', () => {
  expect(parseExtensions('Extensions', [])).toBeUndefined();
});

it.each(['*', 'a/b', 'jpg png', '.tar.gz', '.'])('refuses %j and says what to type', (entry) => {
  expect(() => parseExtensions('Extensions', ['jpg', entry])).toThrow(
    `Extensions: "${entry}" is no file extension. Type a list such as jpg, heic, mp4.`,
  );
});

describe('what the server takes', () => {
  it('is used once it answers, whatever the case, without sidecars', async () => {
    const onChange = vi.fn();
    const current = currentExtensions(undefined, async () => ['.JPG', '.new', '.xmp'], onChange);
    expect(current.get()).toBe(builtInExtensions);
    current.ask();
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledOnce());
    expect(current.get()).toEqual(mediaExtensions(['jpg', 'new']));
  });

  it('is asked for until there is an answer, and no more after that', async () => {
    const answers = [
      () => Promise.reject(new Error('down')),
      async () => undefined,
      async () => [],
      async () => ['.a'],
    ];
    const ask = vi.fn(() => answers.shift()?.() ?? Promise.resolve(['.late']));
    const current = currentExtensions(undefined, ask, () => {});
    await vi.waitFor(() => {
      current.ask();
      expect(current.get()).toEqual(new Set(['.a']));
    });
    current.ask();
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it('is not asked twice at the same time, and never waited for', () => {
    const ask = vi.fn(() => new Promise<string[]>(() => {}));
    const current = currentExtensions(undefined, ask, () => {});
    current.ask();
    current.ask();
    expect(ask).toHaveBeenCalledOnce();
    expect(current.get()).toBe(builtInExtensions);
  });

  it('does not matter where a person chose', () => {
    const ask = vi.fn(async () => ['.new']);
    const current = currentExtensions(new Set(['.jpg']), ask, () => {});
    current.ask();
    expect(ask).not.toHaveBeenCalled();
    expect(current.get()).toEqual(new Set(['.jpg']));
  });
});

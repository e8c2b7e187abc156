import { expect, it } from 'vitest';
import { folderId } from '../../../lib/watch/folder-id.js';
import { sha1Of } from '../../support/world.js';

it.each([
  ['/home/anna/Pictures', 'pictures'],
  ['/mnt/Fotos Müller (2024)', 'fotos-muller-2024'],
  ['/mnt/Camera_Roll.1', 'camera-roll-1'],
  ['/mnt/--x--', 'x'],
  ['/mnt/写真', 'folder'],
  ['/', 'folder'],
  ['/mnt/holiday photographs of all the years', 'holiday-photographs-of-a'],
  ['/mnt/aaaaaaaaaaaaaaaaaaaaaaa and more', 'aaaaaaaaaaaaaaaaaaaaaaa'],
])('names the folder %s after itself', (path, name) => {
  expect(folderId(path)).toBe(`${name}-${sha1Of(path).slice(0, 6)}`);
});

it('is the same for ever', () => {
  expect(folderId('/photos')).toBe('photos-26525b');
});

it('tells apart folders of one name', () => {
  expect(folderId('/anna/photos')).not.toBe(folderId('/bob/photos'));
});

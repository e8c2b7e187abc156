import type { Random } from './prng.js';

const ODD_NAMES = [
  'with blanks and "quotes"',
  '100%20 of %s {name}',
  'Ünïcode 📸 日本',
  'u\u0308 apart',
  'line\nbreak',
  '-rf',
  '#topic+level',
  '$HOME `id`',
  "it's; a & b | c",
  `${'é'.repeat(100)}`,
];

const FOLDERS = ['', '', '', 'camera', 'camera/DCIM', 'with blank/100%', 'Ünï'];

/** One of the folders below the watched one, with a slash at its end; empty for the watched folder itself. */
export function newFolder(random: Random): string {
  const folder = random.pick(FOLDERS);
  return folder === '' ? '' : `${folder}/`;
}

/** A path below the watched folder, without the extension; few names, so that they come again. */
export function newName(random: Random): string {
  const folder = newFolder(random);
  return folder + (random.chance(0.25) ? random.pick(ODD_NAMES) : `IMG_${random.int(1, 40)}`);
}

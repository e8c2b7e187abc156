import { expect, it } from 'vitest';
import { nameKeyOf } from '../../../lib/companions/companion-key.js';
import type { FolderEntry } from '../../../lib/watch/folder-listing.js';
import { inGroups } from '../../../lib/watch/listing-order.js';

it('files that belong together follow each other, however they are listed', async () => {
  const bases = Array.from({ length: 3_000 }, (_, at) => `IMG_${(at * 7_919) % 3_000}`);
  const names = ['.JPG', '.xmp', '.MOV'].flatMap((extension) => bases.map((base) => base + extension));
  async function* listing() {
    for (let at = 0; at < names.length; at += 64) yield names.slice(at, at + 64).map((name) => ({ name }));
  }
  const slices: FolderEntry[][] = [];
  for await (const slice of inGroups(listing(), 64)) slices.push(slice);
  const listed = slices.flat().map(({ name }) => name);
  expect(Math.max(...slices.map(({ length }) => length))).toBe(64);
  expect([...listed].sort()).toEqual([...names].sort());
  const breaks = listed.filter((name, at) => nameKeyOf(name) !== nameKeyOf(listed[at - 1] ?? ''));
  expect(breaks).toHaveLength(3_000);
});

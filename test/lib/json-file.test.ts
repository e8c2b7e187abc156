import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openJsonFile } from '../../lib/json-file.js';
import { tempFolder } from '../support/world.js';

const asNumber = (content: unknown) => (typeof content === 'number' ? content : undefined);

/** A path in a folder that does not exist yet. */
const newPath = () => join(tempFolder(), 'deep', 'er', 'value.json');

it('gives back what was saved', async () => {
  const path = newPath();
  const file = openJsonFile(path, asNumber);
  expect(file).toMatchObject({ initial: undefined, problem: undefined });
  expect(existsSync(dirname(path))).toBe(false);
  await file.save(1);
  expect(openJsonFile(path, asNumber)).toMatchObject({ initial: 1, problem: undefined });
  await file.save(2);
  expect(openJsonFile(path, asNumber).initial).toBe(2);
  expect(readdirSync(dirname(path))).toEqual(['value.json']);
  expect(statSync(path).mode & 0o077).toBe(0);
});

it('keeps nothing without a path', async () => {
  const file = openJsonFile(undefined, asNumber);
  await file.save(1);
  await file.remove();
  expect(file).toMatchObject({ initial: undefined, problem: undefined });
});

it.each([
  ['nothing', ''],
  ['half a value', '{"a": '],
  ['another value', '"text"'],
  ['zeros, as after a power cut', '\0'.repeat(64)],
])('does without a file that holds %s, says so, and replaces it', async (_, content) => {
  const path = join(tempFolder(), 'value.json');
  writeFileSync(path, content);
  const file = openJsonFile(path, asNumber);
  expect(file).toMatchObject({ initial: undefined, problem: 'damaged' });
  await file.save(3);
  expect(openJsonFile(path, asNumber).initial).toBe(3);
});

it('does without a file that cannot be read, and names the reason', () => {
  const path = join(tempFolder(), 'value.json');
  mkdirSync(path);
  expect(openJsonFile(path, asNumber)).toMatchObject({ initial: undefined, problem: 'EISDIR' });
});

it('calls nothing missing a problem, also where a file is in the place of the folder', () => {
  const place = join(tempFolder(), 'place');
  writeFileSync(place, '');
  expect(openJsonFile(join(place, 'value.json'), asNumber).problem).toBeUndefined();
});

it('writes only the last one of many, and each caller hears when it, or a later one, is on disk', async () => {
  const path = newPath();
  let written = 0;
  const file = openJsonFile<{ toJSON(): number }>(path, () => undefined);
  const number = (value: number) => ({
    toJSON() {
      written += 1;
      return value;
    },
  });
  const first = file.save(number(1));
  const others = [2, 3, 4, 5].map((value) => file.save(number(value)));
  await first;
  await Promise.all(others);
  expect(readFileSync(path, 'utf8')).toBe('5');
  expect(written).toBe(2);
});

it('keeps the old value when a new one cannot be written, and tries each later one', async () => {
  const path = join(tempFolder(), 'value.json');
  const file = openJsonFile(path, asNumber);
  await file.save(1);
  mkdirSync(`${path}.new`);
  await expect(file.save(2)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(openJsonFile(path, asNumber).initial).toBe(1);
  rmSync(`${path}.new`, { recursive: true });
  await file.save(3);
  expect(openJsonFile(path, asNumber).initial).toBe(3);
});

it('tries the later value though the one before it could not be written', async () => {
  const path = newPath();
  const file = openJsonFile<unknown>(path, (content) => content);
  const unwritable = {
    toJSON() {
      throw new Error('no');
    },
  };
  await expect(file.save(unwritable)).rejects.toThrow('no');
  const saves = [file.save(unwritable), file.save(2)];
  await Promise.all(saves);
  expect(readFileSync(path, 'utf8')).toBe('2');
});

it('is gone after it was removed, also in the middle of a write', async () => {
  const path = newPath();
  const file = openJsonFile(path, asNumber);
  await file.remove();
  const saves = [file.save(1), file.save(2)];
  await file.remove();
  await Promise.all(saves);
  expect(readdirSync(dirname(path))).toEqual([]);
});

it('removes what an interrupted write left', async () => {
  const path = join(tempFolder(), 'value.json');
  writeFileSync(path, '1');
  writeFileSync(`${path}.new`, '{"ha');
  await openJsonFile(path, asNumber).remove();
  expect(existsSync(path) || existsSync(`${path}.new`)).toBe(false);
});

it('leaves nothing half behind where it could not be written', async () => {
  const path = join(tempFolder(), 'value.json');
  mkdirSync(path);
  await expect(openJsonFile(path, asNumber).save(1)).rejects.toThrow();
  expect(readdirSync(dirname(path))).toEqual(['value.json']);
});

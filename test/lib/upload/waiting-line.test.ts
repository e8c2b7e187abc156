import { describe, expect, it } from 'vitest';
import { createWaitingLine, type UploadOrder } from '../../../lib/upload/waiting-line.js';

const item = (name: string, sizeBytes: number, mtimeMs: number) => ({ name, file: { sizeBytes, mtimeMs } });
const items = [item('b', 30, 2), item('a', 10, 4), item('d', 30, 1), item('c', 20, 4)];

function drain<Item extends ReturnType<typeof item>>(line: { next(): Item | undefined }): string {
  let names = '';
  for (let next = line.next(); next !== undefined; next = line.next()) names += next.name;
  return names;
}

it.each<[UploadOrder, string]>([
  ['found', 'badc'],
  ['newest', 'acbd'],
  ['oldest', 'dbac'],
  ['small', 'acbd'],
])('%s: gives them in the order %s', (order, expected) => {
  const line = createWaitingLine<(typeof items)[number]>(order);
  for (const each of items) line.add(each);
  expect(line.size()).toBe(4);
  expect(drain(line)).toBe(expected);
  expect(line.size()).toBe(0);
});

describe.each<UploadOrder>(['found', 'newest', 'oldest', 'small'])('in the order %s', (order) => {
  it('what has begun goes before all others, in the order in which it came back', () => {
    const line = createWaitingLine<(typeof items)[number]>(order);
    for (const each of items) line.add(each);
    const [x, y] = [item('x', 99, 99), item('y', 1, 1)];
    line.addFirst(x);
    line.addFirst(y);
    expect(drain(line).slice(0, 2)).toBe('xy');
  });

  it('what is removed does not come up, and comes up once when it is added again', () => {
    const line = createWaitingLine<(typeof items)[number]>(order);
    for (const each of items) line.add(each);
    line.remove(items[1]!);
    line.remove(items[1]!);
    expect(line.size()).toBe(3);
    expect(drain(line)).not.toContain('a');
    for (const each of items) line.add(each);
    line.remove(items[0]!);
    line.add(items[0]!);
    expect([...drain(line)].sort().join('')).toBe('abcd');
  });
});

it('is right and quick with many files, half of which go away', () => {
  const line = createWaitingLine<ReturnType<typeof item>>('small');
  const many = Array.from({ length: 20_000 }, (_, at) => item(String(at), (at * 7_919) % 20_011, at));
  for (const each of many) line.add(each);
  for (const [at, each] of many.entries()) if (at % 2 === 0) line.remove(each);
  let last = -1;
  let count = 0;
  for (let next = line.next(); next !== undefined; next = line.next()) {
    expect(next.file.sizeBytes).toBeGreaterThanOrEqual(last);
    last = next.file.sizeBytes;
    count += 1;
  }
  expect(count).toBe(10_000);
});

import { expect, it } from 'vitest';
import { createByteStore } from '../../../lib/upload/byte-store.js';

const KIB = 1024;

it('lends as many bytes as were asked for, and the same memory again when it came back', () => {
  const store = createByteStore();
  const first = store.lend(100_000);
  expect(first?.bytes).toHaveLength(100_000);
  const { buffer } = first!.bytes;
  first!.giveBack();
  expect(store.lend(120_000)?.bytes.buffer).toBe(buffer);
});

it('never lends the same memory to two', () => {
  const store = createByteStore();
  const first = store.lend(1_000);
  first!.giveBack();
  first!.giveBack();
  expect(store.lend(1_000)!.bytes.buffer).not.toBe(store.lend(1_000)!.bytes.buffer);
});

it('lends nothing that is too large, and no more in all than it may', () => {
  const store = createByteStore({ totalBytes: 256 * KIB, largestBytes: 128 * KIB });
  expect(store.lend(128 * KIB + 1)).toBeUndefined();
  const first = store.lend(128 * KIB);
  expect(store.lend(128 * KIB)).toBeDefined();
  expect(store.lend(1)).toBeUndefined();
  first?.giveBack();
  expect(store.lend(128 * KIB)).toBeDefined();
});

it('gives memory of one size back to the system when another is wanted', () => {
  const store = createByteStore({ totalBytes: 256 * KIB });
  const small = Array.from({ length: 4 }, () => store.lend(64 * KIB));
  expect(store.lend(256 * KIB)).toBeUndefined();
  for (const loan of small) loan?.giveBack();
  expect(store.lend(256 * KIB)).toBeDefined();
  expect(store.lend(64 * KIB)).toBeUndefined();
});

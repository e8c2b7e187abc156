import { expect, it } from 'vitest';
import { createProofJoin } from '../../../lib/archive/proof-join.js';
import type { UploadedFile } from '../../../lib/media-file.js';

const proof = (server: string, more: Partial<UploadedFile> = {}) =>
  ({
    path: '/inbox/a.jpg',
    sizeBytes: 5,
    mtimeMs: 1,
    sha1: 'a'.repeat(40),
    assetId: `asset on ${server}`,
    uploadOutcome: 'created',
    isTrashed: false,
    uploadedAt: '2026-11-26T00:00:00.000Z',
    server,
    ...more,
  }) as UploadedFile;

it('gives a file once all have proven it, with every proof', () => {
  const join = createProofJoin(2);
  expect(join.add(proof('http://a'))).toBeUndefined();
  expect(join.count()).toBe(1);
  const whole = join.add(proof('http://b', { uploadOutcome: 'duplicate', isTrashed: true }));
  expect(whole).toMatchObject({ isTrashed: true, uploads: [{ server: 'http://a' }, { server: 'http://b' }] });
  expect(whole?.uploads?.[1]).toMatchObject({ assetId: 'asset on http://b', outcome: 'duplicate' });
  expect(join.count()).toBe(0);
});

it.each([
  ['the same proof again', proof('http://a')],
  ['the same asset by another address', { ...proof('http://lan'), assetId: 'asset on http://a' }],
  ['a proof of other bytes', proof('http://b', { sha1: 'b'.repeat(40) })],
  ['a proof of another file', proof('http://b', { path: '/inbox/b.jpg' })],
])('%s is not the second one', (_, second) => {
  const join = createProofJoin(2);
  join.add(proof('http://a'));
  expect(join.add(second)).toBeUndefined();
});

it('forgets the proofs of bytes that are no longer there', () => {
  const join = createProofJoin(2);
  const newer = { sha1: 'b'.repeat(40) };
  join.add(proof('http://a'));
  join.add(proof('http://b', newer));
  expect(join.count()).toBe(1);
  expect(join.add(proof('http://a', newer))).toMatchObject(newer);
});

it('leaves behind a companion that one of them did not prove', () => {
  const companion = (path: string, sha1: string) =>
    ({
      kind: 'raw',
      path,
      relativePath: path,
      sizeBytes: 1,
      mtimeMs: 1,
      sha1,
      ctimeMs: 1,
      assetId: path,
    }) as never;
  const join = createProofJoin(2);
  join.add(proof('http://a', { companions: [companion('/inbox/a.dng', '1')] }));
  const both = [companion('/inbox/a.dng', '1'), companion('/inbox/a.arw', '2')];
  expect(join.add(proof('http://b', { companions: both }))?.companions).toEqual([both[0]]);
});

it('lets a file go, and passes all on where one is enough', () => {
  const join = createProofJoin(2);
  join.add(proof('http://a'));
  join.drop(proof('http://a', { sha1: 'b'.repeat(40) }));
  expect(join.waiting()).toHaveLength(1);
  join.drop(proof('http://a'));
  expect(join.waiting()).toEqual([]);
  const file = proof('http://a');
  expect(createProofJoin(1).add(file)).toBe(file);
});

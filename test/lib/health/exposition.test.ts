import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createExpositionReader, readSample, type Sample } from '../../../lib/health/exposition.js';

function read(text: string, pieceBytes = Number.POSITIVE_INFINITY): Sample[] {
  const samples: Sample[] = [];
  const reader = createExpositionReader(
    () => true,
    (sample) => samples.push(sample),
  );
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.write(bytes.subarray(at, at + pieceBytes));
  reader.end();
  return samples;
}

it.each<[string, Partial<Sample>]>([
  ['up 1', { name: 'up', labels: {}, value: 1 }],
  ['up{} 1', { labels: {}, value: 1 }],
  ['up 1 1395066363000', { value: 1 }],
  ['up\t1e3', { value: 1_000 }],
  ['up -0.5', { value: -0.5 }],
  ['a:b_c{x="1",y="2"} 3', { name: 'a:b_c', labels: { x: '1', y: '2' }, value: 3 }],
  ['up{ x = "1" , } 2', { labels: { x: '1' }, value: 2 }],
  ['up{x="a } b, \\"c\\" \\\\ \\n"} 2', { labels: { x: 'a } b, "c" \\ \n' } }],
  ['up{x="ü 📷"} 2', { labels: { x: 'ü 📷' } }],
  ['up{le="+Inf"} 7 # {trace="x"} 0.5', { labels: { le: '+Inf' }, value: 7 }],
  ['up +Inf', { value: Number.POSITIVE_INFINITY }],
  ['up -Inf', { value: Number.NEGATIVE_INFINITY }],
  ['up NaN', { value: Number.NaN }],
  ['up 1\r', { value: 1 }],
])('reads %j', (line, expected) => {
  expect(readSample(line)).toMatchObject(expected);
});

it.each([
  '',
  '# TYPE up counter',
  '<html>',
  'up',
  'up one',
  'up{x="1" 2',
  'up{x=1} 2',
  '9up 1',
  'Please log in',
  '{"a":1}',
])('skips %j', (line) => {
  expect(readSample(line)).toBeUndefined();
});

describe('a text that comes in pieces', () => {
  const text = '# HELP a ü\na{x="📷"} 1\n\nb 2\nnonsense\nc{le="5"} 3';
  it.each([1, 2, 3, 7, 1_000])('of %i bytes is read as a whole', (pieceBytes) => {
    expect(read(text, pieceBytes)).toEqual([
      { name: 'a', labels: { x: '📷' }, value: 1 },
      { name: 'b', labels: {}, value: 2 },
      { name: 'c', labels: { le: '5' }, value: 3 },
    ]);
  });

  it('may hold a line without an end, which is dropped', () => {
    expect(read(`a 1\nb{x="${'x'.repeat(200_000)}"} 2\nc 3\n`, 1_000).map(({ name }) => name)).toEqual([
      'a',
      'c',
    ]);
  });
});

it('reads a megabyte without holding up the event loop', () => {
  const line = 'immich_x_duration_bucket{otel_scope_name="nestjs-otel",le="5000"} 12\n';
  const bytes = Buffer.from(line.repeat(1_000));
  let count = 0;
  const reader = createExpositionReader(
    (name) => name.startsWith('http_'),
    () => {
      count += 1;
    },
  );
  let longestMs = 0;
  for (let piece = 0; piece < 15; piece += 1) {
    const began = performance.now();
    reader.write(bytes);
    longestMs = Math.max(longestMs, performance.now() - began);
  }
  expect(count).toBe(0);
  expect(longestMs).toBeLessThan(1_000);
});

/** A folder with answers of real servers; where it is unset this test is skipped and says so. */
const folder = process.env.IMMICH_SAMPLES ?? '';
it.skipIf(folder === '').each(['metrics-api.prom', 'metrics-microservices.prom'])(
  'reads every sample of %s (needs IMMICH_SAMPLES)',
  (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const samples = read(text, 100);
    expect(samples).toHaveLength(lines.length);
    for (const [index, { name: metric, value }] of samples.entries()) {
      expect(lines[index]?.startsWith(metric)).toBe(true);
      expect(lines[index]?.endsWith(` ${value}`)).toBe(true);
    }
  },
);

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { queueCounts } from '../../../lib/immich/queue-counts.js';
import { isNewerVersion, versionOfName, versionText } from '../../../lib/immich/server-version.js';

it.each([
  [{ major: 2, minor: 7, patch: 5 }, '2.7.5'],
  [{ major: 3, minor: 0, patch: 1, prerelease: null }, '3.0.1'],
  [{ major: 3, minor: 0, patch: 0, prerelease: 2 }, '3.0.0-rc.2'],
  [{ major: 2, minor: 7 }, null],
  [{ major: '2', minor: 7, patch: 5 }, null],
  ['2.7.5', null],
])('says %j as %s', (body, expected) => {
  expect(versionText(body)).toBe(expected);
});

it.each([
  ['v2.8.0', '2.8.0'],
  ['3.0.0-rc.1', '3.0.0-rc.1'],
  ['', null],
  ['latest', null],
  ['v2.8.0/../../x', null],
  [null, null],
])('reads the name %j as %s', (name, expected) => {
  expect(versionOfName(name)).toBe(expected);
});

it.each([
  ['2.8.0', '2.7.5', true],
  ['2.7.5', '2.7.5', false],
  ['2.7.4', '2.7.5', false],
  ['2.10.0', '2.9.9', true],
  ['3.0.0', '2.99.99', true],
  ['3.0.0', '3.0.0-rc.1', true],
  ['3.0.0-rc.1', '3.0.0', false],
  ['3.0.0-rc.10', '3.0.0-rc.9', true],
  [null, '2.7.5', null],
  ['2.8.0', null, null],
])('%s after %s: %s', (latest, installed, expected) => {
  expect(isNewerVersion(latest, installed)).toBe(expected);
});

const statistics = { active: 9, completed: 9, failed: 9, delayed: 1, waiting: 10, paused: 100 };

it.each([
  ['queues', [{ name: 'ocr', isPaused: true, statistics }]],
  ['jobs', { ocr: { queueStatus: { isPaused: true, isActive: false }, jobCounts: statistics } }],
])('counts what waits, is delayed or paused in an answer of /%s', (_, body) => {
  expect(queueCounts(body)).toEqual([{ name: 'ocr', isPaused: true, backlog: 111 }]);
});

it.each([[[]], [{}], ['x'], [null], [[{ name: 5 }]], [{ message: 'no' }], [[{ statistics }]]])(
  'finds no queue in %j',
  (body) => {
    expect(queueCounts(body)).toBeNull();
  },
);

/** A folder with answers of real servers; where it is unset this test is skipped and says so. */
const folder = process.env.IMMICH_SAMPLES ?? '';
it.skipIf(folder === '').each([
  ['queues-busy.json', 10],
  ['jobs-busy.json', 9],
])('reads the recorded %s (needs IMMICH_SAMPLES)', (name, waiting) => {
  const counts = queueCounts(JSON.parse(readFileSync(join(folder, name), 'utf8'))) ?? [];
  expect(counts).toHaveLength(18);
  expect(counts.filter(({ backlog }) => backlog > 0)).toEqual([
    { name: 'thumbnailGeneration', isPaused: false, backlog: waiting },
  ]);
});

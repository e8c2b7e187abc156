import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandIn, startImmichStandIn } from '../immich-stand-in.js';
import { type Expected, uploadCases } from './recorded-cases.js';
import { endpoints } from './recorded-permissions.js';
import { send } from './test-client.js';

/** A folder with answers of real servers; where it is unset these tests are skipped and say so. */
const folder = process.env.IMMICH_SAMPLES ?? '';
type Json = Record<string, unknown>;
const recording = (name: string) =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, Json>;

/** Cases whose 3.x form is known from its release only, not from the development build that was recorded. */
const notInPreview = ['date with +02:00', 'duration field'];
const recordedCases = uploadCases.map(({ name, v2, v3 }) => ({ name, v2, v3 }));

describe.skipIf(folder === '')(
  'the table of uploads agrees with the recordings (needs IMMICH_SAMPLES)',
  () => {
    it.each(recordedCases)('$name in v2', ({ name, v2 }) => {
      const groups = Object.values(recording('upload-answers-2.7.5.json'));
      const recorded = groups
        .map((group) => group[name] as Json | undefined)
        .find((one) => one !== undefined);
      const { status, body, originalFileName } = recorded as {
        status: number;
        body: Json;
        originalFileName?: string;
      };
      expect([status, body.message ?? null]).toEqual(v2.slice(0, 2));
      if (originalFileName !== undefined && v2[2] !== undefined) expect(originalFileName).toBe(v2[2]);
    });

    it.each(recordedCases.filter(({ name }) => !notInPreview.includes(name)))(
      '$name in v3',
      ({ name, v2, v3 }) => {
        const differing = recording('answers-v3-preview-differences.json')[name];
        const expected: Expected = v3 ?? v2;
        if (differing === undefined) return expect(v3).toBeUndefined();
        const { status, body } = differing.preview as { status: number; body: Json };
        return expect([status, body.message ?? null]).toEqual(expected.slice(0, 2));
      },
    );
  },
);

describe.skipIf(folder === '')('the stand-in agrees with the recordings (needs IMMICH_SAMPLES)', () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await startImmichStandIn({ permissions: ['all'] });
  });
  afterAll(() => standIn.stop());

  it.each([
    ['server-ping.json', '/api/server/ping'],
    ['server-version.json', '/api/server/version'],
    ['server-config.json', '/api/server/config'],
    ['server-features.json', '/api/server/features'],
    ['server-media-types.json', '/api/server/media-types'],
    ['server-about.json', '/api/server/about'],
    ['server-storage.json', '/api/server/storage'],
    ['server-statistics.json', '/api/server/statistics'],
    ['server-version-check.json', '/api/server/version-check'],
    ['api-keys-me.json', '/api/api-keys/me'],
    ['users-me.json', '/api/users/me'],
    ['assets-statistics.json', '/api/assets/statistics'],
    ['jobs.json', '/api/jobs'],
    ['jobs-busy.json', '/api/jobs'],
  ])('in the names of %s', async (name, path) => {
    const { json } = await send(standIn.url + path, { headers: { 'x-api-key': standIn.apiKey } });
    expect(Object.keys(json ?? {}).sort()).toEqual(Object.keys(recording(name)).sort());
  });

  it.each(['server-ping.json', 'server-version.json', 'server-features.json', 'server-media-types.json'])(
    'in every word of %s',
    async (name) => {
      const path = `/api/server/${name.replace('server-', '').replace('.json', '')}`;
      expect((await send(standIn.url + path)).json).toEqual(recording(name));
    },
  );

  it.each([
    ['queues.json', '/api/queues'],
    ['jobs.json', '/api/jobs'],
  ])('in every word of %s while all queues are idle', async (name, path) => {
    const { json } = await send(standIn.url + path, { headers: { 'x-api-key': standIn.apiKey } });
    expect(json).toEqual(recording(name));
  });

  it.each([
    ['queues-busy.json', '/api/queues', 3, 10],
    ['jobs-busy.json', '/api/jobs', 3, 9],
  ])('in the form of %s while some are busy', async (name, path, active, waiting) => {
    standIn.setCondition({
      queues: { thumbnailGeneration: { active, waiting }, metadataExtraction: { active: 1 } },
    });
    const { json } = await send(standIn.url + path, { headers: { 'x-api-key': standIn.apiKey } });
    standIn.setCondition({ queues: {} });
    const own = JSON.parse(JSON.stringify(json)) as Json;
    expect(own).toMatchObject(recording(name));
  });

  it('in the names of server-version-history.json', async () => {
    const { json } = await send(`${standIn.url}/api/server/version-history`);
    expect(Object.keys((json as unknown as Json[])[0] ?? {})).toEqual(
      Object.keys((recording('server-version-history.json') as unknown as Json[])[0] ?? {}),
    );
  });

  it.each(endpoints)('in who may ask $path', ({ path, permission, ...statuses }) => {
    const {
      exactPermissionAdmin: _a,
      exactPermissionNonAdmin: _b,
      ...recorded
    } = recording('permissions-matrix.json')[path] ?? {};
    expect({ permission, ...statuses }).toEqual(recorded);
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { filesBelow } from '../support/archive-world.js';
import type { Dialect, Fault } from '../support/immich-stand-in.js';
import {
  eventsOf,
  PATIENCE,
  type PipelineWorld,
  pipelineWorld,
  startShippedFlow,
} from '../support/pipeline-world.js';

const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
<rdf:Description xmp:Rating="4" dc:description="A day at the sea"/></rdf:RDF></x:xmpmeta>`;
/** Larger than the others, so that a fault can be meant for it alone. */
const STILL = Buffer.alloc(100_000, 'still');
const NAMES = ['a.dng', 'a.heic', 'a.mov', 'a.xmp'];

function writeGroup({ inbox }: PipelineWorld, folder = 'trip'): void {
  mkdirSync(join(inbox, folder), { recursive: true });
  const write = (name: string, content: string | Buffer) => writeFileSync(join(inbox, folder, name), content);
  write('a.xmp', XMP);
  write('a.mov', `video of ${folder}`);
  write('a.dng', `raw of ${folder}`);
  write('a.heic', Buffer.concat([STILL, Buffer.from(folder)]));
}

/** All of the group is in Immich, joined, and in the archive. */
async function isWhole(here: PipelineWorld, folder = 'trip'): Promise<void> {
  await vi.waitFor(async () => {
    expect(await filesBelow(here.archive)).toEqual(NAMES.map((name) => `${folder}/${name}`));
    expect(await filesBelow(here.inbox)).toEqual([]);
  }, PATIENCE);
  const { assets, stacks } = here.server;
  expect(assets.map(({ fileName }) => fileName).sort()).toEqual(['a.dng', 'a.heic', 'a.mov']);
  const [raw, still, video] = ['a.dng', 'a.heic', 'a.mov'].map((name) =>
    assets.find(({ fileName }) => fileName === name),
  );
  expect(still?.livePhotoVideoId).toBe(video?.id);
  expect(video?.visibility).toBe('hidden');
  expect(still?.sidecar !== null || still?.changes.rating === 4).toBe(true);
  expect(stacks.map(({ assetIds }) => assetIds)).toEqual([[still?.id, raw?.id]]);
}

const world = (dialect: Dialect) =>
  pipelineWorld({ dialect, permissions: ['all'] }, { VERIFY_VIDEO_INTEGRITY: 'false' });

describe('files that belong together, in the shipped flow', () => {
  it('go together to Immich and into the archive, as one event', { timeout: 120_000 }, async () => {
    const here = await world('v2');
    await startShippedFlow(here);
    writeGroup(here);
    await isWhole(here);
    await vi.waitFor(
      () => expect(eventsOf(here).map(({ event_type }) => event_type)).toContain('archived'),
      PATIENCE,
    );
    expect(new Set(eventsOf(here).map(({ file }) => file))).toEqual(new Set(['a.heic']));
    expect(here.server.assets.find(({ fileName }) => fileName === 'a.heic')?.sidecar).not.toBeNull();
  });

  it.each([
    ['v3', ''],
    ['v2', ' and a restart'],
  ] as const)(
    'a late sidecar is applied, and follows its photo, in %s%s',
    {
      timeout: 120_000,
    },
    async (dialect, more) => {
      const here = await world(dialect);
      const before = await startShippedFlow(here);
      writeFileSync(join(here.inbox, 'b.jpg'), 'a photo');
      await vi.waitFor(async () => expect(await filesBelow(here.archive)).toEqual(['b.jpg']), PATIENCE);
      if (more !== '') {
        await vi.waitFor(() => expect(eventsOf(here)).toHaveLength(2), PATIENCE);
        await before.stop();
        await startShippedFlow(here);
      }
      writeFileSync(join(here.inbox, 'b.jpg.xmp'), XMP);
      await vi.waitFor(
        async () => expect(await filesBelow(here.archive)).toEqual(['b.jpg', 'b.jpg.xmp']),
        PATIENCE,
      );
      expect(here.server.assets[0]?.changes).toMatchObject({ rating: 4, description: 'A day at the sea' });
    },
  );

  it('a sidecar that came first waits for its photo', { timeout: 120_000 }, async () => {
    const here = await world('v3');
    await startShippedFlow(here);
    writeFileSync(join(here.inbox, 'c.xmp'), XMP);
    writeFileSync(join(here.inbox, 'other.jpg'), 'another photo');
    await vi.waitFor(async () => expect(await filesBelow(here.archive)).toEqual(['other.jpg']), PATIENCE);
    expect(await filesBelow(here.inbox)).toEqual(['c.xmp']);
    writeFileSync(join(here.inbox, 'c.jpg'), 'a photo');
    await vi.waitFor(
      async () => expect(await filesBelow(here.archive)).toEqual(['c.jpg', 'c.xmp', 'other.jpg']),
      PATIENCE,
    );
    expect(here.server.assets.find(({ fileName }) => fileName === 'c.jpg')?.sidecar).not.toBeNull();
  });

  const UPLOAD = { method: 'POST', path: '/api/assets' } as const;
  const STAGES: [stage: string, dialect: Dialect, fault: Fault][] = [
    ['while the video is sent', 'v2', { kind: 'hang', ...UPLOAD }],
    ['when the video is stored and nobody knows', 'v3', { kind: 'hang', ...UPLOAD, takesEffect: true }],
    ['while the still is sent', 'v2', { kind: 'hang', ...UPLOAD, largerThanBytes: 50_000 }],
    [
      'when the still is stored and nobody knows',
      'v3',
      { kind: 'hang', ...UPLOAD, largerThanBytes: 50_000, takesEffect: true },
    ],
    ['before they are on a stack', 'v2', { kind: 'hang', method: 'POST', path: '/api/stacks' }],
    [
      'when they are on a stack and nobody knows',
      'v3',
      { kind: 'hang', method: 'POST', path: '/api/stacks', takesEffect: true },
    ],
  ];
  it.each(STAGES)('are whole after kill -9 %s (%s)', { timeout: 180_000 }, async (_stage, dialect, fault) => {
    const here = await world(dialect);
    const mend = here.server.fail(fault);
    writeGroup(here);
    const before = await startShippedFlow(here);
    const isHanging = ({ method, path }: { method: string; path: string }) =>
      method === fault.method && path === fault.path;
    await vi.waitFor(() => {
      const wanted = 'largerThanBytes' in fault ? 2 : 1;
      expect(here.server.requests.filter(isHanging).length).toBeGreaterThanOrEqual(wanted);
      if ('takesEffect' in fault && fault.takesEffect && fault.path === '/api/assets')
        expect(here.server.assets).toHaveLength(wanted);
    }, PATIENCE);
    await before.kill();
    expect(await filesBelow(here.archive)).toEqual([]);
    expect(await filesBelow(here.inbox)).toHaveLength(4);
    mend();
    await startShippedFlow(here);
    await isWhole(here);
  });
});

import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type NodeRedProcess, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { eventsOf, PATIENCE, type PipelineWorld, pipelineWorld } from '../support/pipeline-world.js';

const COUNT = 30;
const path = ({ inbox }: PipelineWorld, index: number) =>
  join(inbox, `sub ${index % 3}`, `photo ${index}.jpg`);

function put(world: PipelineWorld, index: number, content = `photo ${index}`): void {
  mkdirSync(join(world.inbox, `sub ${index % 3}`), { recursive: true });
  writeFileSync(path(world, index), content);
}

type Node = Record<string, unknown>;

/** The shipped flow with originals that stay where they are; `change` alters its nodes. */
function keepFlow(world: PipelineWorld, change: (node: Node) => Node = (node) => node): string {
  const flow: Node[] = JSON.parse(readFileSync(join(projectRoot, 'flows/immich-bridge.json'), 'utf8'));
  const nodes = flow
    .map((node) => (node.type === 'archive-move' ? { ...node, mode: 'keep' } : node))
    .map(change);
  const file = join(world.inbox, '..', 'flow.json');
  writeFileSync(file, JSON.stringify(nodes));
  return file;
}

const start = (world: PipelineWorld, change?: (node: Node) => Node) =>
  startNodeRedProcess({ userDir: world.userDir, env: world.env, flowFile: keepFlow(world, change) });

/** How many questions about files Immich was asked so far. */
const asked = ({ server }: PipelineWorld) =>
  server.requests.filter(({ path: at }) => /bulk-upload-check|assets$/.test(at)).length;

/** Puts one more file there and gives how many files of before were asked about again by then. */
async function duplicatesBefore(world: PipelineWorld, name: string): Promise<number> {
  writeFileSync(join(world.inbox, name), name);
  const state = await vi.waitFor(() => {
    const payload =
      world.broker.messages.findLast(({ topic }) => topic.endsWith('/uploader/state'))?.payload ?? '{}';
    expect(payload).toContain(name);
    return JSON.parse(payload) as { totals: { duplicates: number } };
  }, PATIENCE);
  return state.totals.duplicates;
}

async function uploadAll(world: PipelineWorld): Promise<NodeRedProcess> {
  for (let index = 0; index < COUNT; index++) put(world, index);
  const nodeRed = await start(world);
  const kept = () => eventsOf(world).filter(({ event_type }) => event_type === 'archived');
  await vi.waitFor(() => expect(kept()).toHaveLength(COUNT), PATIENCE);
  return nodeRed;
}

describe.each(['v2', 'v3'] as const)('originals that stay where they are, with Immich %s', (dialect) => {
  it('are neither hashed nor asked about after a restart; what changed is', async () => {
    const world = await pipelineWorld({ dialect });
    const first = await uploadAll(world);
    await first.stop();
    put(world, 7, 'another picture');
    const second = await start(world);
    await vi.waitFor(() => expect(world.server.assets).toHaveLength(COUNT + 1), PATIENCE);
    expect(await duplicatesBefore(world, 'new.jpg')).toBe(0);
    await second.stop();
  });
});

it('are known after kill -9, too, except for the last second', async () => {
  const world = await pipelineWorld();
  const first = await uploadAll(world);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await first.kill();
  await start(world);
  expect(await duplicatesBefore(world, 'new.jpg')).toBe(0);
});

describe('originals that stay are asked about again', () => {
  it.each<[string, (node: Node) => Node]>([
    [
      'when they are to be moved from now on',
      (node) => (node.type === 'archive-move' ? { ...node, mode: 'move' } : node),
    ],
    [
      'when another node keeps them now',
      (node) => JSON.parse(JSON.stringify(node).replaceAll('ib-archive', 'ib-other')),
    ],
  ])('%s', async (_, change) => {
    const world = await pipelineWorld();
    await (await uploadAll(world)).stop();
    const before = asked(world);
    await start(world, change);
    await vi.waitFor(() => expect(asked(world)).toBeGreaterThan(before), PATIENCE);
    expect(world.server.assets).toHaveLength(COUNT);
  });

  it('when they go to another library: all are uploaded there', async () => {
    const [world, other] = [await pipelineWorld(), await pipelineWorld()];
    await (await uploadAll(world)).stop();
    await start({
      ...world,
      env: { ...world.env, IMMICH_API_URL: other.server.url, IMMICH_API_KEY: other.server.apiKey },
    });
    await vi.waitFor(() => expect(other.server.assets).toHaveLength(COUNT), PATIENCE);
  });

  it('when a person asks to look at all anew', async () => {
    const world = await pipelineWorld();
    await (await uploadAll(world)).stop();
    await start(world);
    expect(await duplicatesBefore(world, 'new.jpg')).toBe(0);
    world.broker.publish('immich-bridge/test/cmd/rescan', JSON.stringify({ v: 1, all: true }));
    const upload = () =>
      world.broker.messages
        .filter(({ topic }) => topic.includes('uploader'))
        .map(({ payload }) => payload)
        .join('\n');
    await vi.waitFor(() => expect(upload()).toContain(`"duplicates":${COUNT + 1}`), PATIENCE);
    expect(world.server.assets).toHaveLength(COUNT + 1);
  });

  it('when their time changed, though not their bytes: asked, not sent', async () => {
    const world = await pipelineWorld();
    await (await uploadAll(world)).stop();
    utimesSync(path(world, 3), new Date(), new Date(1_600_000_000_000));
    const before = asked(world);
    await start(world);
    await vi.waitFor(() => expect(asked(world)).toBe(before + 1), PATIENCE);
    expect(world.server.assets).toHaveLength(COUNT);
  });
});

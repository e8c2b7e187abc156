import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { type NodeRedProcess, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { eventsOf, PATIENCE, pipelineWorld } from '../support/pipeline-world.js';

const flow = (name: string) => JSON.parse(readFileSync(join(projectRoot, 'flows', name), 'utf8')) as object[];

/** Presses the button of an inject node. */
const press = ({ url }: NodeRedProcess, id: string) => fetch(`${url}/inject/${id}`, { method: 'POST' });

it('the audit flow beside the shipped one finds what is missing, and uploads it again from the archive', async () => {
  const world = await pipelineWorld();
  const file = join(world.inbox, '..', 'flow.json');
  writeFileSync(file, JSON.stringify([...flow('immich-bridge.json'), ...flow('audit.json')]));
  const settings = { debugMaxLength: 10_000 };
  const nodeRed = await startNodeRedProcess({
    userDir: world.userDir,
    env: world.env,
    flowFile: file,
    settings,
  });
  mkdirSync(world.inbox, { recursive: true });
  for (const name of ['a', 'b']) writeFileSync(join(world.inbox, `${name}.jpg`), `photo ${name}`);
  const archived = () => eventsOf(world).filter(({ event_type }) => event_type === 'archived');
  await vi.waitFor(() => expect(archived()).toHaveLength(2), PATIENCE);
  const [first] = world.server.assets;
  world.server.remove(first?.id ?? '');

  // What the clock sets off on Sundays, and the button of the same node does now.
  const weekly = flow('audit.json').find((node) => 'id' in node && node.id === 'ia-weekly');
  expect(weekly).toMatchObject({ type: 'inject', crontab: '00 04 * * 0', topic: 'command/audit' });
  await press(nodeRed, 'ia-weekly');
  await vi.waitFor(() => expect(nodeRed.output()).toContain('Audit: 1 are in Immich, 1 missing'), PATIENCE);
  expect(world.server.assets).toHaveLength(1);

  await press(nodeRed, 'ia-requeue');
  await vi.waitFor(() => expect(world.server.assets).toHaveLength(2), PATIENCE);
  expect(readFileSync(join(world.archive, first?.fileName ?? ''), 'utf8')).toMatch(/^photo [ab]$/);
  await vi.waitFor(() => expect(nodeRed.output()).toContain('1 are uploaded again'), PATIENCE);

  // The same from Home Assistant, by the uploader of the shipped flow.
  const last = (topic: string) =>
    JSON.parse(world.broker.messages.findLast((message) => message.topic === topic)?.payload ?? '{}');
  const [lost] = world.server.assets;
  world.server.remove(lost?.id ?? '');
  await world.broker.publish('immich-bridge/test/cmd/audit', '');
  await vi.waitFor(
    () =>
      expect(last('immich-bridge/test/event/audit')).toMatchObject({
        ...{ event_type: 'missing', present: 1, missing: 1, requeued: 0 },
        files: { missing: [lost?.fileName], trashed: [], changed: [], unknown: [] },
      }),
    PATIENCE,
  );
  await world.broker.publish('immich-bridge/test/cmd/audit', '{"v":1,"requeue":true}');
  await vi.waitFor(() => expect(world.server.assets).toHaveLength(2), PATIENCE);
  await vi.waitFor(
    () => expect(last('immich-bridge/test/audit/state')).toMatchObject({ missing: 1, requeued: 1 }),
    PATIENCE,
  );

  await press(nodeRed, 'ia-now');
  await vi.waitFor(() => expect(nodeRed.output()).toContain('Audit: 2 are in Immich, 0 missing'), PATIENCE);
});

import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bridgeTopics } from '../../lib/mqtt/mqtt-topics.js';
import { problemsOf } from '../lib/home-assistant/discovery-rules.js';
import { samplesOf } from '../lib/home-assistant/discovery-samples.js';
import { listenTo, startBroker } from '../support/broker.js';
import { cert } from '../support/certificate.js';
import { fakeNvidiaSmi } from '../support/fake-nvidia-smi.js';
import { filesBelow } from '../support/files-below.js';
import { fixturePath, PHOTOS } from '../support/fixtures.js';
import { proxyFaults } from '../support/immich-stand-in.js';
import { hasMosquitto, startMosquitto } from '../support/mosquitto.js';
import { type NodeRedProcess, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import {
  eventsOf,
  PATIENCE,
  type PipelineWorld,
  pipelineWorld,
  startShippedFlow,
} from '../support/pipeline-world.js';
import { tempFolder } from '../support/world.js';

const ROOT = 'immich-bridge/test';
const DOCUMENT = 'homeassistant/device/immich_bridge_test/config';

const soon = (check: () => unknown) => vi.waitFor(check, PATIENCE);

/** What the broker heard last on a topic. */
const lastOn = ({ broker }: PipelineWorld, topic: string) =>
  broker.messages.findLast((message) => message.topic === topic)?.payload;
const jsonOn = (here: PipelineWorld, topic: string) => JSON.parse(lastOn(here, topic) || 'null');
const uploaderOf = (here: PipelineWorld) => jsonOn(here, `${ROOT}/uploader/state`);
const isUp = (here: PipelineWorld) => soon(() => expect(lastOn(here, DOCUMENT)).toBeTruthy());

/** Sends a command and waits for its answer. */
async function command(here: PipelineWorld, name: string, payload: object = {}): Promise<unknown> {
  const id = `test-${here.broker.messages.length}`;
  await here.broker.publish(`${ROOT}/cmd/${name}`, JSON.stringify({ v: 1, id, ...payload }));
  await soon(() => expect(jsonOn(here, `${ROOT}/cmd/${name}/response`)?.id).toBe(id));
  return jsonOn(here, `${ROOT}/cmd/${name}/response`);
}

async function deploy(nodeRed: NodeRedProcess, flow: object[], type = 'nodes'): Promise<void> {
  const { ok, status } = await fetch(`${nodeRed.url}/flows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': type },
    body: JSON.stringify(flow),
  });
  expect([ok, status]).toEqual([true, 204]);
}

const flowOf = async (nodeRed: NodeRedProcess) =>
  (await (await fetch(`${nodeRed.url}/flows`)).json()) as { id: string; type: string }[];

it('announces itself, tells its states and takes every command, with no other step', async () => {
  const here = await pipelineWorld();
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  await startShippedFlow(here);
  await isUp(here);
  await soon(() => expect(uploaderOf(here)).toMatchObject({ totals: { files: 1 }, today: { uploaded: 1 } }));
  const watch = here.broker.messages.findLast(({ topic }) =>
    /\/watch\/inbox-[0-9a-f]{6}\/state$/.test(topic),
  );
  expect(JSON.parse(watch?.payload ?? '{}')).toMatchObject({ name: 'inbox', path: null });
  expect(Object.keys(jsonOn(here, DOCUMENT).components)).toEqual(
    expect.arrayContaining(['queue_depth', 'paused', 'retry_failed', 'upload', 'trigger_upload_failed']),
  );

  const answers = [
    await command(here, 'pause'),
    await command(here, 'resume'),
    await command(here, 'retry'),
    await command(here, 'rescan', { all: true }),
    await command(here, 'concurrency', { value: 7 }),
  ];
  expect(answers).toMatchObject(answers.map(() => ({ v: 1, ok: true, error: null })));
  await soon(() => expect(uploaderOf(here)).toMatchObject({ concurrency: 7, paused: false }));
  for (const name of ['retry', 'dismiss']) {
    const path = join(here.inbox, 'none.jpg');
    expect(await command(here, name, { path })).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^No failed file lies at "none\.jpg"\./),
    });
  }
  expect(await command(here, 'audit')).toMatchObject({ ok: true });
  const clean = { present: 1, missing: 0, trashed: 0, changed: 0, unknown: 0 };
  await soon(() => expect(jsonOn(here, `${ROOT}/audit/state`)).toMatchObject(clean));
  await soon(() =>
    expect(jsonOn(here, `${ROOT}/event/audit`)).toMatchObject({ event_type: 'clean', ...clean }),
  );
  expect(await command(here, 'destroy')).toMatchObject({
    ok: false,
    error: expect.stringContaining('pause'),
  });
  await here.broker.publish(`${ROOT}/uploader/paused/set`, 'ON');
  await soon(() => expect(uploaderOf(here)).toMatchObject({ state: 'paused', paused: true }));
});

it('stays paused over kill -9 until somebody resumes, and sends nothing meanwhile', async () => {
  const here = await pipelineWorld();
  const first = await startShippedFlow(here);
  await isUp(here);
  await command(here, 'pause');
  await first.kill();
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  await startShippedFlow(here);
  await soon(() => expect(uploaderOf(here)).toMatchObject({ state: 'paused', queue: { pending: 1 } }));
  expect(here.server.assets).toEqual([]);
  await command(here, 'resume');
  await soon(() => expect(filesBelow(here.archive)).toEqual(['photo.jpg']));
});

it('counts on after a restart', async () => {
  const here = await pipelineWorld();
  const [one, two] = [PHOTOS[0], PHOTOS[1]];
  copyFileSync(fixturePath(one), join(here.inbox, one));
  const first = await startShippedFlow(here);
  await soon(() => expect(uploaderOf(here)).toMatchObject({ totals: { files: 1 } }));
  await first.stop();
  copyFileSync(fixturePath(two), join(here.inbox, two));
  await startShippedFlow(here);
  await soon(() => expect(uploaderOf(here)).toMatchObject({ totals: { files: 2 }, today: { uploaded: 2 } }));
});

describe('the life of the device', () => {
  it('ends when the node is deleted, and not when it is switched off', async () => {
    const here = await pipelineWorld();
    const nodeRed = await startShippedFlow(here);
    await isUp(here);
    const flow = await flowOf(nodeRed);
    await deploy(
      nodeRed,
      flow.map((node) => (node.id === 'ib-mqtt' ? { ...node, d: true } : node)),
    );
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('offline'));
    expect(lastOn(here, DOCUMENT)).not.toBe('');
    await deploy(nodeRed, flow);
    await soon(() => expect(lastOn(here, `${ROOT}/status`)).toBe('online'));
    await deploy(
      nodeRed,
      flow.filter(({ id }) => id !== 'ib-mqtt'),
    );
    await soon(() => expect([lastOn(here, DOCUMENT), lastOn(here, `${ROOT}/status`)]).toEqual(['', '']));
    expect(lastOn(here, `${ROOT}/uploader/state`)).toBe('');
    const left = existsSync(join(here.userDir, 'immich-bridge'))
      ? readdirSync(join(here.userDir, 'immich-bridge'))
      : [];
    expect(left.filter((name) => name.startsWith('mqtt-'))).toEqual([]);
  });

  it('goes over to a new name, and leaves nothing of the old one', async () => {
    const here = await pipelineWorld();
    const first = await startShippedFlow(here);
    await isUp(here);
    await first.stop();
    here.env.MQTT_INSTANCE = 'cellar';
    here.env.HA_DISCOVERY_PREFIX = 'ha';
    await startShippedFlow(here);
    await soon(() => expect(lastOn(here, 'ha/device/immich_bridge_cellar/config')).toBeTruthy());
    await soon(() => expect([lastOn(here, DOCUMENT), lastOn(here, `${ROOT}/status`)]).toEqual(['', '']));
    await soon(() => expect(lastOn(here, `${ROOT}/uploader/state`)).toBe(''));
  });

  it('keeps what was told when only another node is deployed', async () => {
    const here = await pipelineWorld();
    const nodeRed = await startShippedFlow(here);
    await isUp(here);
    const flow = await flowOf(nodeRed);
    await deploy(
      nodeRed,
      flow.map((node) => (node.id === 'ib-mqtt' ? { ...node, name: 'anew' } : node)),
    );
    await soon(() => expect(uploaderOf(here)).toMatchObject({ state: 'idle' }));
    expect(here.broker.messages.filter(({ topic, payload }) => topic === DOCUMENT && payload === '')).toEqual(
      [],
    );
  });
});

it('finishes 500 files while the broker is away, and then tells what is and what failed', async () => {
  const here = await pipelineWorld();
  await here.broker.stop();
  for (let index = 0; index < 500; index += 1) {
    const bytes = Buffer.alloc(index < 20 ? 200_000 : 2_000, `photo ${index} `);
    writeFileSync(join(here.inbox, `${index}.jpg`), bytes);
  }
  const lift = here.server.fail(proxyFaults.tooLarge(100_000));
  await startShippedFlow(here);
  await soon(() => expect(filesBelow(here.archive)).toHaveLength(480));
  const broker = await startBroker({ port: here.broker.port });
  onTestFinished(() => broker.stop());
  const back = { ...here, broker };
  const wanted = { failed: 20, totals: { files: 480 }, queue: { depth: 0 } };
  await soon(() => expect(uploaderOf(back)).toMatchObject(wanted));
  await soon(() =>
    expect(countsOf(eventsOf(back))).toMatchObject({ uploaded: 480, archived: 480, failed: 20 }),
  );

  // One file by its path: tried again, or given up.
  lift();
  expect(await command(back, 'retry', { path: join(here.inbox, '7.jpg') })).toMatchObject({ ok: true });
  await soon(() => expect(uploaderOf(back)).toMatchObject({ failed: 19, totals: { files: 481 } }));
  expect(await command(back, 'dismiss', { path: join(here.inbox, '8.jpg') })).toMatchObject({ ok: true });
  await soon(() => expect(uploaderOf(back)).toMatchObject({ failed: 18, totals: { files: 481 } }));
  expect(existsSync(join(here.inbox, '8.jpg'))).toBe(true);
  expect(await command(back, 'retry', { path: join(here.inbox, '8.jpg') })).toMatchObject({ ok: false });
});

/** How many events there are of each type. */
function countsOf(events: readonly Record<string, unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { event_type } of events) counts[String(event_type)] = (counts[String(event_type)] ?? 0) + 1;
  return counts;
}

it('runs the flow for plain MQTT: no document, but states, events and commands', async () => {
  const here = await pipelineWorld({}, { MQTT_INSTANCE: 'ignored' });
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  await startNodeRedProcess({
    userDir: here.userDir,
    env: here.env,
    flowFile: join(projectRoot, 'flows/plain-mqtt.json'),
  });
  await soon(() =>
    expect(jsonOn(here, 'immich-bridge/plain/event/upload')).toMatchObject({ event_type: 'uploaded' }),
  );
  expect(filesBelow(here.inbox)).toEqual(['photo.jpg']);
  await here.broker.publish('immich-bridge/plain/cmd/pause', '{"v":1}');
  await soon(() =>
    expect(jsonOn(here, 'immich-bridge/plain/cmd/pause/response')).toMatchObject({ ok: true }),
  );
  expect(here.broker.messages.filter(({ topic }) => topic.startsWith('homeassistant'))).toEqual([]);
});

it.skipIf(!hasMosquitto())(
  'keeps every rule on a mosquitto with passwords, TLS and access rules',
  async () => {
    const logins = { bridge: 'bridge-pass-1', home: 'home-pass-2' };
    const acl = [
      'user bridge',
      'topic readwrite immich-bridge/#',
      'topic readwrite homeassistant/#',
      'user home',
      'topic readwrite #',
    ];
    const broker = await startMosquitto({ logins, acl });
    const ca = join(tempFolder(), 'ca.pem');
    writeFileSync(ca, cert);
    const gpu = fakeNvidiaSmi();
    const here = await pipelineWorld(
      { permissions: ['all'] },
      {
        MQTT_URL: broker.tlsUrl,
        MQTT_USERNAME: 'bridge',
        MQTT_PASSWORD: logins.bridge,
        NODE_EXTRA_CA_CERTS: ca,
        PATH: gpu.env.PATH ?? '',
      },
    );
    const heard = await listenTo(broker.url, { username: 'home', password: logins.home });
    onTestFinished(async () => {
      await heard.stop();
      await broker.stop();
    });
    copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
    const nodeRed = await startShippedFlow(here);
    const payloadsOn = (topic: string) =>
      heard.messages.filter((message) => message.topic === topic).map(({ payload }) => payload);
    await soon(() => {
      expect(payloadsOn(DOCUMENT).at(-1)).toContain('gpu_0_temperature');
      expect(payloadsOn(DOCUMENT).at(-1)).toContain('storage_used');
      expect(payloadsOn(`${ROOT}/event/upload`).at(-1)).toContain('batch_finished');
    });
    expect(nodeRed.output()).not.toMatch(/refused|does not let us/);

    const document = JSON.parse(payloadsOn(DOCUMENT).at(-1) ?? '');
    const topics = bridgeTopics('immich-bridge', 'test');
    const made = samplesOf(topics, { hasUploader: true, server: { url: null }, folders: [], gpus: [] });
    const told = (topic: string) =>
      payloadsOn(topic)
        .map((payload) => (payload.startsWith('{') ? JSON.parse(payload) : payload))
        // A batch has keys of its own.
        .filter(({ event_type }) => event_type !== 'batch_finished');
    const published = Object.fromEntries(
      [...new Set(heard.messages.map(({ topic }) => topic))].map((topic) => [
        topic,
        { isRetained: !/\/(event|gpu)\//.test(topic), ...made.published[topic], payloads: told(topic) },
      ]),
    );
    const samples = { ...made, published: { ...made.published, ...published } };
    expect(problemsOf(DOCUMENT, document, samples)).toEqual([]);
    const newcomer = await listenTo(broker.url, { username: 'home', password: logins.home });
    await soon(() => expect(newcomer.messages.map(({ topic }) => topic)).toContain(`${ROOT}/uploader/state`));
    await newcomer.stop();
    const retained = newcomer.messages.filter(({ retain }) => retain).map(({ topic }) => topic);
    expect(retained).toEqual(
      expect.arrayContaining([DOCUMENT, `${ROOT}/status`, `${ROOT}/info`, `${ROOT}/server/state`]),
    );
    expect(retained.filter((topic) => /\/(event|cmd|gpu)\//.test(topic))).toEqual([]);

    await nodeRed.kill();
    await soon(() => expect(payloadsOn(`${ROOT}/status`).at(-1)).toBe('offline'));
  },
);

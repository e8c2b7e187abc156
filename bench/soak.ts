/**
 * A week in an hour: all waits are short, photos arrive all the time, the server and the broker go and come back, and
 * memory, descriptors and listeners are looked at again and again, beside a Node-RED without a flow.
 * `node dist/bench/soak.js [minutes]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startBroker } from '../test/support/broker.js';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { descriptorsOf, memoryOf, type NodeRedRun, startNodeRedRun, tellNode } from './node-red-run.js';
import { slopeOf } from './slope.js';

const KEY = 'bench';
const PHOTOS_A_SECOND = 10;

/** What is looked at again and again; sizes are MB. */
interface Sample {
  readonly minutes: number;
  readonly rss: number;
  readonly heap: number;
  readonly descriptors: number;
  readonly listeners: number;
  readonly resources: number;
}

/** The other side, in a process of its own: goes away and comes back when it is told to. */
async function serve(): Promise<void> {
  const server = await startImmichStandIn({ apiKey: KEY, permissions: ['all'] });
  let broker = await startBroker();
  const { port } = broker;
  process.on('message', async (word: string) => {
    if (word === 'server') {
      await server.goDown();
      await pause(1_000);
      await server.comeUp();
    } else if (word === 'broker') {
      await broker.stop();
      await pause(1_000);
      broker = await startBroker({ port });
    } else server.reset();
    process.send?.('done');
  });
  process.send?.({ url: server.url, mqtt: broker.url });
}

const z = 'tab';

function soakFlow(folder: string, url: string, mqtt: string): object[] {
  const node = (id: string, type: string, rest: object) => ({ id, z, type, ...rest });
  const watch = { server: 'server', rescanMinutes: '0.05', wires: [['s'], ['m', 't']] };
  const stable = { quietSeconds: '0.2', checkIntervalSeconds: '0.1', wires: [['u']] };
  const archive = { archiveFolder: join(folder, 'archive'), mode: 'move', wires: [['m']] };
  const polling = { ...watch, polling: 'true', pollSeconds: '0.2' };
  return [
    { id: z, type: 'tab', label: 'bench' },
    { id: 'server', type: 'immich-server', url, connectSeconds: '2', stallSeconds: '5' },
    node('w', 'folder-watch', { ...watch, folders: join(folder, 'inbox') }),
    node('p', 'folder-watch', { ...polling, folders: join(folder, 'share') }),
    node('s', 'stable-file', stable),
    node('u', 'immich-upload', {
      server: 'server',
      wires: [
        ['a', 'm'],
        ['m', 't'],
      ],
    }),
    node('a', 'archive-move', archive),
    node('h', 'immich-health', { server: 'server', interval: '5', wires: [['m', 'u'], ['m']] }),
    node('g', 'gpu-stats', { source: 'auto', interval: '2', wires: [['m'], ['m']] }),
    node('m', 'mqtt-bridge', { url: mqtt, instance: 'bench', wires: [['u']] }),
    node('c', 'catch', { scope: null, wires: [['m']] }),
    tellNode('t'),
  ];
}

async function sampleOf(run: NodeRedRun, beganAt: number): Promise<Sample> {
  await run.collectGarbage();
  const { heapBytes, listeners, resources } = await run.use();
  const { descriptors } = descriptorsOf(run.pid);
  const minutes = (performance.now() - beganAt) / 60_000;
  return {
    minutes,
    rss: memoryOf(run.pid).rssMB,
    heap: heapBytes / 1024 ** 2,
    descriptors,
    listeners,
    resources,
  };
}

/** Photos come into a folder and a share; some are written in two pieces, some in folders that come and go. */
async function writePhoto(folder: string, index: number): Promise<void> {
  const root = join(folder, index % 2 === 0 ? 'inbox' : 'share');
  const album = join(root, `album ${Math.floor(index / 200) % 20}`);
  mkdirSync(album, { recursive: true });
  const path = join(album, `IMG_${index}.jpg`);
  writeFileSync(path, `${index} ${'x'.repeat(20_000)}`);
  if (index % 10 !== 0) return;
  await pause(50);
  appendFileSync(path, 'the rest');
}

/** The disk shall not fill up: archived photos go, and folders that are empty. */
function forgetArchive(folder: string): void {
  const archive = join(folder, 'archive');
  for (const entry of readdirSync(archive, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) rmSync(join(entry.parentPath, entry.name), { force: true });
  }
  for (const root of ['inbox', 'share']) {
    for (const album of readdirSync(join(folder, root))) {
      const path = join(folder, root, album);
      if (readdirSync(path).length === 0) rmdirSync(path);
    }
  }
}

async function tellTo(child: ChildProcess, word: string): Promise<void> {
  child.send(word);
  await once(child, 'message');
}

interface Soak {
  readonly folder: string;
  readonly minutes: number;
  readonly other: ChildProcess;
  readonly ours: NodeRedRun;
  readonly bare: NodeRedRun;
}

/** How long photos come in one go, and how long nothing comes before memory is looked at. */
const BUSY_MS = 15_000;
const REST_MS = 8_000;

/** All that was sent to the server, or was there before. */
const inImmich = ({ told }: NodeRedRun) =>
  (told.upload?.totals.files ?? 0) + (told.upload?.totals.duplicates ?? 0);

/**
 * Photos come for a while, in the midst of which the server or the broker is restarted; then all are uploaded, and what
 * waits for the broker goes out. Memory is looked at when nothing is on its way: work that waits is no leak.
 */
async function soak({ folder, minutes, other, ours, bare }: Soak): Promise<[Sample[], Sample[], number]> {
  const began = performance.now();
  const [ourSamples, bareSamples]: [Sample[], Sample[]] = [[], []];
  let written = 0;
  while (performance.now() - began < minutes * 60_000) {
    const [busyAt, before] = [performance.now(), written];
    let hasRestarted = false;
    for (let ms = 0; ms < BUSY_MS; ms = performance.now() - busyAt) {
      if (written - before < (ms * PHOTOS_A_SECOND) / 1_000) await writePhoto(folder, written++);
      else await pause(20);
      if (hasRestarted || ms < BUSY_MS / 2) continue;
      await tellTo(other, ourSamples.length % 2 === 0 ? 'server' : 'broker');
      hasRestarted = true;
    }
    await ours.until('all are uploaded', () => inImmich(ours) >= written, 120_000);
    await pause(REST_MS);
    ourSamples.push(await sampleOf(ours, began));
    bareSamples.push(await sampleOf(bare, began));
    forgetArchive(folder);
  }
  return [ourSamples, bareSamples, written];
}

/** The first third is the time in which a program finds its size. */
function tell(name: string, samples: readonly Sample[]): void {
  const last = samples.slice(Math.floor(samples.length / 3));
  const line = (key: Exclude<keyof Sample, 'minutes'>, unit: string) => {
    const { slope, margin } = slopeOf(last.map((sample) => [sample.minutes / 60, sample[key]] as const));
    const values = last.map((sample) => sample[key]);
    const range = `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)} ${unit}`;
    console.log(
      `    ${key.padEnd(12)} ${range.padEnd(18)} ${slope.toFixed(2)} ± ${margin.toFixed(2)} ${unit} an hour`,
    );
  };
  console.log(`  ${name}`);
  line('rss', 'MB');
  line('heap', 'MB');
  line('descriptors', '');
  line('listeners', '');
  line('resources', '');
}

async function main(minutes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  for (const name of ['inbox', 'share', 'archive']) mkdirSync(join(folder, name));
  const other = fork(process.argv[1] ?? '', ['server']);
  const [{ url, mqtt }] = (await once(other, 'message')) as [{ url: string; mqtt: string }];
  const env = { IMMICH_API_KEY: KEY };
  const bare = await startNodeRedRun({ folder: join(folder, 'bare'), flow: [] });
  const ours = await startNodeRedRun({
    folder: join(folder, 'ours'),
    flow: soakFlow(folder, url, mqtt),
    env,
  });
  try {
    const [ourSamples, bareSamples, written] = await soak({ folder, minutes, other, ours, bare });
    console.log(
      `${minutes} minutes, ${written} photos, all of them uploaded; server or broker restarted ${ourSamples.length} times`,
    );
    tell('the pack', ourSamples);
    tell('Node-RED without a flow', bareSamples);
  } finally {
    await ours.stop();
    await bare.stop();
    other.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const [argument] = process.argv.slice(2);
if (argument === 'server') await serve();
else await main(Number(argument ?? 5));

/**
 * What many files cost: photos that the server knows lie in watched folders, 100 in each. Node-RED with the pack beside
 * a Node-RED without a flow, a bare walk over the same folders, and chokidar in a bare process; draws the cost a file.
 * `node dist/bench/scale.js [files,files,... [rows.json]]`; with a file of rows, those of earlier runs are drawn, too.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { drawPanels } from './chart.js';
import { fetchChokidar, startChokidar } from './chokidar-run.js';
import { median } from './median.js';
import {
  cpuPercentOf,
  descriptorsOf,
  memoryOf,
  type NodeRedRun,
  pipelineFlow,
  startNodeRedRun,
} from './node-red-run.js';

const KEY = 'bench';
const PER_FOLDER = 100;
const PHOTO_BYTES = 2_000;
/** Of what takes seconds; the largest trees are listed once. */
const runsOf = (files: number) => (files > 100_000 ? 1 : 3);
/** Of 10 seconds: what V8 tidies up once after much work is not what it costs to wait. */
const IDLE_STRETCHES = 5;
const PICTURE = resolve(import.meta.dirname, '../../docs/images/scale.svg');

/** What a program needs to know all the files, and to go on knowing them. */
interface Cost {
  readonly readySeconds: number;
  readonly rssMB: number;
  readonly peakMB: number;
  readonly watches: number;
  readonly idlePercent: number;
}

interface OurCost extends Cost {
  /** Until each file had been hashed and asked about. */
  readonly allSeconds: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

function makeTree(inbox: string, files: number): void {
  for (let folder = 0; folder < files / PER_FOLDER; folder += 1) {
    const path = join(inbox, `album ${folder}`);
    mkdirSync(path, { recursive: true });
    for (let index = 0; index < PER_FOLDER; index += 1) {
      writeFileSync(join(path, `IMG_${folder}_${index}.jpg`), Buffer.alloc(PHOTO_BYTES, index + 1));
    }
  }
}

/** Lists and asks for sizes, as little as any program must that wants to know what lies there. */
async function walk(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  for (let at = 0; at < files.length; at += 64) {
    await Promise.all(files.slice(at, at + 64).map(({ name }) => lstat(join(folder, name))));
  }
  let count = files.length;
  for (const entry of entries) if (entry.isDirectory()) count += await walk(join(folder, entry.name));
  return count;
}

async function walkSeconds(inbox: string): Promise<number> {
  const child = fork(process.argv[1] ?? '', ['walk', inbox]);
  const [ms] = (await once(child, 'message')) as [number];
  await once(child, 'exit');
  return ms / 1_000;
}

async function idleNodeRed(folder: string): Promise<Pick<Cost, 'rssMB' | 'idlePercent'>> {
  const run = await startNodeRedRun({ folder, flow: [] });
  await pause(5_000);
  await run.collectGarbage();
  const idlePercent = await cpuPercentOf(run.pid, IDLE_STRETCHES);
  const { rssMB } = memoryOf(run.pid);
  await run.stop();
  return { rssMB, idlePercent };
}

/** Undefined when it needs more watches, one a file, than the system has. */
async function chokidar(modules: string, inbox: string): Promise<Cost | undefined> {
  const watcher = startChokidar(modules, inbox);
  const readyMs = await watcher.readyMs;
  if (readyMs === undefined) return undefined;
  const readySeconds = readyMs / 1_000;
  await pause(5_000);
  const idlePercent = await cpuPercentOf(watcher.pid, IDLE_STRETCHES);
  const { watches } = descriptorsOf(watcher.pid);
  const cost = { readySeconds, ...memoryOf(watcher.pid), watches, idlePercent };
  await watcher.stop();
  return cost;
}

const isReady = (run: NodeRedRun) => run.told.watch?.state === 'watching';

/** Seconds from the start of the flow until folder-watch has looked at everything, without waiting for the rest. */
async function readySeconds(folder: string, inbox: string, url: string): Promise<number> {
  const flow = pipelineFlow({ inbox, url });
  const run = await startNodeRedRun({ folder, flow, env: { IMMICH_API_KEY: KEY } });
  const at = await run.until('all is listed', () => isReady(run));
  await run.stop();
  return (at - run.startedAt) / 1_000;
}

async function ours(folder: string, inbox: string, url: string, files: number): Promise<OurCost> {
  const flow = pipelineFlow({ inbox, url });
  const run = await startNodeRedRun({ folder, flow, env: { IMMICH_API_KEY: KEY } });
  await run.watchLoop();
  const readyAt = await run.until('all is listed', () => isReady(run));
  const doneAt = await run.until(
    'all is asked',
    () => run.told.upload?.totals.duplicates === files,
    1_200_000,
  );
  const loop = await run.loop();
  const { peakMB } = memoryOf(run.pid);
  await pause(5_000);
  await run.collectGarbage();
  await pause(5_000);
  const idlePercent = await cpuPercentOf(run.pid, IDLE_STRETCHES);
  const { watches } = descriptorsOf(run.pid);
  const { rssMB } = memoryOf(run.pid);
  await run.stop();
  return {
    readySeconds: (readyAt - run.startedAt) / 1_000,
    allSeconds: (doneAt - run.startedAt) / 1_000,
    rssMB,
    peakMB,
    watches,
    idlePercent,
    loopP99Ms: loop.p99Ms,
    loopMaxMs: loop.maxMs,
  };
}

interface Row {
  readonly files: number;
  readonly walkSeconds: number;
  readonly idle: Pick<Cost, 'rssMB' | 'idlePercent'>;
  readonly ours: OurCost;
  readonly other: Cost | undefined;
}

async function measure(folder: string, modules: string, url: string, files: number): Promise<Row> {
  const inbox = join(folder, `inbox-${files}`);
  makeTree(inbox, files);
  const walks: number[] = [];
  const ready: number[] = [];
  const others: number[] = [];
  const idle = await idleNodeRed(join(folder, 'idle'));
  const all = await ours(join(folder, `red-${files}`), inbox, url, files);
  const other = await chokidar(modules, inbox);
  for (let run = 0; run < runsOf(files); run += 1) {
    walks.push(await walkSeconds(inbox));
    ready.push(await readySeconds(join(folder, `again-${files}-${run}`), inbox, url));
    const watcher = startChokidar(modules, inbox);
    others.push(((await watcher.readyMs) ?? 0) / 1_000);
    await watcher.stop();
  }
  rmSync(inbox, { recursive: true });
  return {
    files,
    walkSeconds: median(walks),
    idle,
    ours: { ...all, readySeconds: median(ready) },
    other: other && { ...other, readySeconds: median(others) },
  };
}

function tell({ files, walkSeconds: walked, idle, ours: we, other }: Row): void {
  const row = (name: string, text: string) => console.log(`  ${name.padEnd(18)} ${text}`);
  const cost = (of: Cost) =>
    `ready ${of.readySeconds.toFixed(2)} s (${(of.readySeconds / walked).toFixed(1)} x the walk)  ` +
    `RSS ${of.rssMB.toFixed(0)} MB, peak ${of.peakMB.toFixed(0)} MB  ${of.watches} watches  idle ${of.idlePercent.toFixed(2)} %`;
  console.log(`${files} files in ${files / PER_FOLDER} folders`);
  row('a bare walk', `${walked.toFixed(2)} s`);
  row('Node-RED, no flow', `RSS ${idle.rssMB.toFixed(0)} MB  idle ${idle.idlePercent.toFixed(2)} %`);
  row('the pipeline', `${cost(we)}`);
  row(
    '',
    `all asked ${we.allSeconds.toFixed(1)} s  event loop p99 ${we.loopP99Ms.toFixed(1)} ms, longest ${we.loopMaxMs.toFixed(0)} ms`,
  );
  row('chokidar, bare', other ? cost(other) : 'ended: it needs one watch a file, more than the system has');
}

function draw(rows: readonly Row[]): string {
  const perFile = (pick: (row: Row) => number, scale: number) =>
    rows.map((row) => [row.files, (scale * pick(row)) / row.files] as const);
  return drawPanels('What many files cost', [
    {
      title: 'Time until all files are known',
      unit: 'microseconds a file',
      lines: [
        { name: 'folder-watch', points: perFile(({ ours: we }) => we.readySeconds, 1e6) },
        {
          name: 'chokidar',
          points: rows.flatMap(({ files, other }) =>
            other ? [[files, (1e6 * other.readySeconds) / files] as const] : [],
          ),
        },
        { name: 'bare walk', points: perFile((row) => row.walkSeconds, 1e6) },
      ],
    },
    {
      title: 'Memory beyond an idle Node-RED',
      unit: 'MB',
      lines: [
        {
          name: 'at rest',
          points: rows.map((row) => [row.files, Math.max(0, row.ours.rssMB - row.idle.rssMB)]),
        },
        { name: 'at most', points: rows.map((row) => [row.files, row.ours.peakMB - row.idle.rssMB]) },
      ],
    },
    {
      title: 'Time until each file is hashed and asked about',
      unit: 'microseconds a file',
      lines: [{ name: 'pipeline', points: perFile(({ ours: we }) => we.allSeconds, 1e6) }],
    },
  ]);
}

/** The server knows each of the contents. */
async function seed(url: string): Promise<void> {
  for (let index = 0; index < PER_FOLDER; index += 1) {
    const form = new FormData();
    form.set('assetData', new Blob([Buffer.alloc(PHOTO_BYTES, index + 1)]), `${index}.jpg`);
    const date = '2026-01-01T00:00:00.000Z';
    for (const field of ['fileCreatedAt', 'fileModifiedAt']) form.set(field, date);
    for (const field of ['deviceAssetId', 'deviceId']) form.set(field, `bench-${index}`);
    const answer = await fetch(`${url}/api/assets`, {
      method: 'POST',
      headers: { 'x-api-key': KEY },
      body: form,
    });
    if (answer.status !== 201) throw new Error(`The stand-in answered ${answer.status}.`);
  }
}

async function main(sizes: readonly number[], kept: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const server = fork(process.argv[1] ?? '', ['server']);
  try {
    const [url] = (await once(server, 'message')) as [string];
    await seed(url);
    await fetchChokidar(join(folder, 'chokidar'));
    const rows: Row[] = kept !== undefined && existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : [];
    for (const files of sizes) {
      const row = await measure(folder, join(folder, 'chokidar'), url, files);
      tell(row);
      rows.push(row);
      if (kept !== undefined) writeFileSync(kept, JSON.stringify(rows));
    }
    rows.sort((a, b) => a.files - b.files);
    if (rows.length > 1) writeFileSync(PICTURE, draw(rows));
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

const [role, argument = ''] = process.argv.slice(2);
if (role === 'server') process.send?.((await startImmichStandIn({ apiKey: KEY })).url);
else if (role === 'walk') {
  const began = performance.now();
  await walk(argument);
  process.send?.(performance.now() - began);
} else {
  // "0" measures nothing and draws the rows that are kept.
  const sizes = (role ?? '10000,50000,100000,200000').split(',').map(Number);
  await main(
    sizes.filter((files) => files > 0),
    argument || undefined,
  );
}

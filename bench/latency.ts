/**
 * How long a file waits beyond the quiet time: from the moment in which its writer has closed it until its first bytes
 * reach the server, while a thousand others wait because they still grow. Beside it, chokidar in a bare process with its own way
 * to wait for complete files. `node dist/bench/latency.js [seconds [even]]`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { fetchChokidar, startChokidar } from './chokidar-run.js';
import { cpuMsOf, pipelineFlow, startNodeRedRun } from './node-red-run.js';

const KEY = 'bench';
const QUIET_MS = 5_000;
const WAITING = 1_000;
const PHOTO_BYTES = 100_000;
/** Whether those that wait are whole and in their quiet time (`even`); else they grow, and fewer photos come. */
const IS_EVEN = process.argv[3] === 'even';
const PHOTOS_A_SECOND = IS_EVEN ? WAITING / (QUIET_MS / 1_000) : 20;
const BURST = 10_000;
const SECONDS = Number(process.argv[2] ?? 20);
const nowMs = () => performance.timeOrigin + performance.now();

/** Tells when the first bytes of each file came. */
async function serve(): Promise<void> {
  const seen = new Set<string>();
  const onBytes = (_: Buffer, path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    process.send?.({ path, at: nowMs() });
  };
  const { url } = await startImmichStandIn({ apiKey: KEY, onBytes });
  process.send?.(url);
}

/** A thousand files that are still being written: a byte more for each within the quiet time, one after the other. */
function keepGrowing(folder: string): () => void {
  const paths = Array.from({ length: WAITING }, (_, index) => join(folder, `growing-${index}.jpg`));
  for (const path of paths) writeFileSync(path, Buffer.alloc(PHOTO_BYTES));
  let next = 0;
  const each = (0.8 * QUIET_MS) / WAITING;
  const began = performance.now();
  const timer = setInterval(() => {
    for (; next * each < performance.now() - began; next += 1)
      appendFileSync(paths[next % WAITING] ?? '', '.');
  }, 10);
  return () => clearInterval(timer);
}

/** Photos that arrive whole; gives when each was complete. */
async function writePhotos(folder: string): Promise<Map<string, number>> {
  const complete = new Map<string, number>();
  const began = performance.now();
  for (let index = 0; index < SECONDS * PHOTOS_A_SECOND; index += 1) {
    await pause(Math.max(0, began + (1_000 * index) / PHOTOS_A_SECOND - performance.now()));
    const name = `IMG_${index}.jpg`;
    writeFileSync(join(folder, name), Buffer.alloc(PHOTO_BYTES, name));
    complete.set(name, nowMs());
  }
  return complete;
}

interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly worst: number;
  readonly cpuPercent: number;
  readonly count: number;
}

/** Writes while a program listens, and sums up how late each file began to move. */
async function measure(
  folder: string,
  heard: ReadonlyMap<string, number>,
  cpuMs: () => number,
): Promise<Figures> {
  const stopGrowing = IS_EVEN ? () => undefined : keepGrowing(folder);
  await pause(QUIET_MS);
  const [cpuBefore, began] = [cpuMs(), performance.now()];
  const complete = await writePhotos(folder);
  const cpuPercent = (100 * (cpuMs() - cpuBefore)) / (performance.now() - began);
  const patience = performance.now() + 60_000;
  const isMissing = () => [...complete.keys()].some((name) => !heard.has(name));
  while (isMissing() && performance.now() < patience) await pause(50);
  stopGrowing();
  const late = [...complete].flatMap(([name, at]) => {
    const begin = heard.get(name);
    return begin === undefined ? [] : begin - at - QUIET_MS;
  });
  late.sort((a, b) => a - b);
  const at = (share: number) =>
    late[Math.min(late.length - 1, Math.floor(share * late.length))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), worst: at(1), cpuPercent, count: late.length };
}

async function ours(folder: string): Promise<Figures> {
  const server = fork(process.argv[1] ?? '', ['server']);
  const [url] = (await once(server, 'message')) as [string];
  const heard = new Map<string, number>();
  server.on('message', ({ path, at }: { path: string; at: number }) => heard.set(path, at));
  const inbox = join(folder, 'inbox');
  mkdirSync(inbox);
  const run = await startNodeRedRun({
    folder: join(folder, 'node-red'),
    flow: pipelineFlow({ inbox, url, archive: join(folder, 'archive'), quietSeconds: QUIET_MS / 1_000 }),
    env: { IMMICH_API_KEY: KEY },
  });
  await run.until('folder-watch watches', () => run.told.watch?.state === 'watching');
  await run.watchLoop();
  const figures = await measure(inbox, heard, () => cpuMsOf(run.pid));
  const { p99Ms, maxMs } = await run.loop();
  console.log(`  event loop: p99 ${p99Ms.toFixed(1)} ms, longest ${maxMs.toFixed(1)} ms`);
  await run.stop();
  server.kill();
  return figures;
}

async function theirs(folder: string): Promise<Figures> {
  const [modules, inbox] = [join(folder, 'chokidar'), join(folder, 'inbox-2')];
  mkdirSync(inbox);
  await fetchChokidar(modules);
  const heard = new Map<string, number>();
  const watcher = startChokidar(modules, inbox, QUIET_MS);
  watcher.onFile((path, at) => heard.set(basename(path), at));
  await watcher.readyMs;
  const figures = await measure(inbox, heard, () => cpuMsOf(watcher.pid));
  await watcher.stop();
  return figures;
}

/** Another process writes 10,000 photos into one folder while the server is away: how late the event loop gets. */
async function burst(folder: string): Promise<void> {
  const inbox = join(folder, 'inbox-3');
  mkdirSync(inbox);
  const run = await startNodeRedRun({
    folder: join(folder, 'node-red-3'),
    flow: pipelineFlow({ inbox, url: 'http://127.0.0.1:9' }),
    env: { IMMICH_API_KEY: KEY },
  });
  await run.until('folder-watch watches', () => run.told.watch?.state === 'watching');
  await run.watchLoop();
  const writer = fork(process.argv[1] ?? '', ['burst', inbox]);
  await once(writer, 'exit');
  await run.until('all are found', () => run.told.watch?.folders[0]?.fileCount === BURST);
  const { p99Ms, maxMs } = await run.loop();
  console.log(
    `${BURST} photos by another process: event loop p99 ${p99Ms.toFixed(1)} ms, longest ${maxMs.toFixed(1)} ms`,
  );
  await run.stop();
}

function tell(who: string, { p50, p95, worst, cpuPercent, count }: Figures): void {
  const [half, most, all] = [p50, p95, worst].map((ms) => `${ms.toFixed(0)} ms`);
  console.log(
    `  ${who.padEnd(34)} p50 ${half}  p95 ${most}  worst ${all}  cpu ${cpuPercent.toFixed(0)} %  (${count})`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    console.log(
      `Beyond a quiet time of ${QUIET_MS / 1_000} s, with ${WAITING} files waiting (${IS_EVEN ? 'in their quiet time' : 'they grow'}), ${PHOTOS_A_SECOND} photos/s for ${SECONDS} s`,
    );
    const [a, b] = [await ours(folder), await theirs(folder)];
    tell('upload begins (folder to server)', a);
    tell('chokidar tells (nothing is sent)', b);
    console.log(`  p95: ${(a.p95 / b.p95).toFixed(2)} x chokidar's`);
    await burst(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[2] === 'server') await serve();
else if (process.argv[2] === 'burst') {
  for (let index = 0; index < BURST; index += 1) {
    writeFileSync(join(process.argv[3] ?? '', `IMG_${index}.jpg`), Buffer.alloc(PHOTO_BYTES));
  }
} else await main();

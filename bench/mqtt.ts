/**
 * What telling over MQTT costs the uploads: the shipped flow with 2,000 photos on a Node-RED of its own, with a broker,
 * with a broker that is away, and without one. The three take turns, and the figures are medians and ratios.
 * `npm run bench`
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startBroker } from '../test/support/broker.js';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { median } from './median.js';

const PHOTOS = 2_000;
const RUNS = 7;
const LAUNCHER = resolve(import.meta.dirname, '../bin/start.js');

/** Seconds from the first to the last photo that reaches the server. */
async function uploadAll(mqttUrl: string | undefined): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const inbox = join(folder, 'inbox');
  mkdirSync(inbox);
  for (let index = 0; index < PHOTOS; index += 1)
    writeFileSync(join(inbox, `${index}.jpg`), randomBytes(5_000));
  const server = await startImmichStandIn();
  const env = {
    ...process.env,
    IMMICH_API_URL: server.url,
    IMMICH_API_KEY: server.apiKey,
    WATCH_DIRECTORIES: inbox,
    ARCHIVE_DIRECTORY: join(folder, 'archive'),
    FILE_STABILITY_WAIT_SECONDS: '0.5',
    IMMICH_BRIDGE_DIR: join(folder, 'node-red'),
    MQTT_INSTANCE: 'bench',
    MQTT_URL: mqttUrl ?? '',
    PORT: '0',
  };
  const nodeRed = fork(LAUNCHER, { cwd: folder, env, silent: true });
  const reached = async (count: number) => {
    while (server.assets.length < count) {
      if (nodeRed.exitCode !== null) throw new Error('Node-RED ended before its time.');
      await pause(2);
    }
    return performance.now();
  };
  const began = await reached(1);
  const seconds = ((await reached(PHOTOS)) - began) / 1_000;
  nodeRed.kill();
  await once(nodeRed, 'exit');
  await server.stop();
  rmSync(folder, { recursive: true });
  return seconds;
}

/** A broker in a process of its own, so that it takes no time from the server that stands in for Immich. */
async function forkBroker(): Promise<{ url: string; stop(): void }> {
  const child = fork(process.argv[1] ?? '', ['broker']);
  const [url] = (await once(child, 'message')) as [string];
  return { url, stop: () => child.kill() };
}

async function measure(): Promise<void> {
  const broker = await forkBroker();
  const gone = await startBroker();
  await gone.stop();
  const ways = { 'no broker': undefined, 'a broker': broker.url, 'a broker that is away': gone.url };
  const seconds: Record<string, number[]> = {};
  for (let run = 0; run < RUNS; run += 1) {
    for (const [way, url] of Object.entries(ways)) {
      seconds[way] = [...(seconds[way] ?? []), await uploadAll(url)];
    }
  }
  broker.stop();
  report(seconds);
}

function report(seconds: Record<string, number[]>): void {
  const plain = median(seconds['no broker'] ?? []);
  console.log(`${PHOTOS} photos of 5 kB through the shipped flow, median of ${RUNS} runs`);
  for (const [way, values] of Object.entries(seconds)) {
    const value = median(values);
    console.log(`  ${way.padEnd(22)} ${value.toFixed(2)} s  ${(value / plain).toFixed(3)} x`);
  }
}

if (process.argv[2] === 'broker') process.send?.((await startBroker()).url);
else await measure();

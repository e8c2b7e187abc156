/**
 * What watching costs: a reading of a GPU beside the bare start of the same tool, and a look at Immich's health beside
 * bare fetches of the same pages. The tool is a shell script, so that its own work does not count, and the server is a
 * process of its own. Each run is a process of its own, the programs take turns, and the figures are medians: processor
 * time a reading (on Linux with that of the tool), its share of one core at the default interval, and the ratio.
 * `npm run bench`
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNvidiaFields } from '../lib/gpu/nvidia/nvidia-fields.js';
import { createNvidiaSource } from '../lib/gpu/nvidia/nvidia-source.js';
import { parseHealthSettings } from '../lib/health/health-settings.js';
import { createHealthWatch } from '../lib/health/health-watch.js';
import { createKeyRights } from '../lib/health/key-rights.js';
import { lookAtServer } from '../lib/health/server-look.js';
import { createImmichClient } from '../lib/immich/immich-client.js';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { median } from './median.js';

const KEY = 'bench';
const LOOKS = 200;
/** Before it is measured: a flow runs for weeks. */
const WARM_UP = 20;
const RUNS = 7;
const GPU_INTERVAL_MS = 30_000;
const { intervalMs: HEALTH_INTERVAL_MS, limits } = parseHealthSettings({});
const QUERY = createNvidiaFields().queryArgs();

/** What one child process does, by the first argument; what it makes is done again and again. */
const looks: Record<string, (...args: string[]) => () => Promise<unknown>> = {
  'a reading'(program, root) {
    const { signal } = new AbortController();
    const source = createNvidiaSource({ program, root, intervalMs: GPU_INTERVAL_MS, signal });
    return async () => {
      const { samples } = await source.look();
      if (samples?.[0]?.temperatureC !== 46) throw new Error('The tool was not read.');
    };
  },
  'a bare start'(program = '') {
    return async () => {
      const child = spawn(program, QUERY, { stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.resume();
      await once(child, 'close');
    };
  },
  'a look'(url = '') {
    const { signal } = new AbortController();
    const client = createImmichClient({ baseUrl: `${url}/api`, apiKey: KEY });
    const rights = createKeyRights();
    const next = createHealthWatch({ url, limits });
    return async () => {
      const seen = await lookAtServer({ client, hasKey: true, rights, limitMs: 20_000 }, signal);
      const { report } = next(seen, null, { date: new Date(), ms: performance.now() });
      if (report.problem !== null || report.quota.usedBytes === null) throw new Error('Not all was seen.');
    };
  },
  'bare fetches'(url = '', ...paths) {
    return async () => {
      for (const path of paths) await (await fetch(url + path, { headers: { 'x-api-key': KEY } })).text();
    };
  },
};

/** Processor time of this process in milliseconds and, on Linux, of the children that it waited for. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  const stat = existsSync('/proc/self/stat') ? readFileSync('/proc/self/stat', 'utf8') : ') ';
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15);
  // Linux tells these in hundredths of a second.
  return (user + system) / 1_000 + ticks.reduce((sum, count) => sum + 10 * Number(count), 0);
}

/** Serves until it is killed, and tells which pages a look asks for. */
async function serve(): Promise<void> {
  const server = await startImmichStandIn({ apiKey: KEY, permissions: ['all'], quotaBytes: 1e12 });
  process.on('message', () => process.send?.(server.requests.map(({ path }) => path)));
  process.send?.(server.url);
}

async function repeat(role: string, count: string, args: string[]): Promise<void> {
  const look = looks[role]?.(...args);
  if (look === undefined) throw new Error(`There is no "${role}".`);
  for (let warm = 0; warm < WARM_UP && count !== '1'; warm += 1) await look();
  const before = processorMs();
  for (let done = 0; done < Number(count); done += 1) await look();
  process.send?.((processorMs() - before) / Number(count));
  process.exit();
}

async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const [answer] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('A program ended before its time.'))),
  ]);
  return answer as Answer;
}

function run(role: string, count: number, args: readonly string[]): Promise<number> {
  return answerOf<number>(fork(process.argv[1] ?? '', [role, String(count), ...args]));
}

/** Measures the first of two programs beside the second. */
async function compare(programs: Readonly<Record<string, readonly string[]>>, intervalMs: number) {
  const ms: Record<string, number[]> = {};
  for (let turn = 0; turn < RUNS; turn += 1) {
    for (const [role, args] of Object.entries(programs)) {
      ms[role] = [...(ms[role] ?? []), await run(role, LOOKS, args)];
    }
  }
  const bare = median(Object.values(ms).at(-1) ?? []);
  for (const [role, values] of Object.entries(ms)) {
    const value = median(values);
    const share = `${((100 * value) / intervalMs).toFixed(4)} % of a core every ${intervalMs / 1_000} s`;
    console.log(`  ${role.padEnd(14)} ${value.toFixed(2)} ms  ${share}  ${(value / bare).toFixed(2)} x`);
  }
}

/** A tool that prints what nvidia-smi would, at no cost of its own, and the PCI bus of a desktop. */
function gpuWorld(folder: string): [program: string, root: string] {
  const fields = QUERY[0]?.split('=')[1]?.split(',') ?? [];
  const values: Record<string, string> = {
    uuid: 'GPU-11111111-2222-3333-4444-555555555555',
    'pci.bus_id': '00000000:01:00.0',
    'temperature.gpu': '46',
    persistence_mode: 'Enabled',
  };
  const row = fields.map((field, index) => values[field] ?? String(index)).join(', ');
  const program = join(folder, 'nvidia-smi');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' '${fields.join(', ')}' '${row}'\n`, { mode: 0o755 });
  for (let slot = 0; slot < 30; slot += 1) {
    const device = join(folder, `sys/bus/pci/devices/0000:0${slot % 8}:${String(slot).padStart(2, '0')}.0`);
    mkdirSync(join(device, 'power'), { recursive: true });
    writeFileSync(join(device, 'vendor'), slot === 1 ? '0x10de\n' : '0x8086\n');
    writeFileSync(join(device, 'class'), '0x030000\n');
    writeFileSync(join(device, 'power/runtime_status'), 'active\n');
  }
  return [program, folder];
}

async function measureGpu(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const [program, root] = gpuWorld(folder);
    console.log(`A GPU, ${LOOKS} readings, median of ${RUNS} runs`);
    await compare({ 'a reading': [program, root], 'a bare start': [program] }, GPU_INTERVAL_MS);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureHealth(): Promise<void> {
  const server = fork(process.argv[1] ?? '', ['server']);
  try {
    const url = await answerOf<string>(server);
    await run('a look', 1, [url]);
    server.send('paths');
    const paths = await answerOf<string[]>(server);
    console.log(`Immich's health, ${LOOKS} looks of ${paths.length} requests, median of ${RUNS} runs`);
    await compare({ 'a look': [url], 'bare fetches': [url, ...paths] }, HEALTH_INTERVAL_MS);
  } finally {
    server.kill();
  }
}

const [role, count = '', ...args] = process.argv.slice(2);
if (role === undefined) {
  await measureGpu();
  await measureHealth();
} else if (role === 'server') await serve();
else await repeat(role, count, args);

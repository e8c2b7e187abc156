import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { descriptorsOf, idleCpuPercent, memoryOf, startNodeRedRun, tellNode } from './node-red-run.js';

const flow = (inbox: string, url: string): object[] => [
  { id: 'tab', type: 'tab', label: 'bench' },
  { id: 'server', type: 'immich-server', url },
  { id: 'w', z: 'tab', type: 'folder-watch', folders: inbox, server: 'server', wires: [['s'], ['t']] },
  { id: 's', z: 'tab', type: 'stable-file', quietSeconds: '5', wires: [['u']] },
  { id: 'u', z: 'tab', type: 'immich-upload', server: 'server', wires: [['a'], ['t']] },
  { id: 'a', z: 'tab', type: 'archive-move', mode: 'keep', wires: [[]] },
  tellNode('t'),
];

function makeTree(folder: string, count: number): void {
  const perFolder = 100;
  for (let f = 0; f < count / perFolder; f++) {
    const sub = join(folder, `album ${f}`);
    mkdirSync(sub, { recursive: true });
    for (let i = 0; i < perFolder; i++) writeFileSync(join(sub, `IMG_${f}_${i}.jpg`), Buffer.alloc(2000, i + 1));
  }
}

async function main() {
  const count = Number(process.argv[2] ?? 10_000);
  const server = fork(process.argv[1]!, ['server']);
  const [url] = (await once(server, 'message')) as [string];
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const inbox = join(folder, 'inbox');
  mkdirSync(inbox);
  console.time('tree');
  makeTree(inbox, count);
  console.timeEnd('tree');
  const bare = await startNodeRedRun({ folder: join(folder, 'bare'), flow: [], env: { IMMICH_API_KEY: 'bench' } });
  await pause(3000);
  console.log('bare', memoryOf(bare.pid), descriptorsOf(bare.pid));
  await bare.loop(); console.log('bare idle', await idleCpuPercent(async () => (await bare.use()).cpuMs, 10_000), await bare.loop());
  await bare.stop();
  const run = await startNodeRedRun({ folder: join(folder, 'red'), flow: flow(inbox, url), env: { IMMICH_API_KEY: 'bench' } , nodeArguments: process.env.NODE_ARGS?.split(' ') ?? []});
  await run.loop();
  const at = await run.until('ready', () => run.told.watch?.state === 'watching');
  console.log('ready', (at - run.startedAt) / 1000, memoryOf(run.pid), descriptorsOf(run.pid), await run.loop());
  const all = await run.until('all', () => ((x) => x !== undefined && x.totals.files + x.totals.duplicates >= count)(run.told.upload), 900_000);
  console.log('all', (all - run.startedAt) / 1000, memoryOf(run.pid), await run.loop());
  await pause(5000);
  console.log('after', memoryOf(run.pid), await run.use());
  await run.collectGarbage();
  await pause(2000);
  console.log('gc', memoryOf(run.pid), await run.use());
  for (let k = 0; k < 4; k++) console.log('idle cpu %', await idleCpuPercent(async () => (await run.use()).cpuMs, 10_000), await run.loop());
  await run.stop();
  server.kill();
  rmSync(folder, { recursive: true });
}
if (process.argv[2] === 'server') { const { url } = await startImmichStandIn({ apiKey: 'bench' }); process.send?.(url); } else await main();

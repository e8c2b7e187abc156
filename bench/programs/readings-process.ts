/** Does one thing again and again, and sends the processor time of one time in milliseconds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createNvidiaFields } from '../../lib/gpu/nvidia/nvidia-fields.js';
import { createNvidiaSource } from '../../lib/gpu/nvidia/nvidia-source.js';
import { parseHealthSettings } from '../../lib/health/health-settings.js';
import { createHealthWatch } from '../../lib/health/health-watch.js';
import { createKeyRights } from '../../lib/health/key-rights.js';
import { lookAtServer } from '../../lib/health/server-look.js';
import { createImmichClient } from '../../lib/immich/immich-client.js';

const LOOKS = 200;
/** Before it is measured: a flow runs for weeks. */
const WARM_UP = 20;
const GPU_INTERVAL_MS = 30_000;
const QUERY = createNvidiaFields().queryArgs();
const { limits } = parseHealthSettings({});

/** What is done, by the first argument. */
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
  'a look'(url = '', apiKey = '') {
    const { signal } = new AbortController();
    const client = createImmichClient({ baseUrl: `${url}/api`, apiKey });
    const rights = createKeyRights();
    const next = createHealthWatch({ url, limits });
    return async () => {
      const seen = await lookAtServer({ client, hasKey: true, rights, limitMs: 20_000 }, signal);
      const { report } = next(seen, null, { date: new Date(), ms: performance.now() });
      if (report.problem !== null || report.quota.usedBytes === null) throw new Error('Not all was seen.');
    };
  },
  'bare fetches'(url = '', apiKey = '', ...paths) {
    return async () => {
      for (const path of paths) await (await fetch(url + path, { headers: { 'x-api-key': apiKey } })).text();
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

const [role = '', ...args] = process.argv.slice(2);
const look = looks[role]?.(...args);
if (look === undefined) throw new Error(`There is no "${role}".`);
for (let warm = 0; warm < WARM_UP; warm += 1) await look();
const before = processorMs();
for (let done = 0; done < LOOKS; done += 1) await look();
process.send?.((processorMs() - before) / LOOKS);
process.exit();

/**
 * What watching costs: a reading of a GPU beside the bare start of the same tool, and a look at Immich's health beside
 * bare fetches of the same pages. The tool is a shell script, so that its own work does not count, and the server is a
 * process of its own. What counts is processor time a reading (on Linux with that of the tool), and its share of one
 * core at the default interval.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNvidiaFields } from '../lib/gpu/nvidia/nvidia-fields.js';
import { parseHealthSettings } from '../lib/health/health-settings.js';
import { createKeyRights } from '../lib/health/key-rights.js';
import { lookAtServer } from '../lib/health/server-look.js';
import { createImmichClient } from '../lib/immich/immich-client.js';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { answerOf, forkRole } from './harness/child-role.js';
import type { Report } from './harness/report.js';
import { startStandIn } from './harness/server.js';
import type { BenchSettings } from './harness/settings.js';
import { type Contestant, takeTurns } from './harness/turns.js';

const ROUNDS = 7;
const GPU_INTERVAL_MS = 30_000;
const QUERY = createNvidiaFields().queryArgs();

/** Part `readings` of the bench. */
export async function measure(settings: BenchSettings, report: Report): Promise<void> {
  await measureGpu(settings, report);
  await measureHealth(settings, report);
}

async function measureGpu(settings: BenchSettings, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const [program, root] = gpuWorld(folder);
    const programs = { 'a reading': [program, root], 'a bare start': [program] };
    await compare('A GPU, 200 readings', programs, GPU_INTERVAL_MS, settings, report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureHealth(settings: BenchSettings, report: Report): Promise<void> {
  const server = await startStandIn({ dialect: 'v2', quotaBytes: 1e12 });
  try {
    const { url, apiKey } = server;
    const paths = await pathsOfLook();
    const programs = { 'a look': [url, apiKey], 'bare fetches': [url, apiKey, ...paths] };
    const title = `Immich's health, 200 looks of ${paths.length} requests`;
    await compare(title, programs, parseHealthSettings({}).intervalMs, settings, report);
  } finally {
    server.stop();
  }
}

/** The pages that a look at the health asks for. */
async function pathsOfLook(): Promise<string[]> {
  const server = await startImmichStandIn({ permissions: ['all'], quotaBytes: 1e12 });
  const client = createImmichClient({ baseUrl: `${server.url}/api`, apiKey: server.apiKey });
  try {
    const inquiry = { client, hasKey: true, rights: createKeyRights(), limitMs: 20_000 };
    await lookAtServer(inquiry, new AbortController().signal);
    return server.requests.map(({ path }) => path);
  } finally {
    client.close();
    await server.stop();
  }
}

/** Measures the first of two programs beside the second. */
async function compare(
  title: string,
  programs: Readonly<Record<string, readonly string[]>>,
  intervalMs: number,
  settings: BenchSettings,
  report: Report,
): Promise<void> {
  if (!settings.wants(title)) return;
  const contestants = Object.entries(programs).map(
    ([name, args]): Contestant => ({
      name,
      async run() {
        const cpuMs = await answerOf<number>(forkRole('programs/readings-process.js', [name, ...args]));
        return { cpuMs, percentOfCore: (100 * cpuMs) / intervalMs };
      },
    }),
  );
  const standings = await takeTurns(contestants, settings.rounds ?? ROUNDS);
  const [of = '', to = ''] = Object.keys(programs);
  const notes = [`percentOfCore: at the default interval of ${intervalMs / 1_000} s`];
  const findings = [{ kind: 'share', of, to, figure: 'cpuMs' } as const];
  report.add({ part: 'readings', title, standings, findings, notes });
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

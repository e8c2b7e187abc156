#!/usr/bin/env node
// Stands in for nvidia-smi: a real program that answers, and misbehaves, as the file behaviour.json beside it says
// (see fake-nvidia-smi.ts). It notes each call in calls.log.
import { appendFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folder = dirname(process.argv[1]);
const args = process.argv.slice(2);
const { gpus = [], ...is } = JSON.parse(readFileSync(join(folder, 'behaviour.json'), 'utf8'));
appendFileSync(join(folder, 'calls.log'), `${JSON.stringify({ pid: process.pid, args })}\n`);

const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const UNITS = [
  [/^memory\.|^used_gpu_memory/, 'MiB'],
  [/^utilization|^fan/, '%'],
  [/^power\.draw|power\.limit$/, 'W'],
  [/^clocks\./, 'MHz'],
];
const unitOf = (field) => UNITS.find(([pattern]) => pattern.test(field))?.[1];
const headerOf = (fields) =>
  fields.map((field) => (unitOf(field) ? `${field} [${unitOf(field)}]` : field)).join(', ');
const cellOf = (row, field) => {
  const value = row[field] ?? '[N/A]';
  return typeof value === 'number' && unitOf(field) ? `${value} ${unitOf(field)}` : value;
};
const rowsOf = (rows, fields) => rows.map((row) => fields.map((field) => cellOf(row, field)).join(', '));

function leave(text, exitCode = 0) {
  process.stdout.write(text, () => process.exit(exitCode));
}

function queryGpus(fields) {
  const unknown = fields.find((field) => is.unknownFields?.includes(field));
  if (unknown) return leave(`Field "${unknown}" is not a valid field to query.\n\n`, 2);
  const slots = option('id')?.split(',');
  const asked = gpus.filter((gpu) => !slots || slots.includes(gpu['pci.bus_id'].slice(4).toLowerCase()));
  const lost = asked.find((gpu) => gpu.isLost);
  if (lost) {
    return leave(
      `Unable to determine the device handle for GPU ${lost['pci.bus_id'].slice(4)}: GPU is lost. Reboot.\n`,
      15,
    );
  }
  const everyMs = Number(option('loop-ms'));
  if (!everyMs) return leave(`${[headerOf(fields), ...rowsOf(asked, fields)].join('\n')}\n`);
  process.stdout.write(`${headerOf(fields)}\n`);
  let ticks = 0;
  const tick = () => {
    if (ticks >= (is.loopTicks ?? Number.POSITIVE_INFINITY)) return is.loopDies && process.exit(1);
    ticks += 1;
    // In two pieces, as a pipe may bring them.
    const text = `${rowsOf(asked, fields).join('\n')}\n`;
    process.stdout.write(text.slice(0, 20));
    setTimeout(() => process.stdout.write(text.slice(20)), 1);
  };
  setInterval(tick, everyMs);
  tick();
}

function answer() {
  if (is.floods) return setInterval(() => process.stdout.write('x'.repeat(1_000_000)), 1);
  if (is.says !== undefined) return leave(is.says, is.exitCode ?? 0);
  if (is.saysOnStderr !== undefined)
    return process.stderr.write(is.saysOnStderr, () => process.exit(is.exitCode ?? 0));
  if (is.dies) return process.kill(process.pid, 'SIGSEGV');
  if (args[0] === 'pmon') return leave(is.pmon ?? '', is.pmonExitCode ?? 0);
  if (args.includes('-x')) return leave(is.xml ?? '');
  const apps = option('query-compute-apps')?.split(',');
  if (apps) {
    if (is.appsFail) return leave(is.appsFail, 4);
    return leave(`${[headerOf(apps), ...rowsOf(is.apps ?? [], apps)].join('\n')}\n`);
  }
  const fields = option('query-gpu').split(',');
  return queryGpus(is.isReversed ? fields.reverse() : fields);
}

if (is.ignoresTerm) process.on('SIGTERM', () => {});
if (is.hangs) setInterval(() => {}, 1_000);
else setTimeout(answer, is.delayMs ?? 0);

/**
 * Speed and memory of uploads: the shipped flow in a Node-RED, and this pack's uploader without it, beside the
 * official CLI, curl, and a bare sender that is the limit of what Node.js can do. The server is a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchFiles, linkFiles, writeLarge, writePhotos } from './harness/bench-files.js';
import { type NodeProgram, nodeForAll } from './harness/node-program.js';
import type { Finding, Report } from './harness/report.js';
import { realServer, type Server, startStandIn } from './harness/server.js';
import type { BenchSettings } from './harness/settings.js';
import { type Contestant, type Figures, takeTurns } from './harness/turns.js';
import { curl } from './programs/curl.js';
import { type ImmichCli, immichCli } from './programs/immich-cli.js';
import { nodeRedPipeline } from './programs/node-red-pipeline.js';
import type { Program } from './programs/program.js';
import { worker } from './programs/worker.js';

const CONCURRENCY = 4;
const MB = 1_000_000;
/** Of memory, on top of what Node-RED uses while it has nothing to do. */
const GROWTH_LIMIT_MB = 60;

const PIPELINE = 'pipeline in Node-RED';
const UPLOADER = 'uploader alone';
const REMEMBERING = 'uploader with memory and groups';
const SENDER = 'bare sender';
const CURL = 'curl';

interface Case {
  readonly title: string;
  readonly rounds: number;
  /** Makes what every run needs anew, or gives known files another name. */
  readonly files: (folder: string) => BenchFiles;
  /** Nothing is new to the server. */
  readonly isKnown?: boolean;
  readonly programs: readonly string[];
  readonly findings: readonly Finding[];
  readonly readBytesPerSecond?: number;
}

/** Where all cases are measured. */
interface World {
  readonly settings: BenchSettings;
  readonly report: Report;
  readonly node: NodeProgram;
  readonly folder: string;
}

const growth: Finding = { kind: 'limit', of: PIPELINE, figure: 'growthMB', atMost: GROWTH_LIMIT_MB };

function fasterThan(to: string, figure: string, atLeast?: number, of = PIPELINE): Finding {
  return { kind: 'faster', of, to, figure, ...(atLeast !== undefined && { atLeast }) };
}

function newPhotos(cli: string): Case {
  return {
    title: '500 new photos of 200 kB, 4 at a time',
    rounds: 5,
    files: (folder) => writePhotos(folder, 500, 200_000),
    programs: [PIPELINE, UPLOADER, cli, SENDER],
    findings: [
      fasterThan(cli, 'seenSeconds', 1.5),
      fasterThan(cli, 'wholeSeconds'),
      fasterThan(SENDER, 'seenSeconds', 0.8),
      fasterThan(SENDER, 'seenSeconds', undefined, UPLOADER),
      growth,
    ],
  };
}

/** What memory and the look for companions cost a plain photo, without Node-RED around them. */
function memoryCost(): Case {
  return {
    title: 'memory: 500 new photos of 200 kB, 4 at a time',
    rounds: 9,
    files: (folder) => writePhotos(folder, 500, 200_000),
    programs: [UPLOADER, REMEMBERING],
    findings: [fasterThan(UPLOADER, 'wholeSeconds', undefined, REMEMBERING)],
  };
}

function knownPhotos(cli: string, master: BenchFiles): Case {
  return {
    title: '500 known photos of 200 kB',
    rounds: 5,
    files: (folder) => linkFiles(master, folder),
    isKnown: true,
    programs: [PIPELINE, UPLOADER, cli],
    findings: [
      fasterThan(cli, 'wholeSeconds', 1),
      fasterThan(cli, 'wholeSeconds', undefined, UPLOADER),
      growth,
    ],
  };
}

function largeFile(cli: string, sizeMB: number, bytesPerSecond?: number): Case {
  const size = sizeMB >= 1_000 ? `${sizeMB / 1_000} GB` : `${sizeMB} MB`;
  const pace = bytesPerSecond === undefined ? '' : `, received at ${bytesPerSecond / MB} MB/s`;
  return {
    title: `one new file of ${size}${pace}`,
    rounds: 3,
    files: (folder) => writeLarge(folder, sizeMB * MB),
    programs: [PIPELINE, UPLOADER, cli, CURL],
    findings: [
      fasterThan(CURL, 'sendSeconds', 0.9),
      fasterThan(CURL, 'wholeSeconds'),
      fasterThan(cli, 'wholeSeconds'),
      growth,
    ],
    ...(bytesPerSecond !== undefined && { readBytesPerSecond: bytesPerSecond }),
  };
}

/** Part `upload` of the bench. */
export async function measure(settings: BenchSettings, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const world: World = { settings, report, node: nodeForAll(), folder };
  try {
    const real = await realServer(process.env);
    if (real !== undefined) await measureOn(real, world);
    else for (const dialect of ['v3', 'v2'] as const) await measureOnStandIn(dialect, world);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureOnStandIn(dialect: 'v2' | 'v3', world: World): Promise<void> {
  const server = await startStandIn({ dialect });
  try {
    await measureOn(server, world);
  } finally {
    server.stop();
  }
  if (dialect === 'v2') return;
  for (const [sizeMB, pace] of [
    [500, 100],
    [4_000, 250],
  ] as const) {
    const slow = await startStandIn({ dialect, readBytesPerSecond: pace * MB });
    const { cli, notes } = await cliFor(slow, world);
    await compete(largeFile(cli?.name ?? 'CLI', sizeMB, pace * MB), slow, cli, notes, world).finally(
      slow.stop,
    );
  }
}

async function measureOn(server: Server, world: World): Promise<void> {
  const { cli, notes } = await cliFor(server, world);
  const name = cli?.name ?? 'CLI';
  const master = writePhotos(join(world.folder, 'known'), 500, 200_000);
  const cases = [newPhotos(name), knownPhotos(name, master)];
  if (server.major > 2) cases.push(memoryCost());
  // Large files are the same to both languages; a real Immich keeps it all, so it gets no more than it must.
  if (server.isReal || server.major > 2) cases.push(largeFile(name, 500));
  if (!server.isReal && server.major > 2) cases.push(largeFile(name, 4_000));
  for (const one of cases) await compete(one, server, cli, notes, world);
}

/** The official CLI, if it works with this server: it is tried with one file. */
async function cliFor(
  server: Server,
  { node, folder }: World,
): Promise<{ cli?: ImmichCli; notes: string[] }> {
  const cli = immichCli(server.major, node);
  if (cli === undefined) return { notes: [`CLI ${server.major}.x: skipped, npm does not give it.`] };
  const files = writePhotos(join(folder, 'trial'), 1, 1_000);
  try {
    await cli.run({ server, files, concurrency: 1, scratch: folder });
    const seen = await server.tell('look');
    if (seen !== undefined && seen.assets === 0) throw new Error('nothing arrived');
    return { cli, notes: [] };
  } catch {
    return { notes: [`${cli.name}: skipped, it does not work with this server on Node.js ${node.version}.`] };
  }
}

async function compete(
  one: Case,
  server: Server,
  cli: ImmichCli | undefined,
  notes: readonly string[],
  { settings, report, node, folder }: World,
): Promise<void> {
  const title = `${one.title} (${server.label}, Node.js ${node.version})`;
  if (!settings.wants(title)) return;
  const programs: Readonly<Record<string, Program | undefined>> = {
    [PIPELINE]: nodeRedPipeline(node),
    [UPLOADER]: worker('programs/bare-uploader.js', node),
    [REMEMBERING]: worker('programs/remembering-uploader.js', node),
    [SENDER]: worker('programs/bare-sender.js', node),
    [CURL]: curl,
    ...(cli && { [cli.name]: cli.run }),
  };
  const contestants = one.programs.flatMap((name): Contestant[] => {
    const program = programs[name];
    return program === undefined ? [] : [{ name, run: () => runOnce(program, one, server, folder) }];
  });
  await server.tell('forget');
  if (one.isKnown) await runOnce(programs[UPLOADER], { ...one, isKnown: false }, server, folder);
  const standings = await takeTurns(contestants, settings.rounds ?? one.rounds);
  report.add({ part: 'upload', title, standings, findings: one.findings, notes });
}

async function runOnce(
  program: Program | undefined,
  one: Case,
  server: Server,
  folder: string,
): Promise<Figures> {
  if (program === undefined) throw new Error('There is no such program.');
  const files = one.files(join(folder, 'files'));
  await server.tell(one.isKnown ? 'begin' : 'forget');
  const figures = await program({ server, files, concurrency: CONCURRENCY, scratch: folder });
  const seen = await server.tell('look');
  if (seen === undefined) return figures;
  if (seen.assets !== files.count) throw new Error(`${seen.assets} of ${files.count} files arrived.`);
  const { wholeSeconds = Number.NaN, ...rest } = figures;
  return {
    wholeSeconds,
    seenSeconds: (seen.lastAt - seen.firstAt) / 1_000,
    ...(seen.sends > 0 && { sendSeconds: (seen.sendTo - seen.sendFrom) / 1_000 }),
    ...rest,
  };
}

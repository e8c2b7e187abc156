/**
 * What files that belong together cost: 5,000 and 20,000 files in one folder, in groups of a still, its live video, its
 * RAW and its sidecar, and as many plain photos beside them; all new, and archived. Says how long that takes, how much
 * memory Node-RED holds at most, and whether each group arrived as one.
 * `node dist/bench/companions.js [files,files,...]`
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StandIn, startImmichStandIn } from '../test/support/immich-stand-in.js';
import { memoryOf, pipelineFlow, startNodeRedRun } from './node-red-run.js';

const KEY = 'bench';
const BYTES = 2_000;
const GROUP = ['.HEIC', '.MOV', '.DNG', '.xmp'];
const XMP =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmp:Rating="4"/></rdf:RDF></x:xmpmeta>';

interface Cost {
  readonly seconds: number;
  readonly peakMB: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** Writes groups, or plain photos. */
function fill(inbox: string, files: number, isGrouped: boolean): void {
  mkdirSync(inbox);
  for (let at = 0; at < files; at += 1) {
    const extension = isGrouped ? (GROUP[at % GROUP.length] ?? '') : '.JPG';
    const name = isGrouped ? `IMG_${Math.floor(at / GROUP.length)}${extension}` : `IMG_${at}.JPG`;
    writeFileSync(join(inbox, name), extension === '.xmp' ? XMP : Buffer.alloc(BYTES, `${at} `));
  }
}

async function measure(files: number, isGrouped: boolean): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'immich-bridge-bench-'));
  const [inbox, archive] = [join(folder, 'inbox'), join(folder, 'archive')];
  const server = await startImmichStandIn({ apiKey: KEY, permissions: ['all'] });
  fill(inbox, files, isGrouped);
  const flow = pipelineFlow({ inbox, url: server.url, archive, quietSeconds: 1 }).map((node) =>
    'type' in node && node.type === 'stable-file' ? { ...node, checkVideos: 'false' } : node,
  );
  try {
    const run = await startNodeRedRun({ folder, flow, env: { IMMICH_API_KEY: KEY } });
    await run.watchLoop();
    const doneAt = await run.until('all is archived', () => readdirSync(inbox).length === 0, 1_200_000);
    const { p99Ms, maxMs } = await run.loop();
    const { peakMB } = memoryOf(run.pid);
    await run.stop();
    if (isGrouped) mustBeJoined(server, files / GROUP.length);
    const archived = readdirSync(archive).filter((name) => name.startsWith('IMG_')).length;
    if (archived !== files) throw new Error(`of ${files} files ${archived} are in the archive`);
    return { seconds: (doneAt - run.startedAt) / 1_000, peakMB, loopP99Ms: p99Ms, loopMaxMs: maxMs };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing that a measurement shows counts where a group was parted. */
function mustBeJoined({ assets, stacks }: StandIn, groups: number): void {
  const stills = assets.filter(({ fileName }) => fileName.endsWith('.HEIC'));
  const joined = stills.filter(
    ({ livePhotoVideoId, sidecar }) => livePhotoVideoId !== null && sidecar !== null,
  );
  if (joined.length === groups && stacks.length === groups && assets.length === 3 * groups) return;
  throw new Error(`of ${groups} groups ${joined.length} are joined and ${stacks.length} stacked`);
}

for (const files of (process.argv[2] ?? '5000,20000').split(',').map(Number)) {
  for (const isGrouped of [false, true]) {
    const { seconds, peakMB, loopP99Ms, loopMaxMs } = await measure(files, isGrouped);
    const what = isGrouped ? `${files / GROUP.length} groups of ${GROUP.length}` : 'plain photos';
    console.log(
      `${files} files, ${what}: ${seconds.toFixed(1)} s, ${(files / seconds).toFixed(0)} files/s, at most ${peakMB.toFixed(0)} MB, event loop p99 ${loopP99Ms.toFixed(0)} ms, max ${loopMaxMs.toFixed(0)} ms`,
    );
  }
}

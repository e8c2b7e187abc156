/**
 * Speed and memory of the uploader (hash, ask, send, ask again) beside a bare sender that only posts each file, and
 * beside curl. Each run is a process of its own, the programs take turns, the server is a process of its own, and
 * the figures are medians and ratios, because machines are noisy. `npm run bench`
 */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createImmichClient } from '../lib/immich/immich-client.js';
import type { StableFile } from '../lib/media-file.js';
import { uploadFile } from '../lib/upload/upload-file.js';
import { createUploadQueue } from '../lib/upload/upload-queue.js';
import { startImmichStandIn } from '../test/support/immich-stand-in.js';
import { median } from './median.js';

const KEY = 'bench';
const CONCURRENCY = 4;
const RUNS = 5;

interface Result {
  readonly seconds: number;
  readonly peakMB: number;
}

/** What one child process does, by the first argument. */
const roles: Record<string, (url: string, paths: string[]) => Promise<void>> = {
  async server() {
    const { url } = await startImmichStandIn({ apiKey: KEY });
    process.send?.(url);
  },
  async bridge(url, paths) {
    const client = createImmichClient({ baseUrl: `${url}/api`, apiKey: KEY });
    const stop = new AbortController();
    const queue = createUploadQueue<undefined>({
      upload: (file, attempt) => uploadFile(file, { client, trashPolicy: 'hold' }, attempt),
      settle: (file) => Promise.resolve(file),
      probe: () => Promise.resolve(),
      signal: stop.signal,
      concurrency: CONCURRENCY,
      onProblem: (error) => console.error(error.message),
      onDelay: (error) => console.error(error.message),
      onChange: () => undefined,
    });
    await Promise.all(paths.map((path) => queue.add(recordOf(path), undefined)));
    client.close();
  },
  async bare(url, paths) {
    const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
    await Promise.all(paths.map((path) => post(`${url}/api/assets`, path, agent)));
    agent.destroy();
  },
};

function recordOf(path: string): StableFile {
  const { size, mtimeMs } = statSync(path);
  const times = { foundAt: '', stableAt: '', quietMs: 0, hasVideoCheck: false };
  return { path, folder: '/', relativePath: path, sizeBytes: size, mtimeMs, ...times };
}

function post(url: string, path: string, agent: Agent): Promise<void> {
  const field = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const date = '2026-01-01T00:00:00.000Z';
  const fields = { deviceAssetId: path, deviceId: 'bench', fileCreatedAt: date, fileModifiedAt: date };
  const texts = Object.entries(fields).map(([name, value]) => field(name, value));
  const file = '--b\r\nContent-Disposition: form-data; name="assetData"; filename="a.jpg"\r\n\r\n';
  const head = texts.join('') + file;
  const tail = '\r\n--b--\r\n';
  const length = Buffer.byteLength(head) + statSync(path).size + tail.length;
  const headers = {
    'x-api-key': KEY,
    'content-type': 'multipart/form-data; boundary=b',
    'content-length': length,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (answer) =>
      answer.resume().once('end', resolve),
    );
    sent.once('error', reject);
    sent.write(head);
    createReadStream(path)
      .on('end', () => sent.end(tail))
      .pipe(sent, { end: false });
  });
}

async function runChild(role: string, url: string, paths: string[]): Promise<Result> {
  const child = fork(process.argv[1] ?? '', [role, url], { execArgv: ['--no-warnings'] });
  await once(child, 'message');
  child.send(paths);
  const [result] = (await once(child, 'message')) as [Result];
  await once(child, 'exit');
  return result;
}

async function runCurl(url: string, [path]: string[]): Promise<Result> {
  const form = [
    'deviceAssetId=a',
    'deviceId=b',
    'fileCreatedAt=2026-01-01T00:00:00Z',
    'fileModifiedAt=2026-01-01T00:00:00Z',
  ];
  const args = [
    '-sS',
    '-H',
    `x-api-key: ${KEY}`,
    ...form.flatMap((field) => ['-F', field]),
    '-F',
    `assetData=@${path}`,
  ];
  const began = performance.now();
  await promisify(execFile)('curl', [...args, `${url}/api/assets`]);
  return { seconds: (performance.now() - began) / 1_000, peakMB: Number.NaN };
}

async function asChild(role: string, url: string): Promise<void> {
  const work = roles[role];
  if (work === undefined || role === 'server') return work?.(url, []);
  process.send?.('ready');
  const [paths] = (await once(process, 'message')) as [string[]];
  const began = performance.now();
  await work(url, paths);
  const seconds = (performance.now() - began) / 1_000;
  process.send?.({ seconds, peakMB: peakRssMB() } satisfies Result);
  process.disconnect();
}

/** Linux counts from the start of this program; what getrusage says includes the one that started it. */
function peakRssMB(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1_024;
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}

/** Lets two programs take turns on the same kind of files and prints both and their ratio. */
async function compare(
  title: string,
  files: () => string[],
  ours: () => Promise<Result>,
  other: [string, () => Promise<Result>],
) {
  const results: [Result[], Result[]] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    files();
    results[0].push(await ours());
    files();
    results[1].push(await other[1]());
  }
  const [a, b] = results.map((runs) => median(runs.map(({ seconds }) => seconds))) as [number, number];
  const peak = median(results[0].map(({ peakMB }) => peakMB));
  console.log(
    `${title}: bridge ${a.toFixed(2)} s (peak ${peak.toFixed(0)} MB), ${other[0]} ${b.toFixed(2)} s; ` +
      `the bridge has ${(b / a).toFixed(2)} times its speed`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const server: ChildProcess = fork(process.argv[1] ?? '', ['server']);
  const [url] = (await once(server, 'message')) as [string];
  try {
    const photos = Array.from({ length: 500 }, (_, index) => join(folder, `${index}.jpg`));
    const newPhotos = () => {
      for (const path of photos) writeFileSync(path, randomBytes(200_000));
      return photos;
    };
    const video = [join(folder, 'video.mp4')];
    const newVideo = () => {
      writeFileSync(video[0] ?? '', randomBytes(500_000_000));
      return video;
    };
    await compare('500 new photos of 200 kB', newPhotos, () => runChild('bridge', url, photos), [
      'bare sender',
      () => runChild('bare', url, photos),
    ]);
    await compare(
      '500 known photos',
      () => photos,
      () => runChild('bridge', url, photos),
      ['bare sender', () => runChild('bare', url, photos)],
    );
    await compare('one new video of 500 MB', newVideo, () => runChild('bridge', url, video), [
      'curl',
      () => runCurl(url, video),
    ]);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

const [role, url = ''] = process.argv.slice(2);
await (role === undefined ? main() : asChild(role, url));

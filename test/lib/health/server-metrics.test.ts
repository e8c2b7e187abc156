import { expect, it, onTestFinished } from 'vitest';
import { createMetricsReader, type MetricsOptions } from '../../../lib/health/server-metrics.js';
import { metricsServer, metricsText } from '../../support/metrics-server.js';

function reader(addresses: readonly string[], options: Partial<MetricsOptions> = {}) {
  const made = createMetricsReader({ addresses, limitMs: 2_000, ...options });
  onTestFinished(() => made.close());
  return { read: () => made.read(new AbortController().signal) };
}

const api = { requests: 120, durations: { 5: 100, 10: 118, '+Inf': 120 } };
const jobs = { failedJobs: { asset_generate_thumbnails: 2, asset_extract_metadata: 3 } };

it('sums up what both endpoints tell, whichever is which', async () => {
  const [first, second] = [await metricsServer(api), await metricsServer(jobs)];
  const expected = {
    failedJobs: 5,
    requests: 120,
    durations: new Map([
      [5, 100],
      [10, 118],
      [Number.POSITIVE_INFINITY, 120],
    ]),
    problem: null,
  };
  expect(await reader([first.url, second.url]).read()).toEqual(expected);
  expect(await reader([second.url, first.url]).read()).toEqual(expected);
});

it('leaves unknown what no endpoint tells', async () => {
  const { url } = await metricsServer(api);
  expect(await reader([url]).read()).toMatchObject({ failedJobs: null, requests: 120, problem: null });
  const { url: idle } = await metricsServer({});
  expect(await reader([idle]).read()).toMatchObject({ failedJobs: null, requests: null, problem: null });
});

it('knows that nothing failed as soon as any job ran', async () => {
  const { url } = await metricsServer('immich_jobs_file_delete_success_total{a="b"} 13\n');
  expect(await reader([url]).read()).toMatchObject({ failedJobs: 0 });
});

it('sends no key and no login to a metrics address', async () => {
  const server = await metricsServer(api);
  await reader([server.url]).read();
  expect(Object.keys(server.heard[0] ?? {}).sort()).toEqual(['accept', 'connection', 'host', 'user-agent']);
});

it('says in words what is wrong, and keeps what the other endpoint tells', async () => {
  const good = await metricsServer(jobs);
  for (const [page, says] of [
    ['<html>Please log in</html>', /holds nothing that Immich's metrics have/],
    ['', /IMMICH_TELEMETRY_INCLUDE/],
    ['node_cpu_seconds_total 5\n', /check the address/],
  ] as const) {
    const bad = await metricsServer(page);
    const read = await reader([bad.url, good.url]).read();
    expect(read).toMatchObject({ failedJobs: 5, requests: null });
    expect(read.problem?.message).toMatch(says);
  }
  const { read } = reader([good.url.replace('/metrics', '/nope')]);
  expect((await read()).problem).toMatchObject({ kind: 'wrong-address' });
});

it('gives up on a server that is away, hangs or never ends', async () => {
  const hanging = await metricsServer(() => undefined);
  const trickling = await metricsServer((response) => {
    response.write(metricsText(api));
    const timer = setInterval(() => response.write('# more\n'), 20);
    response.once('close', () => clearInterval(timer));
  });
  const gone = 'http://127.0.0.1:1/metrics';
  const began = performance.now();
  const { problem } = await reader([hanging.url], { limitMs: 300 }).read();
  expect(problem?.message).toContain('did not answer within 0 seconds');
  const cut = await reader([trickling.url, gone], { limitMs: 300 }).read();
  expect(cut).toMatchObject({ requests: null, durations: null, problem: { kind: 'offline' } });
  expect(performance.now() - began).toBeLessThan(20_000);
});

it('ends at once when it is aborted', async () => {
  const { url } = await metricsServer(() => undefined);
  const made = createMetricsReader({ addresses: [url], limitMs: 60_000 });
  const aborting = new AbortController();
  const reading = made.read(aborting.signal);
  aborting.abort(new Error('closed'));
  await expect(reading).rejects.toThrow('closed');
  made.close();
});

it('of two that tell the same thing always believes the first, however late it answers', async () => {
  const slow = await metricsServer((response) => {
    setTimeout(() => response.end(metricsText({ failedJobs: { ocr: 7 } })), 100);
  });
  const fast = await metricsServer({ failedJobs: { ocr: 1 } });
  expect(await reader([slow.url, fast.url]).read()).toMatchObject({ failedJobs: 7 });
  expect(await reader([fast.url, slow.url]).read()).toMatchObject({ failedJobs: 1 });
});

it('tells nothing of what follows a question mark in an address', async () => {
  const { url } = await metricsServer('nothing of the kind');
  const { problem } = await reader([`${url}?token=secret`]).read();
  expect(problem?.message).toMatch(/^(?!.*secret).*\/metrics holds nothing/);
});

it('keeps no more buckets than a server can have, however many a page names', async () => {
  const bucket = (upTo: number) => `http_server_duration_bucket{le="${upTo}"} 1\n`;
  const { url } = await metricsServer(Array.from({ length: 20_000 }, (_, index) => bucket(index)).join(''));
  expect((await reader([url]).read()).durations?.size).toBeLessThanOrEqual(1_000);
});

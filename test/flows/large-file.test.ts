import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { filesBelow } from '../support/files-below.js';
import { writeLargeMp4 } from '../support/fixtures.js';
import { pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

const SIZE_BYTES = 5_000_000_000;
const LARGEST_RSS_BYTES = 200 * 1024 * 1024;

/** Peak of the resident memory of a process in bytes, as Linux counts it; undefined elsewhere. */
function peakRssBytes(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

it('carries a 5 GB video to a server that is slower than the disk in less than 200 MB of memory', async (ctx) => {
  const here = await pipelineWorld(
    { readBytesPerSecond: 400_000_000 },
    { FILE_STABILITY_WAIT_SECONDS_VIDEO: '0.5' },
  );
  await writeLargeMp4(join(here.inbox, 'large.mp4'), SIZE_BYTES);
  const nodeRed = await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['large.mp4']), {
    timeout: 150_000,
    interval: 200,
  });
  expect(here.server.assets.map(({ sizeBytes }) => sizeBytes)).toEqual([SIZE_BYTES]);
  expect(statSync(join(here.archive, 'large.mp4')).size).toBe(SIZE_BYTES);
  const peak = peakRssBytes(nodeRed.process.pid);
  if (peak === undefined) return ctx.skip('the peak of the memory is read from Linux’s /proc');
  expect(peak).toBeLessThan(LARGEST_RSS_BYTES);
}, 180_000);

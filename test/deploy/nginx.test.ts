import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Ended, runCommand } from '../support/command.js';
import { hasNginx, type Nginx, type NginxOptions, peakRssBytes, startNginx } from '../support/nginx.js';
import { standIn, tempFolder } from '../support/world.js';

/** A gigabyte goes through here, on a machine that may be busy. */
vi.setConfig({ testTimeout: 240_000 });

const MB = 1024 * 1024;

async function world(change?: NginxOptions['change']) {
  const server = await standIn({ permissions: ['asset.upload', 'asset.delete'] });
  const nginx = await startNginx({ immichPort: server.port, ...(change && { change }) });
  const cwd = tempFolder();
  for (const name of ['inbox', 'archive', 'tmp']) mkdirSync(join(cwd, name));
  const env = {
    IMMICH_API_URL: nginx.url,
    IMMICH_API_KEY: server.apiKey,
    WATCH_DIRECTORIES: 'inbox',
    ARCHIVE_DIRECTORY: 'archive',
    TMPDIR: join(cwd, 'tmp'),
  };
  let clientPid = 0;
  const onStart = (pid: number) => {
    clientPid = pid;
  };
  const send = (sizeMb: number): Promise<Ended> =>
    runCommand(['verify', '--size-mb', String(sizeMb)], { cwd, env, onStart });
  return { server, nginx, send, clientPeak: () => peakRssBytes(clientPid) };
}

/** The most that was seen until the test ends. */
function watchPeaks(nginx: Nginx, clientPeak: () => number) {
  const most = { nginxBytes: 0, clientBytes: 0, bodiesOnDisk: 0 };
  const look = () => {
    most.nginxBytes = Math.max(most.nginxBytes, nginx.peakRssBytes());
    most.clientBytes = Math.max(most.clientBytes, clientPeak());
    most.bodiesOnDisk = Math.max(most.bodiesOnDisk, nginx.bodiesOnDisk());
  };
  const timer = setInterval(look, 20);
  onTestFinished(() => clearInterval(timer));
  return most;
}

describe.skipIf(!hasNginx())('Immich behind nginx with deploy/nginx.conf', () => {
  it('takes 1 GB in flat memory, and nothing of it lies on the disk of nginx', async () => {
    const { server, nginx, send, clientPeak } = await world();
    const most = watchPeaks(nginx, clientPeak);
    const { code, stdout } = await send(1_024);
    expect(stdout).toContain('uploaded and proven');
    expect(code).toBe(0);
    const sizes = server.requests.map(({ bytesReceived }) => bytesReceived);
    expect(Math.max(...sizes)).toBeGreaterThan(1_024 * MB);
    expect(most.bodiesOnDisk).toBe(0);
    expect(most.nginxBytes).toBeLessThan(64 * MB);
    expect(most.clientBytes).toBeLessThan(200 * MB);
  });

  it('with a small limit refuses what is larger, and the bridge says which limit to raise', async () => {
    const { server, send } = await world((config) =>
      config.replace('client_max_body_size 0;', 'client_max_body_size 1m;'),
    );
    const small = await send(0);
    expect([small.code, small.stdout]).toEqual([0, expect.stringContaining('uploaded and proven')]);
    const large = await send(20);
    expect(large.code).toBe(1);
    expect(large.stdout).toMatch(
      /immich-bridge-test-\w+\.gif is larger than the proxy in front of Immich lets through \(status 413\)\. Raise its limit \(nginx: client_max_body_size\)/,
    );
    expect(server.assets).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')(
    'without the line about buffering writes every file to its disk first',
    async () => {
      const { nginx, send, clientPeak } = await world((config) =>
        config.replace('proxy_request_buffering off;', ''),
      );
      const most = watchPeaks(nginx, clientPeak);
      expect((await send(200)).code).toBe(0);
      expect(most.bodiesOnDisk).toBeGreaterThan(0);
    },
  );

  it('hides neither the way to Immich nor that it is away', async () => {
    const { server, send } = await world();
    await server.goDown();
    const { code, stdout } = await send(0);
    expect(code).toBe(1);
    expect(stdout).toContain('Immich cannot be reached through http://127.0.0.1');
    expect(stdout).toContain('(status 502)');
  });
});

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { projectRoot } from './support/node-red-process.js';
import { tempFolder } from './support/world.js';

/** What the registry answers when it is asked for the weaknesses of a list of packages. */
const weakness = {
  mqtt: [
    {
      id: 1,
      url: 'https://example.org/advisory',
      title: 'A weakness that was made up',
      severity: 'low',
      vulnerable_versions: '*',
    },
  ],
};

/** What it knows of the package with the weakness. */
const { version } = createRequire(import.meta.url)('mqtt/package.json') as { version: string };
const versions = {
  name: 'mqtt',
  'dist-tags': { latest: version },
  versions: { [version]: { name: 'mqtt', version } },
};

it.each<[string, number, object, number, RegExp]>([
  ['passes when nothing is known', 200, {}, 0, /no known weakness/],
  ['passes and says so when the registry gives no answer', 405, {}, 0, /were not checked/],
  ['fails when something is known', 200, weakness, 1, /1 of the runtime dependencies/],
])('the check for known weaknesses %s', async (_what, status, answer, code, says) => {
  const registry = createServer((request, response) => {
    request.resume().on('end', () => {
      const [code, body] = request.method === 'GET' ? [200, versions] : [status, answer];
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  onTestFinished(() => new Promise<void>((closed) => registry.close(() => closed())));
  const env = {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
    npm_config_cache: tempFolder(),
    npm_config_fetch_retries: '0',
  };
  const run = promisify(execFile)(join(projectRoot, '.ci/audit'), { env });
  const {
    code: exit = 0,
    stdout,
    stderr,
  } = (await run.catch((error: { code: number; stdout: string; stderr: string }) => error)) as {
    code?: number;
    stdout: string;
    stderr: string;
  };
  expect([exit, stdout + stderr]).toEqual([code, expect.stringMatching(says)]);
});

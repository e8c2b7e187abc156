/**
 * Runs the tests on a real Node-RED once for each pair of Node-RED and Node that this pack supports. Node and
 * Node-RED come from npm into node_modules/.cache, so that nothing needs to be installed by hand.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const cache = join(root, 'node_modules/.cache/matrix');
const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/**
 * Whether the package loads, and every setting counts on the way from the folder to the archive. The last pair, the
 * newest of both, runs the flows and the editor; so do `npm test` and `npm run test:editor` with what is installed.
 */
const CORE = ['settings', 'pack'].map((name) => `test/flows/${name}.test.ts`);

/** The newest pair looks at the editor, too, in the Chromium of this machine. */
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const EDITOR = existsSync(chromium) ? ['test/editor'] : [];
if (EDITOR.length === 0) console.log(`The editor of Node-RED 5 is not looked at: there is no ${chromium}.`);

/** What is about bytes, the memory and Immich, and no more: it is the same on each pair, and takes half as long as the rest. */
const ALIKE = ['large-file', 'keep', 'companions'].map((name) => `test/flows/${name}.test.ts`);

/** Node-RED 5 wants Node 22.9 or newer. */
const pairs = [
  { node: '20.19', nodeRed: '4.1', files: CORE },
  { node: '22', nodeRed: '4.1', files: CORE },
  { node: '22', nodeRed: '5', files: CORE },
  { node: '24', nodeRed: '4.1', files: CORE },
  { node: '24', nodeRed: '5', files: ['test/flows', ...EDITOR] },
];

function install(folder: string, spec: string): string {
  const target = join(cache, folder);
  if (!existsSync(join(target, 'node_modules'))) {
    mkdirSync(target, { recursive: true });
    run('npm', ['install', '--prefix', target, '--no-save', '--no-package-lock', '--loglevel=error', spec]);
  }
  return join(target, 'node_modules');
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', cwd: root, env });
  if (status !== 0) process.exit(status ?? 1);
}

for (const { node, nodeRed, files } of pairs) {
  console.log(`\nNode-RED ${nodeRed} on Node ${node}`);
  const binary = join(install(`node-${node}`, `node-${platform}@${node}`), `node-${platform}`, 'bin/node');
  const nodeRedDir = join(install(`node-red-${nodeRed}`, `node-red@${nodeRed}`), 'node-red');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const excluded = ALIKE.flatMap((file) => ['--exclude', file]);
  run(binary, [vitest, 'run', ...files, ...excluded], { ...process.env, NODE_RED_DIR: nodeRedDir });
}

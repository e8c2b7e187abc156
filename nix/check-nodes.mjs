/** Loads every node file of an installed pack as Node-RED would: `node check-nodes.mjs <folder of the package>`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2] ?? '.');
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
for (const file of Object.values(manifest['node-red'].nodes)) {
  const node = await import(pathToFileURL(join(folder, file)).href);
  if (typeof node.default !== 'function') throw new Error(`${file} has no function as its default export.`);
  readFileSync(join(folder, file.replace(/\.js$/, '.html')));
}
readFileSync(join(folder, 'examples/immich-bridge.json'));

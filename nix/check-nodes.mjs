/**
 * Loads every node file of an installed pack as Node-RED would, and opens a store with the library that came along:
 * `node check-nodes.mjs <folder of the package>`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

const { openLevel } = await import(pathToFileURL(join(folder, 'dist/lib/store/level-database.js')).href);
const place = mkdtempSync(join(tmpdir(), 'immich-bridge-'));
await (await openLevel(place)).close();
rmSync(place, { recursive: true });

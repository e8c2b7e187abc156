/**
 * Puts beside the compiled nodes what Node-RED reads from there (editor templates, icons, catalogues, help),
 * and the shipped flows where Import > Examples looks. Run by `npm run build` after tsc.
 */
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const built = join(root, 'dist/nodes');

for (const file of readdirSync(join(root, 'nodes')).filter((name) => name.endsWith('.html'))) {
  cpSync(join(root, 'nodes', file), join(built, file));
}
for (const folder of ['icons', 'locales']) {
  rmSync(join(built, folder), { recursive: true, force: true });
  if (existsSync(join(root, folder))) cpSync(join(root, folder), join(built, folder), { recursive: true });
}
rmSync(join(root, 'examples'), { recursive: true, force: true });
cpSync(join(root, 'flows'), join(root, 'examples'), { recursive: true });

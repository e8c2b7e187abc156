import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What is fetched for the bench lies here; it is no part of the project. */
const CACHE = resolve(import.meta.dirname, '../../../node_modules/.cache/bench');

/**
 * Installs a package through npm, once, and answers where its files are; undefined when it cannot be had.
 * @param spec as in `@immich/cli@3`
 */
export function fetchPackage(spec: string, name = spec.replace(/(?<=.)@[^@]*$/, '')): string | undefined {
  const home = join(CACHE, spec.replace(/[^\w.-]/g, '_'));
  const folder = join(home, 'node_modules', name);
  if (existsSync(join(folder, 'package.json'))) return folder;
  mkdirSync(home, { recursive: true });
  const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', '--prefix', home, ...flags, spec], { stdio: 'ignore' });
  return status === 0 && existsSync(join(folder, 'package.json')) ? folder : undefined;
}

/** The Node.js that runs every program, so that none has the better one: the CLI wants 22 or newer. */
export interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

/** The Node.js of this process if it is new enough for all, else Node.js 24 from npm, else that of this process. */
export function nodeForAll(): NodeProgram {
  const own = { path: process.execPath, version: process.version };
  if (Number(process.versions.node.split('.')[0]) >= 22) return own;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = fetchPackage(`${name}@24`);
  const path = folder && join(folder, 'bin/node');
  if (path === undefined || !existsSync(path)) return own;
  return { path, version: spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim() };
}

import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { projectRoot } from '../support/node-red-process.js';

/** Nix without a store: it parses and evaluates, and builds nothing. */
const WITHOUT_STORE = ['--store', 'dummy://'];

/** Whether nix-instantiate can be run here. */
export function hasNix(): boolean {
  return spawnSync('nix-instantiate', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Every Nix file of the project, relative to its folder. */
export const nixFiles: readonly string[] = [
  'flake.nix',
  ...readdirSync(join(projectRoot, 'nix'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.nix'))
    .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name))),
].sort();

/** Throws with Nix's own words when a file is no Nix. */
export function parseNix(file: string): void {
  execFileSync('nix-instantiate', [...WITHOUT_STORE, '--parse', join(projectRoot, file)], { stdio: 'pipe' });
}

/** A value as a Nix expression. */
export function asNix(value: unknown): string {
  return `(builtins.fromJSON ${JSON.stringify(JSON.stringify(value)).replaceAll('${', '\\${')})`;
}

/** What an expression, evaluated in the folder of the project, comes to. Throws with Nix's own words. */
export function evaluateNix(expression: string): unknown {
  const args = [...WITHOUT_STORE, '--eval', '--strict', '--json', '-E', expression];
  const output = execFileSync('nix-instantiate', args, { cwd: projectRoot, encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output);
}

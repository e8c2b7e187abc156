/**
 * Writes the table of runtime dependencies in SECURITY.md from package-lock.json and what the packages say of themselves.
 * After a change of dependencies: `npm run build && node dist/bin/dependency-table.js`. A test says when it is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Why each of our own dependencies is here; what they bring along is here because of them. */
const REASONS: Readonly<Record<string, string>> = {
  'classic-level':
    'this pack, to remember what was uploaded: an embedded LevelDB, ready-made for each platform',
  mqtt: 'this pack, to speak MQTT 3.1.1 and 5',
};

const BEGIN = '<!-- dependencies: written by bin/dependency-table.ts -->';
const END = '<!-- end of dependencies -->';

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly author?: string | { readonly name?: string };
  readonly repository?: string | { readonly url?: string };
}

type Locked = readonly [path: string, locked: LockedPackage];

/** SECURITY.md with a fresh table between its two marks. `root` is the project's folder, with node_modules. */
export function withDependencyTable(text: string, root: string): string {
  const [before, , after] = split(text);
  return `${before}${BEGIN}\n\n${dependencyTable(root)}\n\n${END}${after}`;
}

function split(text: string): readonly [string, string, string] {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`SECURITY.md has lost its mark "${BEGIN}" or "${END}".`);
  return [text.slice(0, begin), text.slice(begin, end), text.slice(end + END.length)];
}

function dependencyTable(root: string): string {
  const lock: { packages: Record<string, LockedPackage> } = readJson(join(root, 'package-lock.json'));
  const locked = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  const rows = locked.map(([path, entry]) => row([path, entry], locked, root)).sort();
  return [
    '| package | version | licence | author | source | wanted by |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function row([path, locked]: Locked, all: readonly Locked[], root: string): string {
  const name = nameOf(path);
  const manifest: Manifest = readJson(join(root, path, 'package.json'));
  const cells = [name, locked.version, locked.license, authorOf(manifest), sourceOf(manifest)];
  const wantedBy = REASONS[name] ?? wantersOf(name, all).join(', ');
  const note = locked.hasInstallScript ? ' (runs a script at installation)' : '';
  return `| ${[...cells.map((cell) => cell ?? '?'), wantedBy + note].join(' | ')} |`;
}

function wantersOf(name: string, all: readonly Locked[]): string[] {
  const wanters = all
    .filter(([, { dependencies = {} }]) => name in dependencies)
    .map(([path]) => nameOf(path));
  return [...new Set(wanters)].sort();
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** A name without its address; many packages of a project name nobody. */
function authorOf({ author }: Manifest): string {
  const name = typeof author === 'string' ? author.replace(/\s*[<(].*$/, '') : author?.name;
  return name?.replace(/\s*[<(].*$/, '') || '-';
}

/** Where its source is, as `github.com/owner/name`. */
function sourceOf({ repository }: Manifest): string | undefined {
  const url = typeof repository === 'string' ? repository : repository?.url;
  if (url !== undefined && /^[\w.-]+\/[\w.-]+$/.test(url)) return `github.com/${url}`;
  return url?.replace(/^(?:git\+)?[a-z]+:\/\/(?:\w+@)?/, '').replace(/\.git$/, '');
}

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(path, 'utf8'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(import.meta.dirname, '../..');
  const page = join(root, 'SECURITY.md');
  writeFileSync(page, withDependencyTable(readFileSync(page, 'utf8'), root));
}

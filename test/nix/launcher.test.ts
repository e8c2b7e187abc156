import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { filesBelow } from '../support/files-below.js';
import { cleanEnvironment, nodeRedDir, projectRoot } from '../support/node-red-process.js';
import { tempFolder } from '../support/world.js';
import { evaluateNix, hasNix } from './nix.js';

interface Files {
  readonly source: string[];
  readonly build: string[];
  readonly launcher: string[];
  readonly places: string[];
}

/** What nix/package.nix reads and runs, and which packages its build finds in node_modules. */
function packageFiles(): Files {
  return evaluateNix(`
    let
      files = import ./nix/files.nix;
      read = file: builtins.fromJSON (builtins.readFile file);
      needed = import ./nix/lock.nix {
        manifest = read ./package.json;
        lock = read ./package-lock.json;
        keepDev = files.tools ++ files.standIns;
        platform = "linux";
        arch = "x64";
      };
    in
    files // { places = builtins.attrNames needed.tarballs; }
  `) as Files;
}

/** Copies files or folders of a folder to the same places in another. */
function copy(from: string, to: string, names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    // A package in node_modules comes without the ones inside of it, which have entries of their own.
    const filter = (path: string) => !path.slice(join(from, name).length).includes('/node_modules');
    cpSync(join(from, name), join(to, name), { recursive: true, filter });
  }
}

it.skipIf(!hasNix())(
  'the Nix package is built from the files and packages that it names, and does the main job from a read-only folder (needs nix-instantiate)',
  async () => {
    const { source, build, launcher, places } = packageFiles();
    const folder = tempFolder();
    const built = join(folder, 'built');
    copy(projectRoot, built, [...source, ...places]);
    for (const command of build) {
      const { status, stdout } = spawnSync(command, { shell: true, cwd: built, encoding: 'utf8' });
      expect(status, `${command}\n${stdout}`).toBe(0);
    }

    const app = join(folder, 'app');
    copy(built, app, [...launcher, ...places.filter((place) => !/\/(@types|typescript)(\/|$)/.test(place))]);
    chmodSync(join(app, 'examples/immich-bridge.json'), 0o444);
    symlinkSync(nodeRedDir, join(app, 'node_modules/node-red'));

    const work = join(folder, 'work');
    mkdirSync(work);
    const child = spawn(process.execPath, [join(app, 'dist/bin/immich-bridge.js')], {
      cwd: work,
      env: { ...cleanEnvironment(), PORT: '0' },
    });
    const exited = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    await vi.waitFor(() => expect(output).toContain('its original is in the archive'), {
      timeout: 120_000,
      interval: 100,
    });
    expect(filesBelow(join(work, 'photos'))).toEqual(['archive/sample.jpg']);
    // The editor must be able to save it.
    expect(statSync(join(work, '.immich-bridge/flows.json')).mode & 0o200).toBe(0o200);

    const check = spawnSync(process.execPath, [join(projectRoot, 'nix/check-nodes.mjs'), built], {
      encoding: 'utf8',
    });
    expect(check.stderr).toBe('');
    expect(check.status).toBe(0);
  },
  300_000,
);

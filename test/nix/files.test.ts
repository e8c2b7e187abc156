import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/node-red-process.js';
import { evaluateNix, hasNix, nixFiles, parseNix } from './nix.js';

const text = (file: string) => readFileSync(join(projectRoot, file), 'utf8');
const optionNames = (file: string) =>
  evaluateNix(`import ./test/nix/option-names.nix { module = ./nix/${file}; }`) as string[];

/** The variables of the README's table of settings. */
function variablesOfReadme(): string[] {
  const rows = text('README.md')
    .split('\n')
    .filter((line) => /^\| `[A-Z]/.test(line));
  return rows.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name ?? ''),
  );
}

it('there are Nix files to look at', () => {
  expect(nixFiles).toContain('flake.nix');
  expect(nixFiles).toContain('nix/tests/machine.nix');
});

describe.skipIf(!hasNix())('the Nix files (needs nix-instantiate)', () => {
  it.each(nixFiles)('%s is Nix', (file) => {
    parseNix(file);
  });

  it('lists files and packages that are there', () => {
    const files = evaluateNix('import ./nix/files.nix') as Record<string, string[]>;
    const manifest = JSON.parse(text('package.json')) as { devDependencies: Record<string, string> };
    for (const name of [...(files.tools ?? []), ...(files.standIns ?? [])]) {
      expect(manifest.devDependencies).toHaveProperty([name]);
    }
    expect((files.source ?? []).filter((name) => !existsSync(join(projectRoot, name)))).toEqual([]);
  });

  it.each(['nixos-module.nix', 'home-module.nix'])('docs/nixos.md describes each option of %s', (file) => {
    const page = text('docs/nixos.md');
    const names = optionNames(file);
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('docs/nixos.md names no option that there is not', () => {
    const known = new Set([...optionNames('nixos-module.nix'), ...optionNames('home-module.nix')]);
    const table = text('docs/nixos.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const named = table.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)]);
    expect(named.length).toBeGreaterThan(25);
    expect(named.map(([, name]) => name).filter((name) => !known.has(name ?? ''))).toEqual([]);
  });

  it('each variable of the README has an option', () => {
    const settings = evaluateNix(
      'let s = import ./nix/settings.nix; in { inherit (s) variables secrets logLevels; }',
    ) as {
      variables: Record<string, string>;
      secrets: Record<string, { variable: string }>;
      logLevels: Record<string, string>;
    };
    const elsewhere = [
      // Their files are given instead, because options are public.
      'IMMICH_API_KEY',
      'MQTT_PASSWORD',
      // Node-RED is told in its own way: `logLevel`, and `services.node-red` or `port`, `host` and `userDir`.
      'LOG_LEVEL',
      'PORT',
      'HOST',
      'IMMICH_BRIDGE_DIR',
    ];
    const covered = [
      ...Object.values(settings.variables),
      ...Object.values(settings.secrets).map(({ variable }) => variable),
    ];
    const documented = variablesOfReadme();
    expect(documented.length).toBeGreaterThan(25);
    expect([...covered, ...elsewhere].sort()).toEqual([...documented].sort());
    const options = optionNames('nixos-module.nix');
    for (const name of [...Object.keys(settings.variables), ...Object.keys(settings.secrets), 'logLevel']) {
      expect(options).toContain(name);
    }
  });
});

describe('the systemd service for any Linux', () => {
  const keysOf = (file: string) =>
    text(file)
      .split('\n')
      .flatMap((line) => /^([A-Za-z]+)=/.exec(line)?.[1] ?? []);

  it('knows each variable of the README', () => {
    const told = `${text('systemd/settings.env')}\n${text('systemd/immich-bridge.service')}`;
    const missing = variablesOfReadme().filter((name) => !new RegExp(`^(#|.*=)?${name}=`, 'm').test(told));
    // Secrets have files.
    expect(missing).toEqual(['IMMICH_API_KEY', 'MQTT_PASSWORD']);
  });

  it('is shut in as the one of Home Manager', () => {
    const module = text('nix/home-module.nix');
    const keys = keysOf('systemd/immich-bridge.service');
    const shutIn = ['NoNewPrivileges', 'LockPersonality', 'RestrictRealtime', 'RestrictSUIDSGID', 'UMask'];
    for (const key of [...shutIn, 'SystemCallArchitectures', 'StartLimitBurst', 'LoadCredential']) {
      expect(keys).toContain(key);
      expect(module).toContain(`${key} = `);
    }
  });
});

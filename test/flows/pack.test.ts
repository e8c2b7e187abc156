import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeRedDir, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { tempFolder } from '../support/world.js';

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  name: string;
  dependencies: Record<string, string>;
  'node-red': { nodes: Record<string, string> };
};
const nodes = Object.keys(manifest['node-red'].nodes);
const drawn = nodes.filter((node) => node !== 'immich-server');

interface PackedFile {
  readonly path: string;
}

function npm(args: string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Packs without building again: the tests have built already. */
function pack(into: string): { tarball: string; files: string[] } {
  const [packed] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', into], projectRoot),
  ) as [{ filename: string; files: PackedFile[] }];
  return { tarball: join(into, packed.filename), files: packed.files.map(({ path }) => path) };
}

describe('the package', () => {
  let files: string[];
  beforeAll(() => {
    files = (
      JSON.parse(npm(['pack', '--json', '--dry-run', '--ignore-scripts'], projectRoot)) as [
        { files: PackedFile[] },
      ]
    )[0].files.map(({ path }) => path);
  });

  it('holds what Node-RED needs', () => {
    const wanted = nodes.flatMap((node) => [
      `dist/nodes/${node}.js`,
      `dist/nodes/${node}.html`,
      `dist/nodes/locales/en-US/${node}.json`,
      `dist/nodes/locales/en-US/${node}.html`,
    ]);
    const icons = drawn.map((node) => `dist/nodes/icons/${node}.svg`);
    expect(files).toEqual(expect.arrayContaining([...wanted, ...icons, 'examples/immich-bridge.json']));
  });

  it('holds nothing else', () => {
    const allowed =
      /^(dist\/(nodes|lib)\/.+\.(js|html|json|svg)|dist\/bin\/(audit-command|environment|immich-bridge|launch-settings|migrate-command|node-red|start|usage|verify-command)\.js|examples\/.+\.json|resources\/.+\.(js|css)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
  });

  it('has at most six dependencies', () => {
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(6);
  });
});

it('shows all nodes, icons, help and the example when it is installed into an empty Node-RED', async () => {
  const userDir = join(tempFolder(), 'node-red');
  mkdirSync(userDir);
  writeFileSync(join(userDir, 'package.json'), '{"name":"empty","private":true}');
  writeFileSync(join(userDir, 'flows.json'), '[]');
  const { tarball } = pack(userDir);
  npm(['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', tarball], userDir);

  const { url, output } = await startNodeRedProcess({ userDir, nodesDir: null });
  const get = async (path: string, accept = 'application/json') => {
    const answer = await fetch(url + path, { headers: { accept } });
    return answer.text();
  };
  const sets = (
    JSON.parse(await get('/nodes')) as { module: string; types: string[]; err?: unknown; enabled: boolean }[]
  ).filter(({ module }) => module === manifest.name);
  expect(sets.map(({ types, err, enabled }) => ({ types, err, enabled }))).toEqual(
    expect.arrayContaining(nodes.map((node) => ({ types: [node], err: undefined, enabled: true }))),
  );
  const templates = await get('/nodes', 'text/html');
  for (const node of nodes) {
    expect(templates).toContain(`data-template-name="${node}"`);
    expect(templates).toContain(`data-help-name="${node}"`);
  }
  const catalogue = JSON.parse(await get('/nodes/messages?lng=en-US')) as Record<
    string,
    Record<string, unknown>
  >;
  for (const node of nodes)
    expect(catalogue[`${manifest.name}/${node}`]).toHaveProperty([node, 'paletteLabel']);
  const unknownIcon = await get(`/icons/${manifest.name}/no-such-icon.svg`, 'image/*');
  for (const node of drawn) {
    const icon = await get(`/icons/${manifest.name}/${node}.svg`, 'image/*');
    expect(icon).toContain('<svg');
    expect(icon).not.toBe(unknownIcon);
  }
  expect(await get('/library/examples/flows')).toContain('immich-bridge');
  const version = JSON.parse(readFileSync(join(nodeRedDir, 'package.json'), 'utf8')).version;
  expect(output()).toContain(`Node-RED version: v${version}`);
}, 120_000);

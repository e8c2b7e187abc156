import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { filesBelow } from '../support/files-below.js';
import type { Fault } from '../support/immich-stand-in.js';
import { ON_TAB } from '../support/node-red-helper.js';
import { startNodeRedProcess } from '../support/node-red-process.js';
import { PATIENCE, pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';
import { standIn, tempFolder } from '../support/world.js';

/** A real Node-RED whose uploader obeys `/command/<name>` and writes what it tells into a file. */
function flow(url: string, inbox: string, told: string) {
  const name = { t: 'set', p: 'topic', pt: 'msg', to: '"command/" & req.params.name', tot: 'jsonata' };
  const file = { filename: told, filenameType: 'str', appendNewline: true, overwriteFile: 'false' };
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'server', type: 'immich-server', url },
    { ...ON_TAB, id: 'watch', type: 'folder-watch', folders: inbox, wires: [['stable'], []] },
    { ...ON_TAB, id: 'stable', type: 'stable-file', quietSeconds: '0', wires: [['upload']] },
    { ...ON_TAB, id: 'upload', type: 'immich-upload', server: 'server', wires: [[], ['told']] },
    { ...ON_TAB, id: 'in', type: 'http in', url: '/command/:name', method: 'get', wires: [['name', 'ok']] },
    { ...ON_TAB, id: 'name', type: 'change', rules: [name], wires: [['upload']] },
    { ...ON_TAB, id: 'ok', type: 'http response', wires: [] },
    { ...ON_TAB, id: 'told', type: 'file', ...file, wires: [[]] },
  ];
}

it('sends nothing before or after Node-RED was killed, once the pause was answered', async () => {
  const server = await standIn();
  const folder = tempFolder();
  const [inbox, told, flowFile] = ['inbox', 'told', 'flow.json'].map((name) => join(folder, name));
  mkdirSync(inbox!);
  writeFileSync(flowFile!, JSON.stringify(flow(server.url, inbox!, told!)));
  const options = { userDir: join(folder, 'red'), env: { IMMICH_API_KEY: server.apiKey } };
  const tells = (message: object) =>
    vi.waitFor(
      () => {
        const lines = existsSync(told!) ? readFileSync(told!, 'utf8').split('\n').slice(0, -1) : [];
        const messages: unknown[] = lines.map((line) => JSON.parse(line));
        expect(messages).toContainEqual(expect.objectContaining(message));
        return messages;
      },
      { timeout: 20_000, interval: 50 },
    );

  const before = await startNodeRedProcess({ ...options, flowFile });
  await fetch(`${before.url}/command/pause`);
  await tells({ name: 'pause', isOk: true });
  await before.kill();
  rmSync(told!);
  writeFileSync(join(inbox!, 'a.jpg'), 'a photo');

  const after = await startNodeRedProcess(options);
  const messages = await tells({ state: 'paused', pending: 1 });
  expect(messages[0]).toMatchObject({ state: 'paused' });
  expect(server.requests.filter(({ path }) => path.startsWith('/api/assets'))).toEqual([]);
  await fetch(`${after.url}/command/resume`);
  await tells({ state: 'idle', totals: { files: 1, bytes: 7, duplicates: 0 } });
}, 90_000);

/** What hangs when Node-RED is killed; nothing: it is killed right when the original is in the archive. */
const STAGES: readonly (readonly [string, Fault | undefined])[] = [
  [
    'when its album is there and nobody knows',
    { kind: 'hang', method: 'POST', path: '/api/albums', takesEffect: true },
  ],
  ['before it is in its album', { kind: 'hang', method: 'PUT', path: /^\/api\/albums\/[^/]+\/assets$/ }],
  [
    'when it is in its album and nobody knows',
    { kind: 'hang', takesEffect: true, method: 'PUT', path: /^\/api\/albums\/[^/]+\/assets$/ },
  ],
  ['before it has its tag', { kind: 'hang', method: 'PUT', path: '/api/tags/assets' }],
  ['when it is archived and not yet remembered', undefined],
];

it('every photo is in Immich, its album and the archive once, at whatever stage of it Node-RED was killed', async () => {
  const here = await pipelineWorld({ permissions: ['all'] }, { ALBUMS: 'Trip', TAGS: 'sea/north' });
  const { server, inbox, archive } = here;
  let life = await startShippedFlow(here);
  for (const [stage, fault] of STAGES) {
    const name = `${stage}.jpg`;
    const mend = fault && server.fail(fault);
    const asked = server.requests.length;
    writeFileSync(join(inbox, name), `a photo, ${stage}`);
    const isThere = () =>
      fault === undefined
        ? filesBelow(archive).includes(name)
        : server.requests
            .slice(asked)
            .some(({ method, path }) => method === fault.method && pathFits(path, fault));
    await vi.waitFor(() => expect(isThere(), stage).toBe(true), { ...PATIENCE, interval: 5 });
    await life.kill();
    if (fault !== undefined) expect(filesBelow(inbox), stage).toEqual([name]);
    mend?.();
    life = await startShippedFlow(here);
    await vi.waitFor(
      () => expect([filesBelow(inbox), filesBelow(archive)]).toEqual([[], names(stage)]),
      PATIENCE,
    );
  }
  const all = server.assets.map(({ id }) => id).sort();
  expect(server.assets.map(({ fileName }) => fileName).sort()).toEqual(names());
  expect(server.albums.map(({ name, assetIds }) => [name, [...assetIds].sort()])).toEqual([['Trip', all]]);
  expect([...(server.tags.find(({ value }) => value === 'sea/north')?.assetIds ?? [])].sort()).toEqual(all);
}, 180_000);

/** The names of all photos up to that of a stage, in order. */
function names(stage?: string): string[] {
  const until = stage === undefined ? STAGES.length : 1 + STAGES.findIndex(([name]) => name === stage);
  return STAGES.slice(0, until)
    .map(([name]) => `${name}.jpg`)
    .sort();
}

function pathFits(path: string, { path: wanted }: Fault): boolean {
  return wanted instanceof RegExp ? wanted.test(path) : path === wanted;
}

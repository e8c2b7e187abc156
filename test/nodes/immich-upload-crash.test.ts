import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { ON_TAB } from '../support/node-red-helper.js';
import { startNodeRedProcess } from '../support/node-red-process.js';
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

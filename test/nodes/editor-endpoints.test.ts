import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startBroker } from '../support/broker.js';
import { startNodeRedProcess } from '../support/node-red-process.js';
import { standIn, tempFolder } from '../support/world.js';

const PASSWORD = 'only for this test';
const users = [
  { username: 'writer', permissions: '*' },
  { username: 'reader', permissions: 'read' },
];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown> & { findings?: Finding[]; folders?: Finding[]; error?: string };
}
interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly found: string;
}

const PATHS = ['values', 'folders', 'server', 'broker', 'command'];

async function world(flow: object[] = [], env: Record<string, string> = {}, lang = 'en-US') {
  const bcrypt = createRequire(createRequire(import.meta.url).resolve('node-red/package.json'))(
    'bcryptjs',
  ) as {
    hashSync(text: string, rounds: number): string;
  };
  const password = bcrypt.hashSync(PASSWORD, 4);
  const userDir = tempFolder();
  writeFileSync(
    join(userDir, 'flows.json'),
    JSON.stringify([{ id: 'tab', type: 'tab', label: 'test' }, ...flow]),
  );
  writeFileSync(
    join(userDir, 'flows_cred.json'),
    JSON.stringify({ server: { apiKey: env.STORED_KEY ?? 'none' } }),
  );
  const adminAuth = { type: 'credentials', users: users.map((user) => ({ ...user, password })) };
  const { url, output } = await startNodeRedProcess({
    userDir,
    env,
    settings: { adminAuth, credentialSecret: false, lang },
  });
  const tokenOf = async (username: string, scope: string) => {
    const form = {
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope,
      username,
      password: PASSWORD,
    };
    const answer = await fetch(`${url}/auth/token`, { method: 'POST', body: new URLSearchParams(form) });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  const [writer, reader] = [await tokenOf('writer', '*'), await tokenOf('reader', 'read')];
  async function post(
    path: string,
    body: unknown,
    { token = writer, type = 'application/json', method = 'POST', language = '*' } = {},
  ) {
    const headers = {
      'content-type': type,
      'accept-language': language,
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    };
    const raw = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(`${url}/immich-bridge/${path}`, {
      method,
      headers,
      ...(method !== 'GET' && { body: raw }),
    });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} } as Answer;
  }
  return { post, reader, output };
}

it('answers only people who may change flows, and takes nothing but small JSON objects', async () => {
  const { post, reader } = await world();
  expect(reader).toMatch(/.{20}/);
  for (const path of PATHS) {
    expect((await post(path, {}, { token: '' })).status, path).toBe(401);
    expect((await post(path, {}, { token: reader })).status, path).toBe(401);
    expect((await post(path, {}, { method: 'GET' })).status, path).toBe(404);
    expect((await post(path, { config: 'x'.repeat(70_000) })).status, path).toBe(413);
    expect((await post(path, 'a=1', { type: 'text/plain' })).status, path).toBe(415);
    expect((await post(path, [1, 2])).json.error, path).toMatch(/no JSON object/);
  }
  for (const names of [7, ['../etc'], [{}], new Array(101).fill('A'), ['__proto__; ls']]) {
    expect((await post('values', { names })).status).toBe(400);
  }
  for (const id of [7, null, 'nobody', {}, 'tab']) {
    expect((await post('command', { id, command: 'rescan' })).status).toBe(404);
  }
  for (const config of [{ url: 7 }, { url: {} }, { url: ['x://y'] }, { url: 'http://me:pw@host' }]) {
    const { status, text } = await post('server', { config });
    expect(status, text).toBeLessThan(500);
    expect(text).not.toContain('pw@');
  }
  expect(
    (await post('folders', { type: 'folder-watch', config: { folders: { a: 1 }, minSizeKB: [] } })).status,
  ).toBe(200);
});

it('tells values of variables, but nothing that may be a secret', async () => {
  const env = {
    MY_PHOTOS: '/srv/photos',
    MY_URL: 'https://me:hidden@photos.lan/x?token=hidden',
    MY_API_KEY: 'hidden',
    MQTT_PASSWORD_FILE: '/run/hidden',
  };
  const flow = [
    {
      id: 'tab2',
      type: 'tab',
      label: 'two',
      env: [{ name: 'MY_PHOTOS', value: '/of/the/tab', type: 'str' }],
    },
    { id: 'n', z: 'tab2', type: 'comment', x: 1, y: 1 },
  ];
  const { post, output } = await world(flow, env);
  const names = [...Object.keys(env), 'MQTT_PASSWORD', 'NOT_THERE'];
  const { text, json } = await post('values', { z: 'tab', names });
  expect(json.values).toEqual({
    MY_PHOTOS: { isSet: true, text: '/srv/photos' },
    MY_URL: { isSet: true, text: 'https://…@photos.lan/x?…' },
    MY_API_KEY: { isSet: true },
    MQTT_PASSWORD_FILE: { isSet: true },
    MQTT_PASSWORD: { isSet: true },
    NOT_THERE: { isSet: false },
  });
  expect(text + output()).not.toContain('hidden');
  expect((await post('values', { z: 'tab2', names: ['MY_PHOTOS'] })).json.values).toEqual({
    MY_PHOTOS: { isSet: true, text: '/of/the/tab' },
  });
});

it('speaks as Node-RED does, and to an editor in the language that it asks for', async () => {
  const broken = { id: 'n', z: 'tab', type: 'stable-file', quietSeconds: 'soon', x: 1, y: 1, wires: [[]] };
  const { post, output } = await world([broken], {}, 'de');
  expect(output()).toContain(
    'Ruhezeit: „soon“ geht hier nicht. Geben Sie eine Zahl ab 0 ein, zum Beispiel 5.',
  );
  const url = 'http://127.0.0.1:1';
  const english = `${url} refuses the connection: is Immich running, and is the port right?`;
  const answers = {
    '*': `${url} lehnt die Verbindung ab: Läuft Immich, und stimmt der Port?`,
    'fr-CA,fr;q=0.9,en;q=0.8': `${url} refuse la connexion\u00a0: Immich fonctionne-t-il, et le port est-il le bon\u202f?`,
    'zh-CN': `${url} 拒绝连接：Immich 是否在运行，端口是否正确？`,
    'en-US,de;q=0.5': english,
    pt: english,
    '../../de': english,
  };
  const ask = (language: string) => post('server', { config: { url } }, { language });
  // At the same time: nobody hears the language of another.
  const asked = Object.entries(answers).map(async ([language, answer]) => {
    const { findings = [] } = (await ask(language)).json;
    expect(
      findings.map(({ found }) => found),
      language,
    ).toContain(answer);
  });
  await Promise.all(asked);
});

it('looks at folders as they are typed, and names nothing that lies in them', async () => {
  const folder = tempFolder();
  const [inbox, archive] = [join(folder, 'inbox'), join(folder, 'archive')];
  mkdirSync(join(inbox, 'below'), { recursive: true });
  mkdirSync(archive);
  for (const name of ['a.jpg', 'b.HEIC', 'c.txt', '.hidden.jpg', 'below/d.mp4'])
    writeFileSync(join(inbox, name), 'x');
  symlinkSync(join(inbox, 'a.jpg'), join(inbox, 'link.jpg'));
  const watch = { id: 'watch', type: 'folder-watch', z: 'tab', x: 1, y: 1, wires: [[], []] };
  const flow = [{ ...watch, folders: '${MY_INBOX}', archiveFolder: archive }];
  const { post } = await world(flow, { MY_INBOX: inbox });
  const ask = async (config: object, type = 'folder-watch') =>
    (await post('folders', { z: 'tab', type, config })).json.folders ?? [];
  expect(await ask({ folders: '${MY_INBOX}' })).toEqual([
    { field: 'folders', check: inbox, verdict: 'ok', found: 'can be read; 3 files wait in it' },
  ]);
  expect((await ask({ folders: inbox, recursive: 'false', extensions: 'jpg' }))[0]?.found).toBe(
    'can be read; 1 file waits in it',
  );
  expect((await ask({ folders: inbox, minSizeKB: '1' }))[0]?.found).toBe('can be read; no file waits in it');
  const all = await ask({ folders: `${folder}/none\nphotos\n${inbox}/a.jpg`, archiveFolder: archive });
  expect(all.map(({ verdict }) => verdict)).toEqual(['problem', 'problem', 'problem', 'ok']);
  expect(all.map(({ found }) => found).join('\n')).toMatch(
    /is missing\n.*no full path.*\nthis is a file.*\ncan be written; .* are free/,
  );
  expect(await ask({ mode: 'keep', archiveFolder: archive }, 'archive-move')).toEqual([]);
  expect(JSON.stringify(all)).not.toContain('d.mp4');
  const failed = async (path: string) => (await ask({ failedFolder: path }, 'immich-upload'))[0];
  expect(await failed(folder)).toMatchObject({ field: 'failedFolder', verdict: 'ok' });
  expect((await failed(join(inbox, 'below')))?.found).toContain(`lies in the watched folder ${inbox}`);
  expect(await ask({ failedFolder: '' }, 'immich-upload')).toEqual([]);
});

it('tests a connection with what is typed, and with the stored key in place of __PWRD__', async () => {
  const server = await standIn({ permissions: ['asset.upload', 'server.storage', 'user.read'] });
  const flow = [
    {
      id: 'server',
      type: 'immich-server',
      name: '',
      url: server.url,
      tls: '',
      connectSeconds: '10',
      stallSeconds: '60',
    },
    { id: 'other', type: 'mqtt-broker', name: '', broker: 'localhost' },
  ];
  const { post, output } = await world(flow, { STORED_KEY: server.apiKey });
  const ask = async (config: object, id = 'server') => post('server', { id, config });
  const good = await ask({ url: server.url, apiKey: '__PWRD__' });
  const verdicts = Object.fromEntries(
    (good.json.findings ?? []).map(({ check, verdict }) => [check, verdict]),
  );
  expect(verdicts).toMatchObject({
    version: 'ok',
    'asset.upload': 'ok',
    user: 'ok',
    storage: 'ok',
    'asset.delete': 'missing',
  });
  expect(good.text + output()).not.toContain(server.apiKey);
  const wrong = await ask({ url: server.url, apiKey: 'not-the-key' });
  expect(wrong.json.findings?.at(-1)).toMatchObject({ check: 'API key', verdict: 'problem' });
  // Of a node of another type, or of none, no credential is taken.
  for (const id of ['other', 'nobody']) {
    const asked = await ask({ url: server.url, apiKey: '__PWRD__' }, id);
    expect(asked.json.findings?.at(-1)).toMatchObject({
      check: 'API key',
      verdict: 'problem',
      found: 'is not set',
    });
  }
  const many = await ask({ url: `${server.url}\nhttp://127.0.0.1:9`, apiKey: server.apiKey });
  expect(many.json.findings?.at(-1)).toMatchObject({ check: 'http://127.0.0.1:9', verdict: 'problem' });
});

it('tests a broker, good and bad', async () => {
  const broker = await startBroker();
  onTestFinished(() => broker.stop());
  const { post } = await world();
  const good = await post('broker', { config: { url: broker.url, instance: 'test' } });
  expect(good.json.findings?.map(({ verdict }) => verdict)).not.toContain('problem');
  expect(good.json.findings?.[0]?.found).toMatch(/speaks MQTT/);
  const bad = await post('broker', { config: { url: 'mqtt://127.0.0.1:9' } });
  expect(bad.json.findings).toMatchObject([{ verdict: 'problem', found: 'refuses the connection' }]);
  expect((await post('broker', { config: {} })).json.error).toMatch(/no address is set/);
});

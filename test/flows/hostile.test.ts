import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { filesBelow } from '../support/archive-world.js';
import { nodeRedDir, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { eventsOf, PATIENCE, pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

const NAMES = [
  'a line\n[error] FAKE LINE.jpg',
  'colour \x1b[31m and \x07.jpg',
  'head\r\nX-Evil: 1\r\n\r\n.jpg',
  'quotes "\'`.jpg',
  'per%cent%0d%0a%00.jpg',
  'turn \u202egpj.jpg',
  `${'ü'.repeat(125)}a.jpg`,
  '-rf.jpg',
  'con.jpg',
  'back\\slash.jpg',
  'immich-bridge+#$SYS.jpg',
  '$t(common.label.cancel) __path__ {{file}}.jpg',
  "{{ states('sensor.x') }}{% for a in b %}.jpg",
  '<img src=x onerror=alert(1)>.jpg',
  '{"v":1,"event_type":"failed"}.jpg',
  'a .. b.jpg',
];

/** Loaded machines take their time for a whole Node-RED. */
const LONG = 120_000;

it(
  'brings photos with any name to Immich and the archive, and takes nothing for a photo that is none',
  async () => {
    const world = await pipelineWorld();
    const { inbox, archive, server } = world;
    const outside = join(dirname(inbox), 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.jpg'), 'a secret');
    for (const name of NAMES) writeFileSync(join(inbox, name), `photo ${name}`);
    writeFileSync(
      Buffer.concat([Buffer.from(`${inbox}/caf`), Buffer.from([0xe9]), Buffer.from('.jpg')]),
      'latin',
    );
    writeFileSync(join(inbox, 'broken\n[error] FAKE LINE.mp4'), 'no video at all');
    execFileSync('mkfifo', [join(inbox, 'pipe.jpg')]);
    symlinkSync(join(outside, 'secret.jpg'), join(inbox, 'link.jpg'));
    symlinkSync(outside, join(inbox, 'folder'));
    symlinkSync('/dev/zero', join(inbox, 'zero.jpg'));
    const nodeRed = await startShippedFlow(world);

    await vi.waitFor(
      async () => expect((await filesBelow(archive)).sort()).toEqual([...NAMES].sort()),
      PATIENCE,
    );
    expect(server.assets.map(({ fileName }) => fileName).sort()).toEqual([...NAMES].sort());
    expect(server.assets.map(({ fields }) => fields.filename).sort()).toEqual([...NAMES].sort());
    await vi.waitFor(() => {
      const told = eventsOf(world).filter(({ event_type }) => event_type === 'archived');
      expect(told.map(({ file }) => file).sort()).toEqual([...NAMES].sort());
    }, PATIENCE);
    await vi.waitFor(() => expect(nodeRed.output()).toMatch(/broken\\x0a\[error\] FAKE LINE\.mp4/), PATIENCE);
    expect(nodeRed.output()).toContain('caf\\xe9.jpg');
    const lines = nodeRed.output().split('\n');
    expect(lines.filter((line) => /\p{Cc}|\u202e|^\[error\] FAKE/u.test(line))).toEqual([]);
    expect(await nodeRed.stop()).toBe(0);
  },
  LONG,
);

it(
  'opens nothing of Node-RED to whoever has no right, and shows the secrets to nobody',
  async () => {
    const { hashSync } = createRequire(join(nodeRedDir, 'red.js'))('bcryptjs') as {
      hashSync(text: string, rounds: number): string;
    };
    const world = await pipelineWorld({ apiKey: 'secret-api-key-4711' });
    const users = ['*', 'read'].map((permissions) => ({
      username: `user ${permissions}`,
      password: hashSync('a password', 4),
      permissions,
    }));
    const { url } = await startNodeRedProcess({
      ...world,
      flowFile: join(projectRoot, 'flows/immich-bridge.json'),
      settings: { adminAuth: { type: 'credentials', users } },
    });
    const ask = async (path: string, token?: string, method = 'GET') => {
      const headers = { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(url + path, { method, headers });
      return { status: answer.status, text: await answer.text() };
    };
    const tokenOf = async (permissions: string) => {
      const form = {
        client_id: 'node-red-admin',
        grant_type: 'password',
        scope: permissions,
        password: 'a password',
      };
      const body = new URLSearchParams({ ...form, username: `user ${permissions}` });
      const answer = await fetch(`${url}/auth/token`, { method: 'POST', body });
      return ((await answer.json()) as { access_token: string }).access_token;
    };
    const types = Object.keys(
      (
        createRequire(import.meta.url)(join(projectRoot, 'package.json')) as { 'node-red': { nodes: object } }
      )['node-red'].nodes,
    );
    const paths = ['/flows', '/nodes', '/settings', '/context/global', '/diagnostics'];
    const credentials = types.map((type) => `/credentials/${type}/ib-${type.split('-')[1]}`);
    for (const path of [...paths, ...credentials])
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
    for (const token of [await tokenOf('*'), await tokenOf('read')]) {
      for (const path of [...paths, ...credentials]) {
        const { status, text } = await ask(path, token);
        expect([path, status]).toEqual([path, 200]);
        expect(text).not.toContain('secret-api-key-4711');
      }
    }
    expect((await ask('/flows', await tokenOf('read'), 'POST')).status).toBe(401);
    // None of these is ours: the pack has no address of its own.
    for (const path of [
      '/immich-bridge',
      '/immich-server',
      '/immich',
      '/immich-upload/ib-upload',
      '/metrics',
    ]) {
      expect([path, (await ask(path, await tokenOf('*'))).status]).toEqual([path, 404]);
    }
  },
  LONG,
);

import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { UploadedFile } from '../../lib/media-file.js';
import archiveMoveNode, { archiveMove } from '../../nodes/archive-move.js';
import {
  type ArchiveWorld,
  failingFs,
  filesBelow,
  makeWorld,
  systemError,
} from '../support/archive-world.js';

type Effects = Parameters<typeof archiveMove>[0];
interface Got {
  topic?: string;
  filename?: string;
  payload: Record<string, unknown>;
  error?: { message: string; code?: string };
  [key: string]: unknown;
}

helper.init(createRequire(import.meta.url).resolve('node-red'));
beforeAll(() => new Promise<void>((ok) => helper.startServer(ok)));
afterEach(() => helper.unload());
afterAll(() => new Promise<void>((ok) => helper.stopServer(ok)));

const at = { z: 'tab1', x: 1, y: 1 };

/** A node between a catch node and what it sends to; collects all that comes out. */
async function load(config: Record<string, unknown>, effects?: Effects) {
  const flow = [
    { id: 'tab1', type: 'tab', label: 'test' },
    { ...at, id: 'n', type: 'archive-move', ...config, wires: [['out']] },
    { ...at, id: 'out', type: 'helper', wires: [] },
    { ...at, id: 'c', type: 'catch', scope: null, uncaught: false, wires: [['err']] },
    { ...at, id: 'err', type: 'helper', wires: [] },
    { ...at, id: 's', type: 'status', scope: null, wires: [['shown']] },
    { ...at, id: 'shown', type: 'helper', wires: [] },
  ];
  await helper.load(effects ? archiveMove(effects) : archiveMoveNode, flow);
  const sent: Got[] = [];
  const caught: Got[] = [];
  const shown: string[] = [];
  helper.getNode('out').on('input', (msg) => sent.push(msg as unknown as Got));
  helper.getNode('err').on('input', (msg) => caught.push(msg as unknown as Got));
  helper.getNode('shown').on('input', (msg) => {
    const { fill, text } = (msg as unknown as { status: { fill: string; text: string } }).status;
    shown.push(`${fill} ${text.replace('archive-move.status.', '')}`);
  });
  return { sent, caught, shown, node: helper.getNode('n') };
}

function upload(file: unknown, more: object = {}): void {
  helper.getNode('n').receive({ topic: 'file/uploaded', payload: file, ...more });
}

const moveTo = (world: ArchiveWorld) => ({ archiveFolder: world.archive, template: '', mode: 'move' });

describe('archive-move', () => {
  it('archives an uploaded file and says where it is now', async () => {
    const world = await makeWorld();
    const { sent, shown } = await load(moveTo(world));
    const file = await world.proven('trip/a.jpg');
    upload(file, { filename: file.path, _msgid: 'as it came', more: 'kept' });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    const archivedTo = join(world.archive, 'trip/a.jpg');
    expect(sent[0]).toMatchObject({ topic: 'file/archived', filename: archivedTo, more: 'kept' });
    expect(sent[0]).toHaveProperty('_msgid', 'as it came');
    expect(sent[0]?.payload).toEqual({
      ...file,
      archivedTo,
      archiveOutcome: 'moved',
      archivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await filesBelow(world.root)).toEqual(['archive/trip/a.jpg']);
    await vi.waitFor(() => expect(shown.at(-1)).toBe('green archived'));
  });

  it('keeps, with a filename that is still right', async () => {
    const world = await makeWorld();
    const { sent } = await load({ mode: 'keep' });
    const file = await world.proven('a.jpg');
    upload(file);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]).toMatchObject({
      filename: file.path,
      payload: { archivedTo: file.path, archiveOutcome: 'kept' },
    });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it('deletes when that was chosen', async () => {
    const world = await makeWorld();
    const { sent } = await load({ mode: 'delete' });
    const file = await world.proven('a.jpg');
    upload(file);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]).toMatchObject({
      filename: file.path,
      payload: { archivedTo: null, archiveOutcome: 'deleted' },
    });
    expect(await filesBelow(world.root)).toEqual([]);
  });

  it('refuses what Immich has not confirmed, and tells a Catch node', async () => {
    const world = await makeWorld();
    const { sent, caught } = await load(moveTo(world));
    const { sha1: _sha1, ...unproven } = await world.proven('a.jpg');
    upload(unproven);
    upload(unproven.path);
    await vi.waitFor(() => expect(caught).toHaveLength(2));
    expect(caught[0]?.error?.message).toMatch(/Immich confirmed.*Nothing was moved\.$/);
    expect(sent).toEqual([]);
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it.each([
    ['changed', (file: UploadedFile) => fs.writeFile(file.path, 'another photo')],
    ['vanished', (file: UploadedFile) => fs.unlink(file.path)],
  ])('drops a file that %s with a warning, and goes on', async (key, happen) => {
    const world = await makeWorld();
    const { sent, caught, node } = await load(moveTo(world));
    const file = await world.proven('a.jpg');
    await happen(file);
    const warned = once(node, 'call:warn');
    upload(file);
    expect((await warned)[0].args[0]).toBe(`archive-move.log.${key}`);
    upload(await world.proven('b.jpg'));
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.filename).toBe(join(world.archive, 'b.jpg'));
    expect(caught).toEqual([]);
  });

  it('tells a Catch node of a path that leads out of the archive', async () => {
    const world = await makeWorld();
    const { caught } = await load(moveTo(world));
    upload({ ...(await world.proven('a.jpg')), relativePath: '../a.jpg' });
    await vi.waitFor(() => expect(caught).toHaveLength(1));
    expect(caught[0]?.error).toMatchObject({
      code: 'outside-archive',
      message: expect.stringContaining('outside of the archive folder'),
    });
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it('tries again until it works, and reports only the first failure and a new reason', async () => {
    const world = await makeWorld();
    const tries: string[] = [];
    const codes = ['ENOSPC', 'ENOSPC', 'EDQUOT', 'EACCES', 'EACCES', 'EROFS'];
    const mkdir = async (...args: Parameters<typeof fs.mkdir>) => {
      if (args[0] === world.archive) return fs.mkdir(...args);
      const code = codes[tries.length];
      tries.push(code ?? 'works');
      if (code !== undefined) throw systemError(code);
      return fs.mkdir(...args);
    };
    const gates: (() => void)[] = [];
    const wait = () => new Promise<void>((go) => gates.push(go));
    const io = { fs: Object.assign({ ...fs }, { mkdir }) };
    const { sent, caught, shown } = await load(moveTo(world), { io, wait });
    const file = await world.proven('trip/a.jpg');
    upload(file);

    const statuses = ['yellow disk-full', 'yellow disk-full', 'yellow disk-full', 'red no-permission'];
    for (const [index, status] of [...statuses, 'red no-permission', 'red read-only'].entries()) {
      await vi.waitFor(() => expect(gates).toHaveLength(index + 1));
      await vi.waitFor(() => expect(shown.at(-1)).toBe(status));
      expect(sent).toEqual([]);
      gates[index]?.();
    }
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    await vi.waitFor(() => expect(shown.at(-1)).toBe('green archived'));
    expect(caught.map(({ error }) => error?.code)).toEqual(['disk-full', 'no-permission', 'read-only']);
    expect(caught[0]?.payload).toMatchObject({ path: file.path, sha1: file.sha1 });
    expect(caught[0]?.error?.message).toMatch(/^The archive folder ".*" is on a full disk/);
  });

  it('lets the others pass while one waits', async () => {
    const world = await makeWorld();
    const link: typeof fs.link = async (from, to) => {
      if (String(from).endsWith('stuck.jpg')) throw systemError('EIO');
      return fs.link(from, to);
    };
    const wait = (_attempt: number, signal: AbortSignal) => untilAborted(signal);
    const { sent } = await load(moveTo(world), { io: { fs: { ...fs, link } }, wait });
    upload(await world.proven('stuck.jpg'));
    const names = Array.from({ length: 20 }, (_, index) => `IMG_${index}.jpg`);
    for (const name of names) upload(await world.proven(name));
    await vi.waitFor(() => expect(sent).toHaveLength(20));
    expect(await filesBelow(world.watched)).toEqual(['stuck.jpg']);
  });

  it('archives four at once', async () => {
    const world = await makeWorld();
    const gates: (() => void)[] = [];
    const link: typeof fs.link = async (from, to) => {
      await new Promise<void>((go) => gates.push(go));
      return fs.link(from, to);
    };
    const { sent, shown } = await load(moveTo(world), { io: { fs: { ...fs, link } } });
    for (let index = 0; index < 6; index += 1) upload(await world.proven(`${index}.jpg`));
    await vi.waitFor(() => expect(gates).toHaveLength(4));
    await vi.waitFor(() => expect(shown.at(-1)).toBe('blue archiving'));
    for (let index = 0; index < 6; index += 1) {
      await vi.waitFor(() => expect(gates.length).toBeGreaterThan(index));
      expect(gates.length - sent.length).toBeLessThanOrEqual(4);
      gates[index]?.();
      await vi.waitFor(() => expect(sent.length).toBe(index + 1));
    }
  });

  it('hands back at close what is not archived, and leaves no half copy', async () => {
    const world = await makeWorld();
    const failing = failingFs({ link: (path) => (path.endsWith('.part') ? undefined : 'EXDEV') });
    const opened: string[] = [];
    const open: typeof fs.open = async (path, flags, mode) => {
      const handle = await fs.open(path, flags, mode);
      if (!String(path).endsWith('.part')) return handle;
      opened.push(String(path));
      const write = handle.write.bind(handle) as (...args: never[]) => Promise<unknown>;
      // A very slow disk: each piece takes until the node closes.
      return Object.assign(handle, {
        write: async (...args: never[]) => {
          await closing;
          return write(...args);
        },
      });
    };
    let close: () => void = () => undefined;
    const closing = new Promise<void>((resolve) => {
      close = resolve;
    });
    const { sent, caught } = await load(moveTo(world), { io: { fs: { ...failing, open } } });
    const done = await world.proven('done.jpg');
    await fs.mkdir(world.archive, { recursive: true });
    await fs.copyFile(done.path, join(world.archive, 'done.jpg'));
    upload(done);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    opened.length = 0;
    const files: UploadedFile[] = [];
    for (let index = 0; index < 6; index += 1) {
      files.push(await world.proven(`${index}.jpg`, Buffer.alloc(3_000_000, String(index))));
    }
    for (const file of files) upload(file);
    await vi.waitFor(() => expect(opened).toHaveLength(4));

    const returned = onReturnedFiles();
    const unloaded = helper.unload();
    close();
    await unloaded;
    expect(returned().sort()).toEqual(files.map(({ path }) => path).sort());
    expect(await filesBelow(world.archive)).toEqual(['done.jpg']);
    expect(await filesBelow(world.watched)).toEqual(files.map(({ relativePath }) => relativePath));
    expect(sent).toHaveLength(1);
    expect(caught).toEqual([]);
  });

  it.each([
    [{ mode: 'move', archiveFolder: '${IMMICH_BRIDGE_TEST_UNSET}' }, /ARCHIVE_DIRECTORY/],
    [{ mode: 'move', archiveFolder: '/a', template: '{year}' }, /there is no \{year\}/],
    [{ mode: 'shred' }, /move, keep, delete/],
  ])('shows wrong settings and moves nothing: %j', async (config, says) => {
    const world = await makeWorld();
    const { shown, caught } = await load(config);
    upload(await world.proven('a.jpg'));
    await vi.waitFor(() => expect(caught).toHaveLength(1));
    expect(caught[0]?.error?.message).toMatch(says);
    expect(shown.filter((status) => status !== 'red misconfigured')).toEqual([]);
    expect(await filesBelow(world.root)).toEqual(['watched/a.jpg']);
  });

  it('takes its settings from the environment', async () => {
    const world = await makeWorld();
    vi.stubEnv('IMMICH_BRIDGE_TEST_ARCHIVE', world.archive);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const { sent } = await load({ archiveFolder: '${IMMICH_BRIDGE_TEST_ARCHIVE}', template: '{yyyy}' });
    upload(await world.proven('a.jpg'));
    await vi.waitFor(() => expect(sent[0]?.filename).toBe(join(world.archive, '2024/a.jpg')));
  });
});

it('has a catalogue whose texts fit, for everything that the node says', async () => {
  const read = async (path: string) => fs.readFile(join(import.meta.dirname, '../..', path), 'utf8');
  const catalogue = JSON.parse(await read('locales/en-US/archive-move.json'))['archive-move'];
  const texts = ['misconfigured', 'idle', 'archiving', 'archived', 'disk-full', 'read-only'];
  for (const key of [...texts, 'no-permission', 'outside-archive', 'failed']) {
    const count = key === 'archived' ? '1234567' : '99k';
    expect(catalogue.status[key].replace('__count__', count).length, key).toBeLessThan(20);
  }
  const would = ['moved', 'kept', 'deleted', 'already-archived', 'remove'].map((key) => `would-${key}`);
  expect(Object.keys(catalogue.log).sort()).toEqual(['changed', 'vanished', ...would].sort());
  const html = await read('nodes/archive-move.html');
  for (const [, key = ''] of html.matchAll(/archive-move\.((?:label|placeholder|tip|error)\.\w+)/g)) {
    const [group = '', name = ''] = key.split('.');
    expect(catalogue[group][name], key).toEqual(expect.any(String));
  }
});

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(signal.reason)));
}

/** Collects what nodes hand back, as folder-watch does. */
function onReturnedFiles(): () => string[] {
  const paths: string[] = [];
  const { events } = createRequire(createRequire(import.meta.url).resolve('node-red'))('@node-red/util');
  const collect = (given: string[]) => paths.push(...given);
  events.on('immich-bridge:files-returned', collect);
  onTestFinished(() => events.off('immich-bridge:files-returned', collect));
  return () => paths;
}

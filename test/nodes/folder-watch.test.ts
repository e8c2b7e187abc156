import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeMessage, NodeStatus } from 'node-red';
import { expect, it, onTestFinished, vi } from 'vitest';
import { folderId } from '../../lib/watch/folder-id.js';
import type { FolderWatchState } from '../../lib/watch/folder-watch.js';
import { defineNode, type NodeWork } from '../../nodes/_define-node.js';
import folderWatch from '../../nodes/folder-watch.js';
import {
  collect,
  collectStatuses,
  ON_TAB,
  runtimeEvents,
  TAB_WITH_CATCH,
  useNodeRed,
} from '../support/node-red-helper.js';
import { until, write } from '../support/watched-world.js';
import { tempFolder } from '../support/world.js';

const helper = useNodeRed();

/** A config node in the place of immich-server. */
interface Server extends NodeWork {
  mediaExtensions(): Promise<string[]>;
}
const server = defineNode<object, object, Server>('test-server', {
  parse: () => ({}),
  create: () => ({ mediaExtensions: async () => ['.future'] }),
});

async function load(config = {}) {
  await helper.load(
    [folderWatch, server],
    [
      ...TAB_WITH_CATCH,
      { id: 'server', type: 'test-server' },
      { ...ON_TAB, id: 'watch', type: 'folder-watch', ...config, wires: [['found'], ['state']] },
      { ...ON_TAB, id: 'found', type: 'helper', wires: [] },
      { ...ON_TAB, id: 'state', type: 'helper', wires: [] },
    ],
  );
  const node = helper.getNode('watch');
  const warn = vi.spyOn(node, 'warn');
  const found = collect('found');
  const states: NodeMessage[] = [];
  const answers: unknown[] = [];
  helper.getNode('state').on('input', (msg) => {
    if (msg.topic === 'command/response') answers.push(msg.payload);
    else states.push(msg);
  });
  const names = () => found.map((msg) => (msg.payload as { relativePath: string }).relativePath).sort();
  const report = () => states.at(-1)?.payload as FolderWatchState | undefined;
  return {
    node,
    found,
    states,
    answers,
    caught: collect('caught'),
    statuses: collectStatuses('watch'),
    warn,
    names,
    report,
  };
}

it('sends the files of its folders, and its state', async () => {
  const root = tempFolder();
  write(root, 'a.jpg', 'x/b.MOV', 'c.txt');
  const { found, states, statuses, names, report } = await load({ folders: `${root}, ${root}/none` });
  await until(() => expect(names()).toEqual(['a.jpg', 'x/b.MOV']));
  const photo = found.find((msg) => 'filename' in msg && msg.filename === join(root, 'a.jpg'));
  expect(photo).toMatchObject({
    topic: 'file/found',
    payload: { path: join(root, 'a.jpg'), folder: root, relativePath: 'a.jpg', sizeBytes: 5 },
  });
  await until(() => expect(report()?.state).toBe('waiting'));
  expect(states.at(-1)).toMatchObject({
    topic: 'watch/state',
    payload: {
      node: 'watch',
      folders: [
        { id: folderId(root), path: root, state: 'watching', fileCount: 2, waiting: 0 },
        {
          id: folderId(join(root, 'none')),
          path: join(root, 'none'),
          state: 'missing',
          fileCount: 0,
          waiting: 0,
        },
      ],
      found: 2,
      tooLarge: 0,
    },
  });
  await until(() =>
    expect(statuses.at(-1)).toEqual({
      fill: 'yellow',
      shape: 'dot',
      text: 'folder-watch.status.missing-named',
    }),
  );
  write(root, 'none/d.jpg');
  await until(() => expect(names()).toEqual(['a.jpg', 'd.jpg', 'x/b.MOV']));
  await until(() => expect(statuses.at(-1)?.text).toBe('folder-watch.status.watching'));
});

it('says its state at most once a second, and the last one always', async () => {
  const root = tempFolder();
  const { states, report, names } = await load({ folders: root });
  // The end of the first look is told at once.
  await until(() => expect(report()?.state).toBe('watching'));
  states.length = 0;
  const times: number[] = [];
  helper.getNode('state').on('input', () => times.push(performance.now()));
  for (let at = 1; at <= 5; at++) {
    write(root, `${at}.jpg`);
    await until(() => expect(names()).toHaveLength(at));
  }
  await until(() => expect(report()).toMatchObject({ state: 'watching', found: 5 }));
  expect(states.length).toBeLessThan(5);
  for (const [at, time] of times.entries()) {
    if (at > 0) expect(time - (times[at - 1] ?? 0)).toBeGreaterThan(500);
  }
});

it('obeys commands', async () => {
  const root = tempFolder();
  write(root, 'a.jpg');
  const { node, names, report, statuses } = await load({ folders: root });
  await until(() => expect(report()?.state).toBe('watching'));
  node.receive({ topic: 'command/pause' });
  await until(() => expect(report()?.state).toBe('paused'));
  expect(statuses.at(-1)).toEqual({ fill: 'grey', shape: 'ring', text: 'folder-watch.status.paused' });
  write(root, 'b.jpg');
  node.receive({ topic: 'command/resume' });
  await until(() => expect(names()).toEqual(['a.jpg', 'b.jpg']));
  node.receive({ topic: 'command/rescan', payload: 'all' });
  await until(() => expect(names()).toEqual(['a.jpg', 'a.jpg', 'b.jpg', 'b.jpg']));
  node.receive({ topic: 'command/rescan', payload: { all: true } });
  await until(() => expect(names()).toHaveLength(6));
  node.receive({ topic: 'command/unknown', payload: {} });
  node.receive({ topic: 'command/rescan' });
  write(root, 'c.jpg');
  await until(() => expect(names()).toHaveLength(7));
});

it('answers the commands that are for it, and only those', async () => {
  const root = tempFolder();
  const { node, answers, caught } = await load({ folders: root });
  for (const name of ['pause', 'retry', 'resume', 'rescan']) {
    node.receive({ topic: `command/${name}`, command: { id: `id of ${name}` } } as NodeMessage);
  }
  node.receive({ topic: 'command/rescan', payload: 'all' });
  const answer = { isOk: true, error: null };
  await until(() =>
    expect(answers).toEqual([
      { name: 'pause', id: 'id of pause', ...answer },
      { name: 'resume', id: 'id of resume', ...answer },
      { name: 'rescan', id: 'id of rescan', ...answer },
      { name: 'rescan', id: null, ...answer },
    ]),
  );
  expect(caught).toEqual([]);
});

it('keeps the state of a folder apart from its own pause', async () => {
  const root = tempFolder();
  const { node, report } = await load({ folders: `${root}, ${root}/none` });
  await until(() => expect(report()?.state).toBe('waiting'));
  node.receive({ topic: 'command/pause' });
  await until(() => expect(report()?.state).toBe('paused'));
  expect(report()?.folders.map(({ state }) => state)).toEqual(['watching', 'missing']);
});

it('tells its state anew when it is wanted, though nothing changed', async () => {
  const { states, report } = await load({ folders: tempFolder() });
  await until(() => expect(report()?.state).toBe('watching'));
  const { length } = states;
  runtimeEvents().emit('immich-bridge:state-wanted');
  await until(() => expect(states).toHaveLength(length + 1));
  expect(states.at(-1)?.payload).toEqual(states.at(-2)?.payload);
});

it('is grey and calm without a folder', async () => {
  const shown = vi.fn();
  const onStatus = ({ status }: { status: NodeStatus }) => shown(status);
  runtimeEvents().on('node-status', onStatus);
  onTestFinished(() => void runtimeEvents().off('node-status', onStatus));
  const { node, answers, report } = await load({ folders: '${WATCH_DIRECTORIES_THAT_NOBODY_SET}' });
  node.receive({ topic: 'command/rescan' });
  await until(() => expect(answers).toMatchObject([{ name: 'rescan', isOk: true }]));
  await until(() => expect(report()).toMatchObject({ node: 'watch', folders: [] }));
  expect(shown.mock.calls).toEqual([
    [{ fill: 'grey', shape: 'ring', text: 'folder-watch.status.no-folder' }],
  ]);
});

it('says which setting is wrong', async () => {
  const { node, caught } = await load({ folders: 'photos' });
  node.receive({ topic: 'command/rescan' });
  await until(() => expect(caught).toHaveLength(1));
  expect(caught[0]).toMatchObject({
    error: { message: expect.stringContaining('Folders: "photos" is no full path.') },
  });
});

it('takes what its server takes', async () => {
  const root = tempFolder();
  write(root, 'b.future');
  const { names } = await load({ folders: root, server: 'server' });
  await until(() => expect(names()).toEqual(['b.future']));
});

it('warns of a file over the limit, and counts it', async () => {
  const root = tempFolder();
  write(root, ['a.jpg', 'x'.repeat(2048)]);
  const { warn, report, names } = await load({ folders: root, maxSizeMB: '0.001' });
  await until(() => expect(report()?.tooLarge).toBe(1));
  expect(warn.mock.calls).toEqual([['folder-watch.log.too-large']]);
  expect(names()).toEqual([]);
});

it('keeps out of the archive folder', async () => {
  const root = tempFolder();
  write(root, 'archive/a.jpg', 'b.jpg');
  const { names, report } = await load({ folders: [root], archiveFolder: join(root, 'archive/') });
  await until(() => expect(report()?.state).toBe('watching'));
  renameSync(join(root, 'b.jpg'), join(root, 'archive/b.jpg'));
  write(root, 'c.jpg');
  await until(() => expect(names()).toEqual(['b.jpg', 'c.jpg']));
});

it('sends files anew that other nodes hand back', async () => {
  const root = tempFolder();
  write(root, 'a.jpg', 'b.jpg');
  const { names, report } = await load({ folders: root });
  await until(() => expect(report()?.state).toBe('watching'));
  runtimeEvents().emit('immich-bridge:files-returned', [join(root, 'a.jpg')]);
  runtimeEvents().emit('flows:started', {});
  await until(() => expect(names()).toEqual(['a.jpg', 'a.jpg', 'b.jpg']));
});

it('lives through a folder that goes, and closes', async () => {
  const root = join(tempFolder(), 'p');
  write(root, 'a.jpg');
  const { names, report } = await load({
    folders: root,
    followSymlinks: 'yes',
    polling: 'true',
    pollSeconds: '0.1',
  });
  await until(() => expect(names()).toEqual(['a.jpg']));
  rmSync(root, { recursive: true });
  await until(() => expect(report()?.state).toBe('waiting'));
  await helper.unload();
  await until(() => expect(process.getActiveResourcesInfo()).not.toContain('FSEventWrap'));
});

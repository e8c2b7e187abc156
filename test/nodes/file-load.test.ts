import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { UploadState } from '../../lib/upload/upload-state.js';
import type { FolderWatchState } from '../../lib/watch/folder-watch.js';
import folderWatch from '../../nodes/folder-watch.js';
import immichServer from '../../nodes/immich-server.js';
import immichUpload from '../../nodes/immich-upload.js';
import stableFile from '../../nodes/stable-file.js';
import { collect, ON_TAB, TAB_WITH_CATCH, useNodeRed } from '../support/node-red-helper.js';
import { standIn, tempFolder } from '../support/world.js';

const helper = useNodeRed();
const PATIENCE = { timeout: 60_000, interval: 50 };
/** More than folder-watch lets out of its hands, and what may be between two nodes when they are counted. */
const MANY = 2_600;
const MOST = 2_300;

function writeMany(folder: string, count: number, content: (at: number) => string): void {
  for (let at = 0; at < count; at++) writeFileSync(join(folder, `${at}.jpg`), content(at));
}

type FlowNode = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>;

/** folder-watch, and after it what a test wants to see. */
async function startFlow(
  folder: string,
  nodes: FlowNode[],
  firstNode: string,
  credentials: Record<string, Record<string, string>> = {},
) {
  const folderWatchNode = { ...ON_TAB, id: 'w', type: 'folder-watch', folders: folder };
  const flow = [
    ...TAB_WITH_CATCH,
    { ...folderWatchNode, wires: [[firstNode], ['watch']] },
    ...nodes,
    ...['found', 'watch', 'stable', 'upload', 'uploaded'].map((id) => ({ ...ON_TAB, id, type: 'helper' })),
  ];
  helper.settings({ userDir: tempFolder() });
  await helper.load([folderWatch, stableFile, immichServer, immichUpload], flow, credentials);
  const [watch, stable = [], upload] = ['watch', 'stable', 'upload'].map(collect);
  const watchState = () => watch?.at(-1)?.payload as FolderWatchState | undefined;
  const uploadState = () => upload?.at(-1)?.payload as UploadState | undefined;
  return { stable, watchState, uploadState };
}

const stableNode = (settings: object = {}) => ({
  ...ON_TAB,
  id: 's',
  type: 'stable-file',
  quietSeconds: '0.1',
  checkIntervalSeconds: '0.1',
  wires: [['stable']],
  ...settings,
});

it('keeps files back while many wait in the next nodes', async () => {
  const folder = tempFolder();
  writeMany(folder, MANY, String);
  const { watchState } = await startFlow(folder, [stableNode({ quietSeconds: '3600' })], 's');
  const isListed = { state: 'watching', folders: [{ fileCount: MANY }] };
  await vi.waitFor(() => expect(watchState()).toMatchObject(isListed), PATIENCE);
  await vi.waitFor(() => expect(watchState()?.folders[0]?.waiting).toBeLessThan(MANY - 1_000), PATIENCE);
  expect(watchState()?.folders[0]?.waiting).toBeGreaterThan(MANY - MOST);
});

it('keeps nothing back for a flow without nodes that hold files', async () => {
  const folder = tempFolder();
  writeMany(folder, MANY, String);
  const { watchState } = await startFlow(folder, [], 'found');
  const isAllTold = { state: 'watching', folders: [{ fileCount: MANY, waiting: 0 }] };
  await vi.waitFor(() => expect(watchState()).toMatchObject(isAllTold), PATIENCE);
  expect(watchState()?.found).toBeGreaterThanOrEqual(MANY);
});

it('is not held up by files that will not go on by themselves', async () => {
  const folder = tempFolder();
  writeMany(folder, MANY, () => '');
  // A folder in it is looked at after its files, and so these come last.
  mkdirSync(join(folder, 'later'));
  writeMany(join(folder, 'later'), 5, () => 'a photo');
  const { stable } = await startFlow(folder, [stableNode()], 's');
  await vi.waitFor(() => expect(stable).toHaveLength(5), PATIENCE);
});

it('counts what is kept back among the pending files, and uploads all of them in the end', async () => {
  const server = await standIn();
  const folder = tempFolder();
  writeMany(folder, MANY, String);
  const z = 'u';
  const { uploadState, watchState } = await startFlow(
    folder,
    [
      stableNode({ wires: [[z]] }),
      { id: 'server', type: 'immich-server', url: server.url },
      {
        ...ON_TAB,
        id: z,
        type: 'immich-upload',
        server: 'server',
        concurrency: '16',
        wires: [['uploaded'], ['upload']],
      },
    ],
    's',
    { server: { apiKey: server.apiKey } },
  );
  helper.getNode(z).receive({ topic: 'command/pause' } as never);
  await vi.waitFor(() => {
    expect(watchState()?.folders[0]?.waiting).toBeGreaterThan(0);
    expect(uploadState()).toMatchObject({ state: 'paused' });
    expect((uploadState()?.pending ?? 0) + (uploadState()?.totals.files ?? 0)).toBe(MANY);
  }, PATIENCE);
  helper.getNode(z).receive({ topic: 'command/resume' } as never);
  await vi.waitFor(
    () => expect(uploadState()).toMatchObject({ pending: 0, totals: { files: MANY } }),
    PATIENCE,
  );
  expect(server.assets).toHaveLength(MANY);
});

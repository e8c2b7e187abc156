import { readFileSync } from 'node:fs';
import { copyFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeMessage } from 'node-red';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { asStableFile, type FoundFile } from '../../lib/media-file.js';
import stableFile from '../../nodes/stable-file.js';
import { type FixtureName, fixturePath, writeCut } from '../support/fixtures.js';
import {
  collect,
  collectStatuses,
  ON_TAB,
  runtimeEvents,
  TAB_WITH_CATCH,
  useNodeRed,
} from '../support/node-red-helper.js';
import { tempFolder } from '../support/world.js';

const helper = useNodeRed();

let folder: string;
beforeEach(() => {
  folder = tempFolder();
});

const QUICK = { quietSeconds: '0.15', quietSecondsLarge: '0.15', checkIntervalSeconds: '0.05' };

/** A real flow with the node and a Catch node, and all that they say from now on. */
async function startFlow(settings: Record<string, string> = {}) {
  await helper.load(stableFile, [
    ...TAB_WITH_CATCH,
    { ...ON_TAB, id: 'n', type: 'stable-file', ...QUICK, ...settings, wires: [['out']] },
    { ...ON_TAB, id: 'out', type: 'helper', wires: [] },
  ]);
  return { stable: collect('out'), caught: collect('caught') as Caught[], statuses: collectStatuses('n') };
}
type Caught = NodeMessage & { error: { message: string } };

const receive = (payload: unknown, more: object = {}) => {
  helper.getNode('n').receive({ payload, ...more } as NodeMessage);
};
const inFolder = (name: string) => join(folder, name);
const copied = async (name: FixtureName, as: string = name) => {
  await copyFile(fixturePath(name), inFolder(as));
  return inFolder(as);
};
const found = (path: string): FoundFile => ({
  path,
  folder,
  relativePath: 'x',
  sizeBytes: 1,
  mtimeMs: 1,
  foundAt: '2026-01-01T00:00:00.000Z',
});
interface LogEntry {
  readonly level: number;
  readonly type: string;
  readonly msg: unknown;
}
const INFO = 40;
const infoLines = () =>
  (helper.log().args as LogEntry[][])
    .flatMap(([entry]) => entry ?? [])
    .filter(({ level, type }) => level === INFO && type === 'stable-file')
    .map(({ msg }) => msg);

describe('stable-file', () => {
  it('passes a file on once it stands still, with the fields of the message and of the record kept', async () => {
    const seen = await startFlow();
    const path = await copied('photo.jpg', `a 'photo' 100% 📷.jpg`);
    receive({ ...found(path), album: ['trip'] }, { topic: 'file/found', colour: 'green' });
    await vi.waitFor(() => expect(seen.stable).toHaveLength(1));
    const { size, mtimeMs } = await stat(path);
    expect(seen.stable[0]).toMatchObject({ topic: 'file/stable', filename: path, colour: 'green' });
    expect(seen.stable[0]?.payload).toMatchObject({
      ...found(path),
      album: ['trip'],
      sizeBytes: size,
      mtimeMs,
      quietMs: 150,
    });
    expect(asStableFile(seen.stable[0]?.payload).path).toBe(path);
    expect(seen.caught).toEqual([]);
  });

  it('takes a plain path, as core file nodes send it', async () => {
    const seen = await startFlow();
    const path = await copied('whole.mov');
    receive(path);
    await vi.waitFor(() => expect(seen.stable[0]?.payload).toMatchObject({ path, folder }));
  });

  it('shows how many wait, and that nothing does', async () => {
    const seen = await startFlow({ quietSeconds: '1' });
    for (let index = 0; index < 300; index++) receive(await copied('photo.webp', `${index}.webp`));
    await vi.waitFor(() => expect(seen.stable).toHaveLength(300), { timeout: 10_000 });
    await vi.waitFor(
      () => expect(seen.statuses.at(-1)).toMatchObject({ fill: 'grey', text: 'stable-file.status.idle' }),
      {
        timeout: 20_000,
      },
    );
    expect(seen.statuses).toContainEqual(
      expect.objectContaining({ fill: 'yellow', text: 'stable-file.status.waiting' }),
    );
    expect(seen.statuses.length).toBeLessThan(12);
  });

  it('lets a truncated video wait, says so, and passes it on once it is whole', async () => {
    const seen = await startFlow();
    const path = await writeCut(inFolder('a.mp4'), 'whole.mp4', 5_000);
    receive(path);
    await vi.waitFor(() =>
      expect(seen.statuses.at(-1)).toMatchObject({ fill: 'yellow', text: 'stable-file.status.unfinished' }),
    );
    expect(seen.stable).toEqual([]);
    expect(infoLines()).toEqual(['stable-file.log.unfinished']);
    await copied('whole.mp4', 'a.mp4');
    await vi.waitFor(() => expect(seen.stable).toHaveLength(1));
    expect(seen.caught).toEqual([]);
  });

  it.each([
    [
      'a truncated video',
      'a.mp4',
      9_000,
      /"[^"]+a\.mp4" is not a whole video: the file ends inside its mdat box/,
    ],
    ['an empty file', 'a.jpg', 0, /"[^"]+a\.jpg" is empty \(0 bytes\)/],
  ])('%s that nobody completes reaches a Catch node, with the record', async (_what, name, kept, message) => {
    const seen = await startFlow({ giveUpMinutes: '0.01' });
    const path = await writeCut(inFolder(name), kept === 0 ? 'photo.jpg' : 'whole-faststart.mp4', kept);
    receive(found(path), { topic: 'file/found' });
    await vi.waitFor(() => expect(seen.caught).toHaveLength(1));
    expect(seen.caught[0]?.error.message).toMatch(message);
    expect(seen.caught[0]).toMatchObject({ topic: 'file/found', payload: found(path) });
    expect(seen.stable).toEqual([]);
  });

  it('passes a truncated video on when the check is turned off', async () => {
    const seen = await startFlow({ checkVideos: 'no' });
    receive(await writeCut(inFolder('a.mp4'), 'whole.mp4', 5_000));
    await vi.waitFor(() => expect(seen.stable).toHaveLength(1));
  });

  it('leaves a vanished file out with a line in the log, and hands it back in case it is there again', async () => {
    const seen = await startFlow({ quietSeconds: '0.5' });
    const path = await copied('photo.png');
    const returned: string[] = [];
    runtimeEvents().once('immich-bridge:files-returned', (files: string[]) => returned.push(...files));
    receive(path);
    await unlink(path);
    await vi.waitFor(() => expect(infoLines()).toEqual(['stable-file.log.vanished']));
    expect([seen.stable, seen.caught, returned]).toEqual([[], [], [path]]);
  });

  it('sends one message for a path that arrives twice, the newer one', async () => {
    const seen = await startFlow();
    const path = await copied('photo.jpg');
    receive(path, { turn: 1 });
    receive(path, { turn: 2 });
    await vi.waitFor(() => expect(seen.stable).toHaveLength(1));
    receive(await copied('photo.png'));
    await vi.waitFor(() => expect(seen.stable).toHaveLength(2));
    expect(seen.stable[0]).toMatchObject({ turn: 2 });
    expect(seen.caught).toEqual([]);
  });

  it.each([[{ some: 'thing' }], ['relative/a.jpg'], [42], [undefined]])(
    'a message without a file (%j) reaches a Catch node',
    async (payload) => {
      const seen = await startFlow();
      receive(payload);
      await vi.waitFor(() => expect(seen.caught).toHaveLength(1));
      expect(seen.caught[0]?.error.message).toMatch(/no file|not absolute/);
    },
  );

  it('hands the files that wait back when it closes, and sends nothing afterwards', async () => {
    const { stable, caught } = await startFlow({ quietSeconds: '60' });
    const paths = [await copied('photo.jpg'), await copied('photo.png')];
    for (const path of paths) receive(path);
    const returned: string[] = [];
    runtimeEvents().once('immich-bridge:files-returned', (files: string[]) => returned.push(...files));
    await helper.unload();
    expect(returned).toEqual(paths);
    expect([stable, caught]).toEqual([[], []]);
  });
});

describe('its settings', () => {
  it.each([
    [{ quietSeconds: 'soon' }, /Quiet time: "soon" does not work here/],
    [{ quietSeconds: '-1' }, /Quiet time/],
    [{ checkVideos: 'perhaps' }, /Check videos: "perhaps" does not work here. Type true or false/],
    [{ checkIntervalSeconds: '0' }, /Look every/],
  ])('%j is refused with a sentence that names the field', async (settings, sentence) => {
    const seen = await startFlow(settings);
    await writeFile(inFolder('a.jpg'), 'x');
    receive(inFolder('a.jpg'));
    await vi.waitFor(() => expect(seen.caught[0]?.error.message).toMatch(sentence));
    expect(seen.stable).toEqual([]);
  });

  it('a variable that is not set means the default: videos are checked', async () => {
    const { stable, statuses } = await startFlow({
      checkVideos: '${NO_SUCH_VARIABLE}',
      giveUpMinutes: '${NO_SUCH_VARIABLE}',
    });
    receive(await writeCut(inFolder('a.mp4'), 'whole.mp4', 5_000));
    await vi.waitFor(() => expect(statuses.at(-1)?.text).toBe('stable-file.status.unfinished'), 5_000);
    expect(stable).toEqual([]);
  });

  it('has a text for every status, log line and label that it names', () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const catalogue = JSON.parse(read('locales/en-US/stable-file.json')) as Record<
      string,
      Record<string, object>
    >;
    const keys = read('nodes/stable-file.html').match(
      /stable-file\.(label|error)\.\w+|stable-file\.paletteLabel/g,
    )!;
    for (const key of keys) {
      const text = key
        .split('.')
        .reduce<unknown>((level, part) => (level as Record<string, unknown>)?.[part], catalogue);
      expect(text, key).toBeTypeOf('string');
    }
  });

  it('has statuses of under 20 characters, even with 100,000 files', () => {
    const { status } = (
      JSON.parse(
        readFileSync(new URL('../../locales/en-US/stable-file.json', import.meta.url), 'utf8'),
      ) as Record<string, { status: Record<string, string> }>
    )['stable-file']!;
    for (const text of Object.values(status)) {
      expect(text.replace('__count__', '100000').length, text).toBeLessThan(20);
    }
  });
});

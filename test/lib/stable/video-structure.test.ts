import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TooManyPartsError, withHeaderReader } from '../../../lib/stable/video/header-reader.js';
import { checkIsoBmff } from '../../../lib/stable/video/iso-bmff.js';
import { checkVideoStructure, isCheckedVideo } from '../../../lib/stable/video-structure.js';
import {
  boxesOf,
  type FixtureName,
  fixturePath,
  PHOTOS,
  VIDEOS,
  writeCut,
  writeLargeMp4,
  writePreallocated,
} from '../../support/fixtures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'video-structure-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const inFolder = (name: string) => join(folder, name);
const box = (type: string, body: Buffer = Buffer.alloc(0)) => {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, body]);
};
/** What the check says of these bytes under this name: "whole", or the reason why not. */
async function verdict(name: string, ...parts: Buffer[]): Promise<string> {
  await writeFile(inFolder(name), Buffer.concat(parts));
  return verdictOf(inFolder(name));
}
async function verdictOf(path: string): Promise<string> {
  const structure = await checkVideoStructure(path);
  return structure.isWhole ? 'whole' : structure.reason;
}
const bytesOf = (name: FixtureName) => readFile(fixturePath(name));
async function boxOf(name: FixtureName, type: string) {
  return boxesOf(await bytesOf(name)).find((each) => each.type === type)!;
}

describe('whole files', () => {
  it.each(VIDEOS)('%s is whole', async (name) => {
    expect(await verdictOf(fixturePath(name))).toBe('whole');
  });

  it.each(PHOTOS)('%s has nothing to check', async (name) => {
    expect(isCheckedVideo(name)).toBe(false);
    expect(await verdictOf(fixturePath(name))).toBe('whole');
  });

  it.each([
    ['a.MP4', true],
    ['/x/b.Mov', true],
    ['c.3gp', true],
    ['d.avi', true],
    ['e.WEBM', true],
    ['f.mp4.part', false],
    ['mp4', false],
    ['g.mts', false],
  ])('%s is a checked video: %s', (name, isChecked) => {
    expect(isCheckedVideo(name)).toBe(isChecked);
  });
});

/** Cuts after which the format cannot tell, as the comments of the checks name them. */
async function untellableCuts(name: FixtureName): Promise<number[]> {
  const bytes = await bytesOf(name);
  if (name === 'whole-fragmented.mp4') {
    // Between two fragments, and in front of the index (mfra), when all the film is there.
    return boxesOf(bytes).flatMap(({ type, end }) => (type === 'mdat' ? [end] : []));
  }
  if (name !== 'whole-live.webm') return [];
  const cluster = Buffer.from('1f43b675', 'hex');
  const first = bytes.indexOf(cluster);
  const ends: number[] = [];
  for (let next = first; next !== -1; ) {
    next = bytes.indexOf(cluster, next + 1);
    ends.push(next === -1 ? bytes.length : next);
  }
  return ends;
}

describe('a file that is cut anywhere is not whole', () => {
  it.each(VIDEOS)('%s', async (name) => {
    const bytes = await bytesOf(name);
    const untellable = await untellableCuts(name);
    const step = Math.max(1, Math.floor(bytes.length / 600));
    const isBoxes = /\.(mp4|m4v|mov|3gp)$/.test(name);
    const starts = isBoxes ? boxesOf(bytes).map(({ start }) => start) : [];
    const edges = [...untellable, ...starts].flatMap((at) => [at - 1, at, at + 1, at + 8]);
    const cuts = new Set([1, bytes.length - 8, bytes.length - 1, ...edges]);
    for (let at = 0; at < bytes.length; at += step) cuts.add(at);
    const taken: number[] = [];
    const path = inFolder(name);
    for (const at of cuts) {
      if (at < 0 || at >= bytes.length) continue;
      await writeFile(path, bytes.subarray(0, at));
      if ((await checkVideoStructure(path)).isWhole) taken.push(at);
    }
    expect(taken.filter((at) => !untellable.includes(at))).toEqual([]);
  });
});

describe('a preallocated file of which the rest has not arrived is not whole', () => {
  it.each(VIDEOS)('%s', async (name) => {
    const { length } = await bytesOf(name);
    for (const kept of [0, 16, length / 100, length / 10, length / 4, length / 2, length * 0.8]) {
      const path = await writePreallocated(inFolder(name), name, Math.floor(kept));
      expect(await verdictOf(path), `${kept} bytes of ${length}`).not.toBe('whole');
    }
  });
});

describe('the reason is said in words', () => {
  it.each<[string, FixtureName, (name: FixtureName) => Promise<number>, string]>([
    [
      'cut right before moov',
      'whole.mp4',
      async (n) => (await boxOf(n, 'moov')).start,
      'the moov box is missing',
    ],
    [
      'cut in moov',
      'whole.mp4',
      async (n) => (await boxOf(n, 'moov')).end - 1,
      'the file ends inside its moov box',
    ],
    [
      'cut in mdat',
      'whole.mov',
      async (n) => (await boxOf(n, 'mdat')).end - 9,
      'the file ends inside its mdat box',
    ],
    [
      'cut right after moov',
      'whole-faststart.mp4',
      async (n) => (await boxOf(n, 'moov')).end,
      'the media data (mdat) is missing',
    ],
    [
      'cut right after moof',
      'whole-fragmented.mp4',
      async (n) => (await boxOf(n, 'moof')).end,
      'the media data (mdat) is missing',
    ],
    [
      'cut in a box header',
      'whole.mp4',
      async (n) => (await boxOf(n, 'moov')).start + 5,
      'the file ends inside the header of a box',
    ],
    [
      'cut in the middle',
      'whole.avi',
      async () => 17_000,
      'the file is shorter than the length that it records',
    ],
    [
      'cut in the middle',
      'whole.mkv',
      async () => 5_000,
      'the file is shorter than the length that it records',
    ],
    ['cut in a cluster', 'whole-live.webm', async () => 6_500, 'the file ends inside one of its elements'],
    [
      'cut before the film',
      'whole-live.webm',
      async (n) => (await bytesOf(n)).indexOf('1f43b675', 0, 'hex'),
      'it holds no film yet (no cluster)',
    ],
  ])('%s (%s): %s', async (_what, name, cutAt, reason) => {
    expect(await verdictOf(await writeCut(inFolder(name), name, await cutAt(name)))).toBe(reason);
  });

  it.each(['mp4', 'avi', 'mkv'])('zeros alone, as .%s', async (extension) => {
    expect(await verdict(`zeros.${extension}`, Buffer.alloc(50_000))).not.toBe('whole');
  });
});

describe('what cameras append to an MP4 is let through', () => {
  const insta360 = (length: number) => {
    const trailer = Buffer.alloc(length, 'abcd');
    trailer.writeUInt32LE(length, length - 40);
    trailer.write('8db42d694ccc418790edff439fe026bf', length - 32, 'latin1');
    return trailer;
  };
  it.each<[string, Buffer]>([
    ['three zeros', Buffer.alloc(3)],
    ['a sector of zeros', Buffer.alloc(512)],
    ['a megabyte of zeros', Buffer.alloc(1_048_576)],
    ['a free box of zeros', box('free', Buffer.alloc(100_000))],
    ['boxes of a maker', Buffer.concat([box('uuid', Buffer.alloc(40, 1)), box('udta'), box('skip')])],
    ['bytes that are no box', Buffer.from('{"Orientation":0,"made by":"a dashcam"}')],
    ['an Insta360 trailer', insta360(700)],
  ])('%s', async (_what, appended) => {
    expect(await verdict('appended.mp4', await bytesOf('whole.mp4'), appended)).toBe('whole');
  });

  it('but a box that is cut is not', async () => {
    const cut = box('uuid', Buffer.alloc(40, 1)).subarray(0, 30);
    expect(await verdict('cut-box.mp4', await bytesOf('whole.mp4'), cut)).toMatch(/inside its uuid box/);
  });

  it('nor are zeros where more fragments may be meant to follow', async () => {
    const bytes = await bytesOf('whole-fragmented.mp4');
    const [first] = await untellableCuts('whole-fragmented.mp4');
    expect(await verdict('zeros.mp4', bytes.subarray(0, first), Buffer.alloc(4_000))).toMatch(/only zeros/);
    expect(await verdict('padded.mp4', bytes, Buffer.alloc(4_000))).toBe('whole');
  });

  it('lengths of 64 bits and "to the end" are understood', async () => {
    const bytes = await bytesOf('whole.mp4');
    const { start } = await boxOf('whole.mp4', 'moov');
    bytes.writeUInt32BE(0, start);
    expect(await verdict('to-the-end.mp4', bytes)).toBe('whole');
    expect(await verdictOf(await writeLargeMp4(inFolder('64-bit.mp4'), 3_000_000))).toBe('whole');
  });

  it('a recording that was never closed is not whole: its mdat has no length yet', async () => {
    const { start } = await boxOf('whole.mp4', 'mdat');
    const { start: end } = await boxOf('whole.mp4', 'moov');
    const bytes = (await bytesOf('whole.mp4')).subarray(0, end);
    bytes.writeUInt32BE(0, start);
    expect(await verdict('recording.mp4', bytes)).toBe('the moov box is missing');
  });
});

describe('AVI', () => {
  const riff = (form: string, ...chunks: Buffer[]) => {
    const body = Buffer.concat([Buffer.from(form, 'latin1'), ...chunks]);
    return chunk('RIFF', body);
  };
  const chunk = (id: string, body: Buffer) => {
    const header = Buffer.alloc(8);
    header.write(id, 0, 'latin1');
    header.writeUInt32LE(body.length, 4);
    return Buffer.concat([header, body, Buffer.alloc(body.length % 2)]);
  };
  const more = riff(
    'AVIX',
    chunk('LIST', Buffer.concat([Buffer.from('movi'), chunk('00dc', Buffer.alloc(900, 7))])),
  );

  it('OpenDML: every RIFF in the row must be whole', async () => {
    const first = await bytesOf('whole.avi');
    expect(await verdict('opendml.avi', first, more)).toBe('whole');
    for (let at = 1; at < more.length; at += 7) {
      expect(await verdict('opendml.avi', first, more.subarray(0, at)), `${at} bytes`).not.toBe('whole');
    }
  });

  it('OpenDML: not even an empty chunk at the end may be missing', async () => {
    const list = chunk('LIST', Buffer.concat([Buffer.from('movi'), chunk('00dc', Buffer.alloc(900, 7))]));
    const padded = riff('AVIX', list, chunk('JUNK', Buffer.alloc(0)));
    const first = await bytesOf('whole.avi');
    expect(await verdict('junk.avi', first, padded)).toBe('whole');
    expect(await verdict('junk.avi', first, padded.subarray(0, -8))).toMatch(/shorter than the length/);
  });

  it('a camera that counts the header into the length is let through', async () => {
    const bytes = await bytesOf('whole.avi');
    bytes.writeUInt32LE(bytes.length, 4);
    expect(await verdict('camera.avi', bytes)).toBe('whole');
    expect(await verdict('camera.avi', bytes.subarray(0, -8))).not.toBe('whole');
  });

  it('bytes behind it are let through', async () => {
    expect(await verdict('notes.avi', await bytesOf('whole.avi'), Buffer.from('notes of an editor'))).toBe(
      'whole',
    );
  });

  it('a recording whose length is not written yet is not whole', async () => {
    const bytes = await bytesOf('whole.avi');
    bytes.writeUInt32LE(0, 4);
    expect(await verdict('recording.avi', bytes)).toBe('its length was not recorded yet');
  });
});

describe('the content decides, whatever the name says', () => {
  it.each<[FixtureName, string]>([
    ['whole.avi', 'mov'],
    ['whole.mp4', 'avi'],
    ['whole.mkv', 'mp4'],
    ['whole.mov', 'webm'],
  ])('%s named .%s is whole, and half of it is not', async (name, extension) => {
    const path = inFolder(`renamed.${extension}`);
    await copyFile(fixturePath(name), path);
    expect(await verdictOf(path)).toBe('whole');
    const { length } = await bytesOf(name);
    expect(await verdictOf(await writeCut(path, name, length / 2))).not.toBe('whole');
  });

  it('a file of another kind that is named like a video has nothing to check', async () => {
    expect(await verdict('photo.mp4', await bytesOf('photo.jpg'))).toBe('whole');
    const stream = Buffer.alloc(188 * 4, 1);
    for (let at = 0; at < stream.length; at += 188) stream[at] = 0x47;
    expect(await verdict('stream.mp4', stream)).toBe('whole');
  });

  it.each(['mp4', 'avi', 'mkv'])('text named .%s is not whole', async (extension) => {
    expect(await verdict(`text.${extension}`, Buffer.from('not a video at all, but some text'))).toMatch(
      /does not begin like/,
    );
  });
});

describe('cost', () => {
  it('a file of 5 GB is read in a handful of pieces', async () => {
    const path = await writeLargeMp4(inFolder('large.mp4'), 5_000_000_000);
    const pieces: number[] = [];
    const structure = await withHeaderReader(path, (reader) =>
      checkIsoBmff({
        ...reader,
        read(position, length) {
          pieces.push(length);
          return reader.read(position, length);
        },
      }),
    );
    expect(structure).toEqual({ isWhole: true });
    expect(pieces.length).toBeLessThan(10);
    expect(Math.max(...pieces)).toBeLessThan(100);
  });

  it('says what the file system says when the file is gone', async () => {
    await expect(checkVideoStructure(inFolder('gone.mp4'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a file that was made to keep us busy ends the look', () => {
  const hex = (text: string) => Buffer.from(text, 'hex');
  const many = (part: Buffer, count: number) => Buffer.alloc(part.length * count, part);
  const little = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const COUNT = 600_000;
  const movi = Buffer.concat([Buffer.from('LIST'), little(4), Buffer.from('movi')]);
  const riff = (body: Buffer) =>
    Buffer.concat([Buffer.from('RIFF'), little(4 + body.length), Buffer.from('AVI '), body]);
  const TOO_MANY = 'it has more parts than any real video';

  it.each<[string, string, () => Buffer[]]>([
    ['boxes of nothing', 'a.mp4', () => [many(box('free'), COUNT)]],
    [
      'a moov of nothing',
      'b.mp4',
      () => [box('ftyp', Buffer.alloc(8)), box('moov', many(box('free'), COUNT))],
    ],
    ['elements of nothing', 'c.mkv', () => [hex('1a45dfa380'), many(hex('ec80'), COUNT)]],
    [
      'a segment of nothing',
      'd.webm',
      () => [hex('1a45dfa380'), hex('18538067ff'), many(hex('ec80'), COUNT)],
    ],
    [
      'chunks of nothing',
      'e.avi',
      () => [riff(Buffer.concat([movi, many(Buffer.from('JUNK\0\0\0\0'), COUNT)]))],
    ],
    ['whole films of nothing', 'f.avi', () => [many(riff(movi), COUNT / 2)]],
  ])('%s', async (_what, name, parts) => {
    expect(await verdict(name, ...parts())).toBe(TOO_MANY);
  });

  it('however far its parts lie from each other', async () => {
    await writeFile(inFolder('far.mp4'), Buffer.alloc(20_000, box('free')));
    let looks = 0;
    const jump = withHeaderReader(
      inFolder('far.mp4'),
      async (reader) => {
        for (; ; looks++) await reader.read(looks % 2 === 0 ? 0 : 10_000, 16);
      },
      { headers: 1_000, pieces: 50 },
    );
    await expect(jump).rejects.toBeInstanceOf(TooManyPartsError);
    expect(looks).toBe(51);
  });

  it.each([
    [
      'longer than any file',
      'g.mp4',
      `00000001${hex('66747970').toString('hex')}ffffffffffffffff`,
      'ftyp box',
    ],
    ['an EBML header of 2^56 bytes', 'h.mkv', '1a45dfa301fffffffffffffe', 'inside a header'],
    ['a segment of 2^56 bytes', 'i.mkv', '1a45dfa3801853806701fffffffffffffe', 'shorter than the length'],
    ['a RIFF of 4 GB', 'j.avi', '52494646ffffffff41564920', 'shorter than the length'],
    ['noise', 'k.mp4', 'deadbeef0badf00d8badf00ddeadbeef', 'does not begin like a video'],
    ['a zip', 'l.mov', '504b030414000000080000002100', 'does not begin like a video'],
  ])('%s', async (_what, name, bytes, reason) => {
    expect(await verdict(name, hex(bytes), Buffer.alloc(64))).toContain(reason);
  });
});

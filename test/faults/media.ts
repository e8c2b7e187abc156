import { readFileSync } from 'node:fs';
import { type FixtureName, fixturePath, PHOTOS } from '../support/fixtures.js';
import type { Random } from './prng.js';

/** A photo or video that nobody else has. */
export interface Media {
  readonly extension: string;
  readonly bytes: Buffer;
  /** For a video: it is whole from this length on, if it ends exactly here, and at its full length. */
  readonly wholeAt: number | undefined;
}

/** Videos to which a box can be added, so that each one has other bytes. */
const VIDEOS = ['whole.mp4', 'whole-faststart.mp4', 'whole.m4v', 'whole.mov', 'whole.3gp'] as const;

const SMALL_BYTES = 40_000;
const LARGE_BYTES = 1_500_000;

/** A photo with bytes of its own behind the picture; one in eight is large enough to be cut on its way. */
export function newPhoto(random: Random): Media {
  const fixture = random.pick(PHOTOS);
  const length = random.chance(0.12) ? random.int(SMALL_BYTES, LARGE_BYTES) : random.int(16, SMALL_BYTES);
  const own = Buffer.alloc(length, random.bytes(16));
  return { extension: extensionOf(fixture), bytes: Buffer.concat([read(fixture), own]), wholeAt: undefined };
}

/** Bytes of a photo of one kind, a RAW among them, that nobody else has. */
export function newPhotoAs(extension: string, random: Random): Buffer {
  const own = Buffer.alloc(random.int(16, SMALL_BYTES), random.bytes(16));
  return Buffer.concat([read(extension === '.heic' ? 'photo.heic' : 'photo.jpg'), own]);
}

/** Bytes of a whole MOV that nobody else has. */
export function newMov(random: Random): Buffer {
  return withOwnBox(read('whole.mov'), random);
}

/** A whole video with a box of its own at the end. */
export function newVideo(random: Random): Media {
  const fixture = random.pick(VIDEOS);
  const video = read(fixture);
  return { extension: extensionOf(fixture), bytes: withOwnBox(video, random), wholeAt: video.length };
}

function withOwnBox(video: Buffer, random: Random): Buffer {
  const own = random.bytes(random.int(16, 2_000));
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + own.length, 0);
  header.write('free', 4, 'latin1');
  return Buffer.concat([video, header, own]);
}

function read(fixture: FixtureName): Buffer {
  return readFileSync(fixturePath(fixture));
}

function extensionOf(fixture: FixtureName): string {
  return fixture.slice(fixture.indexOf('.'));
}

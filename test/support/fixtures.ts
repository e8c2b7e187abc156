import { open, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The photos in test/fixtures; its README says what each one is. */
export const PHOTOS = ['photo.jpg', 'photo.png', 'photo.webp', 'photo.heic', 'photo.avif'] as const;

/** The whole videos in test/fixtures, one of each kind. */
export const VIDEOS = [
  'whole.mp4',
  'whole-faststart.mp4',
  'whole-fragmented.mp4',
  'whole.m4v',
  'whole.mov',
  'whole.3gp',
  'whole.avi',
  'whole.mkv',
  'whole.webm',
  'whole-live.webm',
] as const;

/** Name of a file in test/fixtures. */
export type FixtureName = (typeof PHOTOS)[number] | (typeof VIDEOS)[number];

/** Absolute path of a file in test/fixtures, wherever the tests run from. */
export function fixturePath(name: FixtureName): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** Writes the first `keepBytes` bytes of a fixture, as a copy that stopped early leaves them. */
export async function writeCut(target: string, name: FixtureName, keepBytes: number): Promise<string> {
  await writeFile(target, (await readFile(fixturePath(name))).subarray(0, keepBytes));
  return target;
}

/** Writes a fixture at its full length of which only the first `keepBytes` bytes have arrived: zeros follow. */
export async function writePreallocated(
  target: string,
  name: FixtureName,
  keepBytes: number,
): Promise<string> {
  const bytes = await readFile(fixturePath(name));
  await writeFile(target, bytes.fill(0, keepBytes));
  return target;
}

/** Where each top-level box of an MP4 begins, in their order. */
export function boxesOf(bytes: Buffer): { type: string; start: number; end: number }[] {
  const boxes = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + bytes.readUInt32BE(start);
    boxes.push({ type: bytes.toString('latin1', start + 4, start + 8), start, end });
    start = end;
  }
  return boxes;
}

/**
 * Writes an MP4 of exactly `sizeBytes` (2,000 and more) whose boxes are whole: a sparse file, so that 5 GB take
 * a few kB of the disk. Its media data are zeros.
 */
export async function writeLargeMp4(target: string, sizeBytes: number): Promise<string> {
  const sample = await readFile(fixturePath('whole.mp4'));
  const part = (wanted: string) => {
    const box = boxesOf(sample).find(({ type }) => type === wanted);
    if (box === undefined) throw new Error(`whole.mp4 has no ${wanted} box`);
    return sample.subarray(box.start, box.end);
  };
  const [ftyp, moov] = [part('ftyp'), part('moov')];
  const header = Buffer.alloc(16);
  header.writeUInt32BE(1, 0); // the length follows, in 64 bits
  header.write('mdat', 4, 'latin1');
  header.writeBigUInt64BE(BigInt(sizeBytes - ftyp.length - moov.length), 8);
  const file = await open(target, 'w');
  try {
    await file.write(Buffer.concat([ftyp, header]), 0, undefined, 0);
    await file.write(moov, 0, undefined, sizeBytes - moov.length);
  } finally {
    await file.close();
  }
  return target;
}

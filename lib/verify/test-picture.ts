import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readVersion } from '../file-version.js';
import type { StableFile } from '../media-file.js';

/** A picture that nobody else has, in a folder of its own. */
export interface TestPicture {
  readonly file: StableFile;
  readonly name: string;
  /** Removes it from this machine. */
  remove(): Promise<void>;
}

/**
 * Makes a GIF of one pixel with a random mark in it. With `sizeBytes` zeros follow it, as a hole that takes no room on
 * the disk, so that a proxy can be tried with a large file.
 */
export async function makeTestPicture(sizeBytes = 0): Promise<TestPicture> {
  const mark = randomUUID();
  const folder = await mkdtemp(join(tmpdir(), 'immich-bridge-verify-'));
  const name = `immich-bridge-test-${mark.slice(0, 8)}.gif`;
  const path = join(folder, name);
  const picture = gif(mark);
  await writeFile(path, picture);
  if (sizeBytes > picture.length) await truncate(path, sizeBytes);
  const version = await readVersion(path);
  const at = new Date().toISOString();
  const times = { foundAt: at, stableAt: at, quietMs: 0, hasVideoCheck: false };
  return {
    file: { path, folder, relativePath: name, ...version, ...times },
    name,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** One white pixel, with the mark in a comment (GIF89a, sections 18 to 27). */
function gif(mark: string): Buffer {
  const comment = Buffer.from(`Immich Bridge test ${mark}`);
  return Buffer.concat([
    Buffer.from('GIF89a'),
    // One pixel wide and high, a table of two colours, white and black.
    Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 255, 255, 255, 0, 0, 0]),
    Buffer.from([0x21, 0xfe, comment.length]),
    comment,
    Buffer.from([0]),
    Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b]),
  ]);
}

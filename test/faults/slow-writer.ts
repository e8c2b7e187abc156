import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hands } from './hands.js';
import type { Media } from './media.js';

/** How much earlier two writes may bear the same time, in milliseconds. */
const TIME_GRAIN_MS = 20;

/** A part of the quiet time: what pauses for longer counts as complete. */
const LONGEST_PAUSE = 0.8;

/**
 * Writes a file in pieces, as a card reader, a browser or a copy onto a preallocated file does. On a busy machine a
 * pause may last as long as the quiet time: then what lay there counts as complete, and the books say so.
 */
export async function writeSlowly(hands: Hands, path: string, media: Media): Promise<void> {
  const { at, ledger, random, quietMs, whole } = hands;
  const { bytes } = media;
  const isPreallocated = media.wholeAt === undefined && random.chance(0.3);
  const pieces = cut(bytes.length, random.int(2, 7), random.next);
  ledger.believe(path, { kind: 'growing' });
  const file = openSync(at(path), 'wx');
  const isTaken = () => hands.statsOf(path)?.ino !== fstatSync(file).ino;
  try {
    let content: Buffer = Buffer.alloc(isPreallocated ? bytes.length : 0);
    let lastAt = performance.now();
    if (isPreallocated) writeSync(file, content);
    for (const [from, until] of pieces) {
      await sleep(random.int(5, Math.round(quietMs * LONGEST_PAUSE)));
      if (isTaken()) return takenEarly(hands, path, media, content, performance.now() - lastAt);
      const before = content;
      const began = performance.now();
      writeSync(file, bytes, from, until - from, from);
      content = Buffer.concat([bytes.subarray(0, until), content.subarray(until)]);
      // Whoever looked right before this write saw the older bytes standing for so long.
      noteStandstill(hands, path, media, before, performance.now() - lastAt);
      lastAt = began;
      if (!isTaken()) continue;
      ledger.strays.add(fstatSync(file).ino);
      return ledger.withdraw(path);
    }
    ledger.believe(path, whole(bytes, `${path}, written slowly`));
  } finally {
    closeSync(file);
  }
}

function takenEarly(hands: Hands, path: string, media: Media, content: Buffer, stillMs: number): void {
  noteStandstill(hands, path, media, content, stillMs);
  hands.ledger.withdraw(path);
}

/** A photo has no end that shows; a video that stops in between is never complete. */
function noteStandstill(
  { ledger, quietMs }: Hands,
  path: string,
  { wholeAt }: Media,
  content: Buffer,
  stillMs: number,
): void {
  if (stillMs < quietMs - TIME_GRAIN_MS || content.length === 0) return;
  if (wholeAt !== undefined && wholeAt !== content.length) return;
  ledger.allow(content, `${path}, which stood still for ${Math.round(stillMs)} ms while it was written`);
}

/** Cuts so many bytes into pieces, each given by where it begins and where it ends. */
function cut(length: number, pieces: number, next: () => number): [number, number][] {
  const inner = Array.from({ length: pieces - 1 }, () => 1 + Math.floor(next() * (length - 1)));
  const ends = [...new Set([...inner, length])].sort((a, b) => a - b);
  return ends.map((end, index) => [ends[index - 1] ?? 0, end]);
}

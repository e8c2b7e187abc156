import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathKeyOf } from '../../lib/companions/companion-key.js';
import { isGone } from '../../lib/file-io.js';
import { REFUSED_BYTES } from './dead-letters.js';
import { arriveLateSidecar, arriveTogether, removeMember } from './group-deeds.js';
import { type Hands, isPhoto } from './hands.js';
import { newPhoto, newVideo } from './media.js';
import { writeSlowly } from './slow-writer.js';
import { waitUntil } from './when.js';

/** One thing that somebody does to the watched folder. It does nothing where it does not fit. */
type Deed = (hands: Hands) => Promise<void> | void;

const UNFINISHED = '.part';
const AMBUSH_MS = 3_000;

/** All deeds by name; what stands here more often is done more often. */
export const DEEDS: readonly (readonly [string, Deed])[] = [
  ['arrive', arrive],
  ['arrive', arrive],
  ['arrive slowly', arriveSlowly],
  ['arrive slowly', arriveSlowly],
  ['arrive twice', arriveTwice],
  ['truncated video', arriveTruncated],
  ['empty file', arriveEmpty],
  ['unfinished file', arriveUnfinished],
  ['finish', finish],
  ['finish', finish],
  ['grow', grow],
  ['grow', grow],
  ['replace', replace],
  ['rewrite', rewrite],
  ['rename', rename],
  ['remove', remove],
  ['ambush', ambush],
  ['ambush', ambush],
  ['a group arrives', arriveTogether],
  ['a group arrives', arriveTogether],
  ['a group arrives', arriveTogether],
  ['a group arrives', arriveTogether],
  ['a late sidecar', arriveLateSidecar],
  ['a refused photo', arriveRefused],
  ['a refused photo', arriveRefused],
  ['a member is removed', removeMember],
];

function arrive({ freePath, media, putInPlace }: Hands): void {
  const { extension, bytes } = media();
  const path = freePath(extension);
  if (path !== undefined) putInPlace(path, bytes, 'renamed into place');
}

async function arriveSlowly(hands: Hands): Promise<void> {
  const media = hands.media();
  const path = hands.freePath(media.extension);
  if (path === undefined) return;
  hands.busy.add(path);
  await writeSlowly(hands, path, media);
  hands.busy.delete(path);
}

/** The same bytes under two names. */
function arriveTwice({ freePath, random, putInPlace }: Hands): void {
  const { extension, bytes } = newPhoto(random);
  for (let copies = 0; copies < 2; copies += 1) {
    const path = freePath(extension);
    if (path !== undefined) putInPlace(path, bytes, 'one of two with the same bytes');
  }
}

/** A copy of a video that stopped early. */
function arriveTruncated({ freePath, random, ledger, at }: Hands): void {
  const { extension, bytes, wholeAt = 2 } = newVideo(random);
  const path = freePath(extension);
  if (path === undefined) return;
  ledger.believe(path, { kind: 'stays', isCounted: true });
  writeFileSync(at(path), bytes.subarray(0, random.int(1, wholeAt - 1)));
}

function arriveEmpty({ freePath, ledger, at }: Hands): void {
  const path = freePath('.jpg');
  if (path === undefined) return;
  ledger.believe(path, { kind: 'stays', isCounted: true });
  writeFileSync(at(path), '');
}

function arriveUnfinished({ freePath, random, ledger, at }: Hands): void {
  const { extension, bytes } = newPhoto(random);
  const path = freePath(extension + UNFINISHED);
  if (path === undefined) return;
  ledger.believe(path, { kind: 'stays', isCounted: false });
  writeFileSync(at(path), bytes);
}

/** A photo that Immich does not want; only where such files are put away. */
function arriveRefused({ places, freePath, random, ledger, at }: Hands): void {
  const path = places.failed === undefined ? undefined : freePath('.jpg');
  if (path === undefined) return;
  const bytes = Buffer.alloc(REFUSED_BYTES + 50_000, random.bytes(16));
  ledger.believe(path, { kind: 'refused', sha1: ledger.allow(bytes, `${path}, refused`) });
  const hidden = at(join(dirname(path), `.${random.int(0, 2 ** 31)}.tmp`));
  writeFileSync(hidden, bytes);
  renameSync(hidden, at(path));
}

/** What was not complete is: written once more, and renamed if its name said so. */
function finish({ knownPath, statsOf, busy, ledger, mediaFor, whole, at }: Hands): void {
  const path = knownPath('stays');
  if (path === undefined) return;
  const target = path.endsWith(UNFINISHED) ? path.slice(0, -UNFINISHED.length) : path;
  const isFellow = (other: string) => other !== path && pathKeyOf(other) === pathKeyOf(target);
  const hasFellow = [...busy, ...ledger.beliefs.keys()].some(isFellow);
  if (target !== path && (hasFellow || statsOf(target))) return;
  const { bytes } = mediaFor(target);
  const belief = whole(bytes, `${target}, finished`);
  writeFileSync(at(path), bytes);
  if (target !== path) renameSync(at(path), at(target));
  ledger.withdraw(path);
  ledger.believe(target, belief);
}

function grow(hands: Hands): void {
  const path = hands.knownPath('whole');
  if (path !== undefined && isPhoto(path)) addBytes(hands, path);
}

function replace({ knownPath, mediaFor, putInPlace }: Hands): void {
  const path = knownPath('whole');
  if (path !== undefined) putInPlace(path, mediaFor(path).bytes, 'in place of an older one');
}

/** Writes another photo over the beginning of a file. */
function rewrite(hands: Hands): void {
  const path = hands.knownPath('whole');
  if (path !== undefined && isPhoto(path))
    changeInPlace(hands, path, () => ({ from: 0, bytes: hands.mediaFor(path).bytes }));
}

function rename({ knownPath, freePath, at, ledger }: Hands): void {
  const path = knownPath('whole');
  const target = path && freePath(path.slice(path.lastIndexOf('.')));
  if (!path || !target) return;
  if (isStillThere(() => renameSync(at(path), at(target)))) ledger.rename(path, target);
  else ledger.wasTaken(path);
}

function remove({ random, knownPath, at, ledger }: Hands): void {
  const path = knownPath(random.chance(0.7) ? 'whole' : 'stays');
  if (path === undefined) return;
  if (isStillThere(() => unlinkSync(at(path)))) ledger.withdraw(path);
  else ledger.wasTaken(path);
}

/** Takes the name just when the archive has got the older file: the worst moment. */
async function ambush(hands: Hands): Promise<void> {
  const { random, freePath, places, putInPlace, ledger, busy } = hands;
  const [first, second] = [newPhoto(random), newPhoto(random)];
  const isGrowing = random.chance(0.3);
  const path = freePath(first.extension);
  if (path === undefined) return;
  const archived = join(places.archive, path);
  putInPlace(path, first.bytes, 'before an ambush');
  if (existsSync(archived)) return;
  busy.add(path);
  if (await waitUntil(() => existsSync(archived), AMBUSH_MS)) {
    if (isGrowing) addBytes(hands, path);
    else {
      ledger.wasTaken(path);
      putInPlace(path, second.bytes, 'put there while the older one was archived');
    }
  }
  busy.delete(path);
}

function addBytes(hands: Hands, path: string): void {
  const more = hands.random.bytes(hands.random.int(1, 500));
  changeInPlace(hands, path, (old) => ({ from: old.length, bytes: more }));
}

/** Writes into a file that somebody may be taking away right now. */
function changeInPlace(
  { at, statsOf, ledger, whole }: Hands,
  path: string,
  change: (old: Buffer) => { from: number; bytes: Buffer },
): void {
  let file = -1;
  const isOpen = isStillThere(() => {
    file = openSync(at(path), 'r+');
  });
  if (!isOpen) {
    ledger.wasTaken(path);
    return;
  }
  try {
    const old = readFileSync(file);
    const { from, bytes } = change(old);
    const next = Buffer.concat([old.subarray(0, from), bytes, old.subarray(from + bytes.length)]);
    const belief = whole(next, `${path}, changed in place`);
    writeSync(file, bytes, 0, bytes.length, from);
    const { ino } = fstatSync(file);
    if (statsOf(path)?.ino === ino) ledger.believe(path, belief);
    else {
      ledger.strays.add(ino);
      ledger.wasTaken(path);
    }
  } finally {
    closeSync(file);
  }
}

/** Does something to a file, unless whoever moves it away was faster. */
function isStillThere(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

import { lstatSync, mkdirSync, renameSync, type Stats, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathKeyOf } from '../../lib/companions/companion-key.js';
import { newName } from './file-names.js';
import type { Belief, Ledger } from './ledger.js';
import { type Media, newPhoto, newVideo } from './media.js';
import type { Places } from './places.js';
import type { Random } from './prng.js';

export interface HandsOptions {
  readonly places: Places;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Paths that a deed is at work on. */
  readonly busy: Set<string>;
  /** A file that stands still for so long counts as complete, in milliseconds. */
  readonly quietMs: number;
}

/** What all deeds on files need. Paths lie below the watched folder. */
export interface Hands extends HandsOptions {
  /** Where a path is right now, the watched folder away or not. */
  at(path: string): string;
  statsOf(path: string): Stats | undefined;
  /** A path at which nothing is and nothing is believed, in any spelling; undefined when the one that was drawn is taken. */
  freePath(extension: string): string | undefined;
  /** A path of such a kind that nobody is at work on; notes what the uploader took meanwhile. */
  knownPath(kind: Belief['kind']): string | undefined;
  media(): Media;
  /** Bytes that fit the name of a path. */
  mediaFor(path: string): Media;
  /** The belief that complete bytes lie somewhere. */
  whole(bytes: Buffer, what: string): Belief;
  /** Writes under a name that nobody takes, and renames, as careful programs do; some bring an old time along. */
  putInPlace(path: string, bytes: Buffer, what: string): void;
}

const OLD_TIMES_SECONDS = [-460_000_000, 946_684_800, 1_715_000_000, 4_100_000_000];

/** Makes hands whose choices are those of `random`. */
export function makeHands(options: HandsOptions): Hands {
  const { places, ledger, random, busy } = options;
  const at = (path: string) => join(places.source(), path);
  const statsOf = (path: string) => lstatSync(at(path), { throwIfNoEntry: false });
  const whole = (bytes: Buffer, what: string): Belief => ({ kind: 'whole', sha1: ledger.allow(bytes, what) });

  return {
    ...options,
    at,
    statsOf,
    whole,
    freePath(extension) {
      const path = newName(random) + extension;
      const key = pathKeyOf(path);
      const fellows = [...busy, ...ledger.beliefs.keys()].filter((other) => pathKeyOf(other) === key);
      // What is not complete holds up everything else of its name.
      if (fellows.length > 0 || statsOf(path) !== undefined) return undefined;
      mkdirSync(dirname(at(path)), { recursive: true });
      return path;
    },
    knownPath(kind) {
      const paths = [...ledger.beliefs].filter(([path, belief]) => belief.kind === kind && !busy.has(path));
      if (paths.length === 0) return undefined;
      const [path] = random.pick(paths);
      if (statsOf(path) !== undefined) return path;
      ledger.wasTaken(path);
      return undefined;
    },
    media: () => (random.chance(0.3) ? newVideo(random) : newPhoto(random)),
    mediaFor: (path) => (isPhoto(path) ? newPhoto(random) : newVideo(random)),
    putInPlace(path, bytes, what) {
      const hidden = join(dirname(path), `.${random.int(0, 2 ** 31)}.tmp`);
      writeFileSync(at(hidden), bytes);
      if (random.chance(0.3)) {
        const seconds = random.pick(OLD_TIMES_SECONDS) + random.int(0, 1_000);
        utimesSync(at(hidden), seconds, seconds);
      }
      const belief = whole(bytes, `${path}, ${what}`);
      // The uploader may have been faster: then what it took has to be where it brought it.
      if (ledger.beliefs.has(path) && statsOf(path) === undefined) ledger.wasTaken(path);
      renameSync(at(hidden), at(path));
      ledger.believe(path, belief);
    },
  };
}

/** Whether a path has the name of a photo. */
export function isPhoto(path: string): boolean {
  return /\.(jpg|png|webp|heic|avif)$/.test(path);
}

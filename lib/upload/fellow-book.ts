import { basename, dirname, join } from 'node:path';
import { pathKeyOf } from '../companions/companion-key.js';
import { isSidecar } from '../companions/media-kind.js';
import type { UploadedFile } from '../media-file.js';

/** A photo or video that was uploaded a while ago. */
export interface Fellow {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly assetId: string;
}

export interface FellowBookOptions {
  /** How many uploads are remembered (5,000), and for how long in milliseconds (a day). */
  readonly most?: number;
  readonly forMs?: number;
  /** What is remembered of the file at a path from before. */
  readonly lookUp?: (path: string) => Promise<Fellow | undefined>;
  /** Milliseconds that only ever grow. */
  readonly clock?: () => number;
}

/** Remembers what was uploaded lately, by what the names of files that belong together have in common. */
export interface FellowBook {
  /** A file is in hand until this settles. */
  begin(path: string, end: Promise<unknown>): void;
  note(file: UploadedFile): void;
  /** What was uploaded lately with the same key, this path left out. */
  fellowsOf(path: string): readonly Fellow[];
  /** Settled once the files with the same key that are in hand have come to their end. */
  settled(path: string): Promise<unknown>;
  /** The photos and videos that a sidecar may belong to, those from before included. */
  ownersOf(sidecarPath: string): Promise<readonly Fellow[]>;
}

interface Noted extends Fellow {
  readonly atMs: number;
}

const DAY_MS = 86_400_000;
/** Extensions that a photo of `x.xmp` is looked up under, as they are and in capitals, where only the store knows it. */
const LIKELY =
  'jpg jpeg heic heif dng arw nef cr2 cr3 raf orf rw2 pef srw png tif tiff webp avif mp4 mov'.split(' ');

export function createFellowBook(options: FellowBookOptions = {}): FellowBook {
  const { most = 5_000, forMs = DAY_MS, lookUp, clock = () => performance.now() } = options;
  const inHand = new Map<string, Set<Promise<unknown>>>();
  const recent = new Map<string, Noted[]>();

  function add(key: string, fellow: Noted): void {
    const others = (recent.get(key) ?? []).filter(({ path }) => path !== fellow.path);
    recent.delete(key);
    recent.set(key, [...others, fellow].slice(-64));
    for (const oldest of recent.keys()) {
      if (recent.size <= most) return;
      recent.delete(oldest);
    }
  }

  function lately(path: string): Fellow[] {
    const since = clock() - forMs;
    const noted = recent.get(pathKeyOf(path)) ?? [];
    return noted.filter((fellow) => fellow.path !== path && fellow.atMs >= since);
  }

  async function fromBefore(path: string): Promise<Fellow[]> {
    if (lookUp === undefined) return [];
    const found = await Promise.all(likelyOwners(path).map(lookUp));
    return found.filter((fellow) => fellow !== undefined);
  }

  return {
    begin(path, end) {
      const key = pathKeyOf(path);
      const ends = inHand.get(key) ?? new Set();
      inHand.set(key, ends.add(end));
      const drop = () => {
        ends.delete(end);
        if (ends.size === 0 && inHand.get(key) === ends) inHand.delete(key);
      };
      end.then(drop, drop);
    },
    note(file) {
      if (isSidecar(file.path)) return;
      const key = pathKeyOf(file.path);
      const atMs = clock();
      const { path, sizeBytes, mtimeMs, assetId } = file;
      add(key, { path, sizeBytes, mtimeMs, assetId, atMs });
      for (const companion of file.companions ?? []) {
        if (companion.assetId !== null) add(key, { ...pick(companion), assetId: companion.assetId, atMs });
      }
    },
    fellowsOf: lately,
    settled: (path) => Promise.allSettled(inHand.get(pathKeyOf(path)) ?? []),
    async ownersOf(sidecarPath) {
      const known = lately(sidecarPath);
      return known.length > 0 ? known : fromBefore(sidecarPath);
    },
  };
}

function pick({ path, sizeBytes, mtimeMs }: Omit<Fellow, 'assetId'>) {
  return { path, sizeBytes, mtimeMs };
}

/** `x.jpg` for `x.jpg.xmp`, and `x.jpg`, `x.JPG`, `x.dng`, … for `x.xmp`. */
function likelyOwners(sidecarPath: string): string[] {
  const stem = join(dirname(sidecarPath), basename(sidecarPath).slice(0, -'.xmp'.length));
  return [stem, ...LIKELY.flatMap((name) => [`${stem}.${name}`, `${stem}.${name.toUpperCase()}`])];
}

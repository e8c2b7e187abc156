import { basename, extname } from 'node:path';
import { burstShotOf } from './burst-name.js';
import type { CompanionKind } from './companion.js';
import { baseOf, foldedName, nameKeyOf, ownerOf } from './companion-key.js';
import { mediaKindOf } from './media-kind.js';

/** What of a file says what it belongs to. */
export interface Groupable {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A file and what belongs to it. An orphaned sidecar is a group of its own. */
export interface FileGroup<File extends Groupable> {
  readonly primary: File;
  readonly companions: readonly { readonly kind: CompanionKind; readonly file: File }[];
}

/** The photos that phones take with a video, the likeliest first. */
const LIVE_STILLS = ['.heic', '.heif', '.jpg', '.jpeg'];
const LIVE_VIDEOS = ['.mov', '.mp4'];

/** Videos of live photos last some seconds. What is larger merely has the same number. */
const LARGEST_LIVE_BYTES = 64 * 1024 * 1024;

/**
 * Puts the files of one folder that came together into groups. Everything with one base name travels together, and so
 * do the shots of one burst; what they are to each other is decided with care: one video at most is a photo's live
 * video, and RAWs belong to a developed photo. The order of the files does not matter.
 */
export function groupFiles<File extends Groupable>(files: readonly File[]): FileGroup<File>[] {
  if (files.length === 1) return files.map(alone);
  return [...groupedBy(files, keyOf).values()].flatMap((fellows) => {
    const [media, orphans] = withoutOrphans(fellows);
    const burst = burstOf(media);
    const groups = burst === undefined ? groupsOfBases(media) : [burst];
    return [...groups, ...orphans.map(alone)];
  });
}

function groupsOfBases<File extends Groupable>(files: readonly File[]): FileGroup<File>[] {
  return [...groupedBy(files, ({ path }) => baseOf(basename(path))).values()].map(groupOfBase);
}

/** Parts from the rest the sidecars that are of none of these photos and videos. */
function withoutOrphans<File extends Groupable>(files: readonly File[]): [File[], File[]] {
  const sidecars = files.filter(isSidecarFile);
  if (sidecars.length === 0) return [[...files], []];
  const used = new Set<File | undefined>(
    files.map((file) => (isSidecarFile(file) ? undefined : sidecarOf(file, files))),
  );
  const orphans = sidecars.filter((sidecar) => !used.has(sidecar));
  return [files.filter((file) => !orphans.includes(file)), orphans];
}

function isSidecarFile({ path }: Groupable): boolean {
  return mediaKindOf(path) === 'sidecar';
}

function alone<File extends Groupable>(primary: File): FileGroup<File> {
  return { primary, companions: [] };
}

function keyOf({ path }: Groupable): string {
  return nameKeyOf(basename(path));
}

function groupedBy<File>(files: readonly File[], keyFor: (file: File) => string): Map<string, File[]> {
  const groups = new Map<string, File[]>();
  for (const file of files) {
    const key = keyFor(file);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  return groups;
}

/** Undefined when these are no shots of a burst, or too few to be sure. */
function burstOf<File extends Groupable>(files: readonly File[]): FileGroup<File> | undefined {
  const shots = files.filter(({ path }) => ['photo', 'raw'].includes(mediaKindOf(path))).sort(byRankAndName);
  const named = shots.map((file) => ({ file, shot: burstShotOf(baseOf(basename(file.path))) }));
  const bases = new Set(shots.map(({ path }) => baseOf(basename(path))));
  const leastShots = named[0]?.shot?.leastShots ?? Number.POSITIVE_INFINITY;
  if (bases.size < leastShots) return undefined;
  const primary = (named.find(({ shot }) => shot?.isCover) ?? named[0])?.file;
  if (primary === undefined) return undefined;
  const kinds = { photo: 'burst', raw: 'burst', video: 'twin', sidecar: 'sidecar' } as const;
  const rest = [...shots, ...files.filter((file) => !shots.includes(file)).sort(byRankAndName)];
  return {
    primary,
    companions: rest
      .filter((file) => file !== primary)
      .map((file) => ({ file, kind: kinds[mediaKindOf(file.path)] })),
  };
}

function groupOfBase<File extends Groupable>(files: readonly File[]): FileGroup<File> {
  const [primary, ...rest] = [...files].sort(byRankAndName) as [File, ...File[]];
  const live = liveVideoOf(primary, rest);
  return { primary, companions: rest.map((file) => ({ file, kind: kindBeside(primary, file, live) })) };
}

function kindBeside(primary: Groupable, file: Groupable, live: Groupable | undefined): CompanionKind {
  if (file === live) return 'live-video';
  const kind = mediaKindOf(file.path);
  if (kind === 'sidecar') return 'sidecar';
  return kind === 'raw' && mediaKindOf(primary.path) === 'photo' ? 'raw' : 'twin';
}

function liveVideoOf<File extends Groupable>(still: File, others: readonly File[]): File | undefined {
  if (!LIVE_STILLS.includes(extensionOf(still))) return undefined;
  return others.find(
    (file) => LIVE_VIDEOS.includes(extensionOf(file)) && file.sizeBytes <= LARGEST_LIVE_BYTES,
  );
}

/** Developed photos before RAWs, those before videos and sidecars; among equals the likelier part of a live photo. */
function byRankAndName(a: Groupable, b: Groupable): number {
  return rankOf(a) - rankOf(b) || (a.path < b.path ? -1 : 1);
}

function rankOf(file: Groupable): number {
  const order = ['photo', 'raw', 'video', 'sidecar'].indexOf(mediaKindOf(file.path));
  const likely = [...LIVE_STILLS, ...LIVE_VIDEOS].indexOf(extensionOf(file));
  return order * 10 + (likely === -1 ? 9 : likely);
}

function extensionOf({ path }: Groupable): string {
  return extname(path).toLowerCase();
}

/**
 * The sidecar of a file among those of its group: one that names it wholly (`x.jpg.xmp`), else the one of its base name
 * (`x.xmp`), which a video shares only where no photo has it.
 */
export function sidecarOf<File extends Pick<Groupable, 'path'>>(
  file: Pick<Groupable, 'path'>,
  fellows: readonly File[],
): File | undefined {
  const name = basename(file.path);
  const sidecars = fellows.filter(({ path }) => mediaKindOf(path) === 'sidecar');
  if (sidecars.length === 0) return undefined;
  const own = sidecars.find(({ path }) => ownerOf(basename(path)) === foldedName(name));
  if (own !== undefined) return own;
  const base = baseOf(name);
  const isOfBase = ({ path }: Pick<Groupable, 'path'>) => baseOf(basename(path)) === base;
  const hasPhoto = fellows.some(
    (fellow) => isOfBase(fellow) && ['photo', 'raw'].includes(mediaKindOf(fellow.path)),
  );
  if (hasPhoto && mediaKindOf(name) === 'video') return undefined;
  return sidecars.find((sidecar) => ownerOf(basename(sidecar.path)) === undefined && isOfBase(sidecar));
}

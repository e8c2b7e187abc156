import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { isAside } from '../archive/archive-path.js';
import { isSidecar } from '../companions/media-kind.js';
import { errorCode, isGone } from '../file-io.js';
import { say } from '../say.js';
import { extensionOf } from './extensions.js';
import type { FolderIndex, KnownFolder } from './folder-index.js';
import { type FolderEntry, type FolderIo, relativeTo, undecodableNames } from './folder-listing.js';
import type { IgnoreRule } from './ignore-rules.js';
import { entriesOf } from './listing-order.js';
import { type AreSettled, settledNames, versionText } from './settled-files.js';

/** What of a watched folder counts. Sizes are bytes. */
export interface FolderFilter {
  /** Lower-case with the dot; asked anew for each file, because the server's list comes later. */
  readonly extensions: () => ReadonlySet<string>;
  readonly isIgnored: IgnoreRule;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isRecursive: boolean;
  readonly isFollowingLinks: boolean;
}

/** Something a person should know, said once. */
export interface FolderProblem {
  readonly kind:
    | 'not-utf8'
    | 'unreadable'
    | 'too-large'
    | 'watch-limit'
    | 'is-archive'
    | 'is-failed'
    | 'watched-twice'
    | 'internal';
  readonly path: string;
  /** The file system's reason, the size in bytes, or the readable form of a name that is not UTF-8. */
  readonly detail: string;
}

export interface FolderLookOptions {
  /** The watched folder. */
  readonly root: string;
  readonly filter: FolderFilter;
  readonly index: FolderIndex;
  readonly io: FolderIo;
  readonly signal: AbortSignal;
  /** Waits while nothing may be passed on. */
  readonly gate: () => Promise<void>;
  /** Called for a file whose version was just noted. */
  readonly onNew: (folder: KnownFolder, name: string) => void;
  /** Which of these files were dealt with before a restart, and need nothing. Without it none was. */
  readonly areSettled?: AreSettled | undefined;
  readonly onProblem: (problem: FolderProblem) => void;
  readonly now: () => Date;
  /** When the watch began, in milliseconds since 1970. */
  readonly startedAtMs: number;
}

/**
 * So many files are asked for their size and time at once: fewer leave the system's threads without work, and the
 * answers of more take the event loop for longer than a moment.
 */
const AT_ONCE = 64;

/** For so long a file that steps aside may be on its way out, in milliseconds. */
const ASIDE_MS = 60_000;

/** What a look at one entry came to: nothing for us, unreadable for now, a folder, or a file's stats. */
type Seen = 'gone' | 'unreadable' | 'undecodable' | 'folder' | Stats;

/**
 * Looks at a folder, or only at some names in it, passes on what is new, forgets what is gone and gives the paths of
 * the folders in it. An entry that cannot be read is reported and does not stop the rest.
 * @throws the error of the file system when the folder itself cannot be listed; nothing is forgotten then
 */
export async function lookIntoFolder(
  folder: KnownFolder,
  names: ReadonlySet<string> | undefined,
  options: FolderLookOptions,
): Promise<string[]> {
  const { index, signal, io } = options;
  const present = new Set<string>();
  const folders: string[] = [];
  let hasUndecodable = false;
  for await (const slice of entriesOf(folder, names, AT_ONCE, io)) {
    const seen = await Promise.all(slice.map((entry) => lookAtEntry(folder, entry, options)));
    const settled = await settledNames(folder, slice, seen, options.areSettled);
    await options.gate();
    if (signal.aborted) return [];
    for (const [at, { name }] of slice.entries()) {
      const entry = seen[at] ?? 'gone';
      if (entry === 'undecodable') hasUndecodable = true;
      else if (entry !== 'gone') present.add(name);
      if (entry === 'folder') {
        folder.folders.add(name);
        folders.push(join(folder.path, name));
      } else if (typeof entry === 'object') passOn(folder, name, entry, settled.has(name), options);
    }
  }
  const known = names ?? [...folder.versions.keys(), ...folder.folders, ...folder.tooLarge];
  for (const name of known) if (!present.has(name)) index.forget(folder, name);
  if (hasUndecodable) await reportUndecodable(folder, options);
  return folders;
}

async function lookAtEntry(
  folder: KnownFolder,
  entry: FolderEntry,
  options: FolderLookOptions,
): Promise<Seen> {
  const { root, filter, io } = options;
  const path = join(folder.path, entry.name);
  const isUnwanted = (isFolder: boolean) =>
    (isFolder ? !filter.isRecursive : !isTaken(entry.name, filter)) ||
    filter.isIgnored(relativeTo(root, path), isFolder);
  const mayBeUndecodable = entry.name.includes('\ufffd');
  if (entry.kind === 'other' || (entry.kind === 'link' && !filter.isFollowingLinks)) return 'gone';
  if (entry.kind === 'file' && isUnwanted(false)) return 'gone';
  if (entry.kind === 'folder' && isUnwanted(true)) return 'gone';
  if (entry.kind === 'folder' && !mayBeUndecodable) return 'folder';
  try {
    const stats = await (filter.isFollowingLinks ? io.stat(path) : io.lstat(path));
    if (stats.isDirectory()) return isUnwanted(true) ? 'gone' : 'folder';
    if (isAside(entry.name) && isYoung(stats, options)) return 'gone';
    return stats.isFile() && !isUnwanted(false) ? stats : 'gone';
  } catch (error) {
    if (isGone(error)) return mayBeUndecodable ? 'undecodable' : 'gone';
    // A link in a circle is nobody's photo.
    const detail = errorCode(error) ?? say`unknown reason`;
    if (detail === 'ELOOP') return 'gone';
    sayOnce(folder, 'entries', { kind: 'unreadable', path, detail }, options);
    return 'unreadable';
  }
}

/** Sidecars always: whether their photo is taken shows when it comes. */
function isTaken(name: string, { extensions }: FolderFilter): boolean {
  return extensions().has(extensionOf(name)) || isSidecar(name);
}

/** A file that is about to be removed; one that lay there at the start was left by a power cut. */
function isYoung({ ctimeMs }: Stats, { startedAtMs, now }: FolderLookOptions): boolean {
  return ctimeMs >= startedAtMs && Math.abs(now().getTime() - ctimeMs) < ASIDE_MS;
}

function passOn(
  folder: KnownFolder,
  name: string,
  stats: Stats,
  isSettled: boolean,
  options: FolderLookOptions,
): void {
  const { filter, index, onNew, onProblem } = options;
  if (stats.size > filter.maxBytes) {
    if (index.addTooLarge(folder, name)) {
      onProblem({ kind: 'too-large', path: join(folder.path, name), detail: String(stats.size) });
    }
    return;
  }
  const version = versionText(stats);
  if (isTooSmall(name, stats, filter) || folder.versions.get(name) === version) return;
  index.setVersion(folder, name, version);
  if (!isSettled) onNew(folder, name);
}

/** A sidecar is small, and no photo that could be too small. */
function isTooSmall(name: string, { size }: Stats, { minBytes }: FolderFilter): boolean {
  return size < minBytes && !isSidecar(name);
}

/** Reports a problem unless it was said under this key since the folder was found. */
export function sayOnce(
  folder: KnownFolder,
  key: string,
  problem: FolderProblem,
  { onProblem }: Pick<FolderLookOptions, 'onProblem'>,
): void {
  if (folder.said.has(key)) return;
  folder.said.add(key);
  onProblem(problem);
}

async function reportUndecodable(folder: KnownFolder, options: FolderLookOptions): Promise<void> {
  for (const name of await undecodableNames(folder.path, options.io)) {
    sayOnce(folder, `name ${name}`, { kind: 'not-utf8', path: folder.path, detail: name }, options);
  }
}

/** What is wrong with a folder that could not be looked into. */
export function problemOf(path: string, error: unknown): FolderProblem {
  const code = errorCode(error);
  return { kind: code ? 'unreadable' : 'internal', path, detail: code ?? String(error) };
}

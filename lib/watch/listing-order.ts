import { nameKeyOf } from '../companions/companion-key.js';
import type { KnownFolder } from './folder-index.js';
import { type FolderEntry, type FolderIo, listFolder } from './folder-listing.js';

/** So many entries are sorted at once: that takes no longer than a moment. */
const RUN_LENGTH = 1_024;

/**
 * The entries of a folder, or some names in it, in slices. What is new comes in groups; where most is known already, a
 * look at everything costs no order.
 */
export function entriesOf(
  folder: Pick<KnownFolder, 'path' | 'versions'>,
  names: ReadonlySet<string> | undefined,
  sliceLength: number,
  io: FolderIo,
): AsyncIterable<FolderEntry[]> {
  if (names !== undefined) return named(names, sliceLength);
  const listing = listFolder(folder.path, sliceLength, io);
  return folder.versions.size === 0 ? inGroups(listing, sliceLength) : listing;
}

async function* named(names: ReadonlySet<string>, sliceLength: number): AsyncGenerator<FolderEntry[]> {
  const entries = sortedByKey([...names].map((name) => ({ name })));
  while (entries.length > 0) yield entries.splice(0, sliceLength);
}

/**
 * Puts the entries of a folder in an order in which files that belong together follow each other. All names are in
 * memory then, as they are afterwards anyway; sorted in pieces that are merged as they are wanted, so that a big folder
 * never holds up the event loop.
 */
export async function* inGroups(
  listing: AsyncIterable<readonly FolderEntry[]>,
  sliceLength: number,
): AsyncGenerator<FolderEntry[]> {
  const runs: FolderEntry[][] = [];
  let run: FolderEntry[] = [];
  for await (const entries of listing) {
    run.push(...entries);
    if (run.length < RUN_LENGTH) continue;
    runs.push(sortedByKey(run));
    run = [];
  }
  if (run.length > 0) runs.push(sortedByKey(run));
  yield* merged(runs, sliceLength);
}

function sortedByKey(entries: readonly FolderEntry[]): FolderEntry[] {
  return entries
    .map((entry) => ({ entry, key: nameKeyOf(entry.name) }))
    .sort((a, b) => compare(a, b))
    .map(({ entry }) => entry);
}

interface Head {
  readonly entry: FolderEntry;
  readonly key: string;
  readonly run: FolderEntry[];
  readonly at: number;
}

function* merged(runs: readonly FolderEntry[][], sliceLength: number): Generator<FolderEntry[]> {
  /** The next entry of each run, the first of all last. */
  const heads: Head[] = [];
  for (const run of runs) enter(heads, run, 0);
  let slice: FolderEntry[] = [];
  for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
    slice.push(head.entry);
    enter(heads, head.run, head.at + 1);
    if (slice.length < sliceLength) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

function enter(heads: Head[], run: FolderEntry[], at: number): void {
  const entry = run[at];
  if (entry === undefined) return;
  const head = { entry, key: nameKeyOf(entry.name), run, at };
  let [from, to] = [0, heads.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compare(heads[middle] as Head, head) > 0) from = middle + 1;
    else to = middle;
  }
  heads.splice(from, 0, head);
}

type Keyed = Pick<Head, 'entry' | 'key'>;

function compare(a: Keyed, b: Keyed): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.entry.name === b.entry.name) return 0;
  return a.entry.name < b.entry.name ? -1 : 1;
}

import type { ArchiveProblem } from '../lib/archive/archive-error.js';
import type { UploadedFile } from '../lib/media-file.js';
import type { StatusFill } from './_node-status.js';
import type { NodeTools, Output } from './_node-tools.js';

/** What an archive-move node has in hand. */
export interface Hand {
  readonly files: Map<UploadedFile, Promise<Output>>;
  /** Why some of them wait. */
  readonly troubles: Map<UploadedFile, ArchiveProblem>;
  archivedCount: number;
}

/** The files that go on by themselves, each companion as often as there are. */
export function* withoutTrouble({ files, troubles }: Hand): Generator<UploadedFile> {
  for (const file of files.keys()) {
    if (troubles.has(file)) continue;
    yield file;
    for (const _ of file.companions ?? []) yield file;
  }
}

/** What files wait for, the most urgent first. Red needs a person, yellow may pass without one. */
const TROUBLES: readonly (readonly [ArchiveProblem, StatusFill])[] = [
  ['no-disk', 'red'],
  ['outside-archive', 'red'],
  ['no-permission', 'red'],
  ['read-only', 'red'],
  ['disk-full', 'yellow'],
  ['failed', 'yellow'],
];

/** Shows the most urgent trouble, else the work, else the sum of it. */
export function showStatus(
  { status }: Pick<NodeTools<unknown>, 'status'>,
  { files, troubles, archivedCount }: Hand,
  unproven = 0,
): void {
  const problems = new Set(troubles.values());
  const worst = TROUBLES.find(([problem]) => problems.has(problem));
  if (worst !== undefined) {
    const [problem, fill] = worst;
    status(fill, problem, { count: shortCount(troubles.size) });
  } else if (files.size > 0) {
    status('blue', 'archiving', { count: shortCount(files.size) });
  } else if (unproven > 0) {
    status('yellow', 'unproven', { count: shortCount(unproven) });
  } else if (archivedCount > 0) {
    status('green', 'archived', { count: archivedCount });
  } else {
    status('grey', 'idle');
  }
}

/** Short enough for a status: 999, 1k, 99k. */
function shortCount(count: number): string {
  return count < 1_000 ? String(count) : `${Math.min(99, Math.floor(count / 1_000))}k`;
}

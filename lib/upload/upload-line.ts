import { pathsOfGroup } from '../companions/companion.js';
import { type FailureReport, noFailureError } from './failed-file.js';
import type { Entry } from './upload-entry.js';
import { createWaitingLine, type UploadOrder } from './waiting-line.js';

/** All files in hand, by path, and those among them that wait for their turn, in order. */
export function createUploadLine<Context>(order?: UploadOrder) {
  const inHand = new Map<string, Entry<Context>>();
  const waiting = createWaitingLine<Entry<Context>>(order);
  const has = (entry: Entry<Context>) => inHand.get(entry.file.path) === entry;
  function enqueue(entry: Entry<Context>, isFirst = false): void {
    if (!has(entry) || entry.phase === 'pending') return;
    entry.phase = 'pending';
    if (isFirst) waiting.addFirst(entry);
    else waiting.add(entry);
  }
  function revive(entry: Entry<Context>): void {
    entry.attempts = 0;
    entry.holds = 0;
    entry.failure = undefined;
    enqueue(entry);
  }
  /** @throws SettingError when no file there waits for a person */
  function failedAt(path: string): Entry<Context> {
    const entry = inHand.get(path);
    if (entry === undefined || (entry.phase !== 'failed' && entry.phase !== 'left'))
      throw noFailureError(path);
    return entry;
  }
  return {
    /** How many wait for their turn. */
    waitingCount: waiting.size,
    get: (path: string) => inHand.get(path),
    /** Whether an entry is still the one for its path. */
    has,
    all: () => inHand.values(),
    paths: () => [...inHand.values()].flatMap(({ file }) => pathsOfGroup(file)),
    /** The files that wait for their turn or are on their way, each companion as often as there are. */
    *moving() {
      for (const { phase, file } of inHand.values()) {
        if (phase !== 'pending' && phase !== 'active') continue;
        yield file;
        for (const _ of file.companions ?? []) yield file;
      }
    },
    /** Takes a new file in hand, at its place in the line. */
    add(entry: Entry<Context>) {
      inHand.set(entry.file.path, entry);
      waiting.add(entry);
    },
    /** Puts an entry back into the line, if it is still in hand; `isFirst` before all others. */
    enqueue,
    /** Puts every failed entry back into the line, as if it had never been tried. */
    reviveFailed() {
      for (const entry of inHand.values()) if (entry.phase === 'failed') revive(entry);
    },
    /** Puts the failed entry at a path back, or one that was left alone: a person wants it, come what may. */
    reviveAt(path: string) {
      const entry = failedAt(path);
      entry.memory.isWanted = true;
      revive(entry);
    },
    failedAt,
    /** All that wait for a person or are left alone, in the order in which they came. */
    failures(): FailureReport[] {
      return [...inHand.values()].flatMap(({ file, phase, failure }) =>
        failure === undefined ? [] : [{ ...failure, path: file.path, isLeftAlone: phase === 'left' }],
      );
    },
    /** Takes the next one out of the line; it stays in hand. */
    next: waiting.next,
    /** Lets a file go. */
    remove(entry: Entry<Context>) {
      if (has(entry)) inHand.delete(entry.file.path);
      waiting.remove(entry);
    },
  };
}

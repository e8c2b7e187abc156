import type { FileGroup } from '../companions/group-files.js';
import type { FoundFile, StableFile } from '../media-file.js';

/** One file that waits at a gate for itself and for all that belong to it. */
export interface Member {
  readonly file: FoundFile;
  /** Set once it is completely written. */
  stable?: StableFile;
  /** Set once it is known to be empty for long: it goes with others, but not by itself. */
  empty?: StableFile;
  /** When its part of the grace is over. */
  readyAtMs: number;
  readonly go: (file: StableFile | undefined) => void;
  readonly refuse: (reason: unknown) => void;
  readonly end: Promise<StableFile | undefined>;
}

/** Makes one that has just come; its end is open. */
export function makeMember(file: FoundFile): Member {
  let go: Member['go'] = () => undefined;
  let refuse: Member['refuse'] = () => undefined;
  const end = new Promise<StableFile | undefined>((resolve, reject) => {
    go = resolve;
    refuse = reject;
  });
  // Whoever waits hears of it; nobody does between two waits.
  end.catch(() => undefined);
  return { file, readyAtMs: 0, go, refuse, end };
}

/** The record of a group. What a message said of companions before counts no more: they are announced like everything else. */
export function asRecord({ primary: given, companions }: FileGroup<StableFile>): StableFile {
  const { companions: _, ...primary } = given;
  if (companions.length === 0) return primary;
  return {
    ...primary,
    companions: companions.map(({ kind, file }) => {
      const { path, relativePath, sizeBytes, mtimeMs } = file;
      return { kind, path, relativePath, sizeBytes, mtimeMs };
    }),
  };
}

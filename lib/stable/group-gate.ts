import { pathKeyOf } from '../companions/companion-key.js';
import { type FileGroup, groupFiles } from '../companions/group-files.js';
import type { FoundFile, StableFile } from '../media-file.js';
import { StabilityError } from './stability-error.js';
import type { StabilityGate } from './stability-gate.js';

/** Where files wait until they, and all that belong to them, are completely written. */
export interface GroupGate {
  /**
   * Waits as a `StabilityGate` does, and then for every file with the same key that waits too; undefined when the file
   * goes on as the companion of another one.
   * @throws StabilityError
   */
  waitFor(file: FoundFile): Promise<StableFile | undefined>;
  /** The files that wait, or that waited when the signal was aborted. */
  waiting(): readonly FoundFile[];
  /** Those that only wait for their time, and for others of which that is true. */
  moving(): Iterable<FoundFile>;
}

export interface GroupGateOptions {
  readonly gate: StabilityGate;
  readonly signal: AbortSignal;
  /**
   * How long the last one of several must have stood still, in milliseconds, so that a late one joins them; a file by
   * itself waits for nobody (0).
   */
  readonly graceMs?: number;
  /** Milliseconds of a clock that is never set. */
  readonly now?: () => number;
  /** Says no to a file that is completely written and must yet not go on. */
  readonly isLeftOut?: (file: StableFile) => boolean;
}

interface Member {
  readonly file: FoundFile;
  /** Set once it is completely written. */
  stable?: StableFile;
  /** When its part of the grace is over. */
  readyAtMs: number;
  readonly go: (file: StableFile | undefined) => void;
  readonly refuse: (reason: unknown) => void;
  readonly end: Promise<StableFile | undefined>;
}

/**
 * Makes a gate for groups. Files that came together are known by their key alone: nothing looks into a folder for more.
 * One that vanishes leaves its group, one that is announced anew makes it wait again.
 */
export function createGroupGate(options: GroupGateOptions): GroupGate {
  const { gate, signal, graceMs = 0, now = () => performance.now(), isLeftOut = () => false } = options;
  const timers = new Set<NodeJS.Timeout>();
  const groups = new Map<string, Map<string, Member>>();
  signal.addEventListener(
    'abort',
    () => {
      for (const timer of timers) clearTimeout(timer);
      for (const member of all()) member.refuse(signal.reason);
    },
    { once: true },
  );

  function* all(): Generator<Member> {
    for (const members of groups.values()) yield* members.values();
  }

  function join(key: string, file: FoundFile): Member {
    const members = groups.get(key) ?? new Map<string, Member>();
    groups.set(key, members);
    const before = members.get(file.path);
    const member = makeMember(file);
    members.set(file.path, member);
    before?.refuse(new StabilityError('superseded', `"${file.path}" was announced anew.`));
    return member;
  }

  /** Lets the files of a key go on once none of them is still being written. */
  function release(key: string): void {
    const members = groups.get(key);
    if (members === undefined) return;
    const stable = [...members.values()].flatMap((member) => member.stable ?? []);
    if (stable.length < members.size || signal.aborted) return;
    const waitMs = Math.max(...[...members.values()].map(({ readyAtMs }) => readyAtMs)) - now();
    if (members.size > 1 && waitMs > 0) {
      releaseLater(key, waitMs);
      return;
    }
    groups.delete(key);
    for (const { primary, companions } of groupFiles(stable)) {
      members.get(primary.path)?.go(asRecord({ primary, companions }));
      for (const { file } of companions) members.get(file.path)?.go(undefined);
    }
  }

  function releaseLater(key: string, waitMs: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      release(key);
    }, waitMs);
    timers.add(timer);
  }

  function leave(key: string, member: Member): void {
    const members = groups.get(key);
    if (members?.get(member.file.path) !== member) return;
    members.delete(member.file.path);
    if (members.size === 0) groups.delete(key);
    else release(key);
  }

  return {
    async waitFor(file) {
      signal.throwIfAborted();
      const key = pathKeyOf(file.path);
      const member = join(key, file);
      try {
        const stable = await Promise.race([gate.waitFor(file), member.end]);
        if (stable === undefined || signal.aborted) return await member.end;
        if (isLeftOut(stable)) {
          leave(key, member);
          return undefined;
        }
        member.stable = stable;
        member.readyAtMs = now() + Math.max(0, graceMs - stable.quietMs);
      } catch (error) {
        if (!signal.aborted) leave(key, member);
        throw error;
      }
      release(key);
      return member.end;
    },
    waiting: () => [...all()].map(({ file }) => file),
    *moving() {
      const onTheirWay = new Set(gate.moving());
      for (const members of groups.values()) {
        const files = [...members.values()];
        if (files.some(({ file, stable }) => stable === undefined && !onTheirWay.has(file))) continue;
        for (const { file } of files) yield file;
      }
    },
  };
}

function makeMember(file: FoundFile): Member {
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

/** What a message said of companions before counts no more: they are announced like everything else. */
function asRecord({ primary: given, companions }: FileGroup<StableFile>): StableFile {
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

import { pathKeyOf } from '../companions/companion-key.js';
import { type FileGroup, groupFiles } from '../companions/group-files.js';
import { isSidecar } from '../companions/media-kind.js';
import type { FoundFile, StableFile } from '../media-file.js';
import { say } from '../say.js';
import { asRecord, type Member, makeMember } from './group-member.js';
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
  /** After so long without any change an empty sidecar holds up its photo no longer, and travels with it as it is. */
  readonly emptyMs?: number;
  /** Milliseconds of a clock that is never set. */
  readonly now?: () => number;
  /** Says no to a file that is completely written and must yet not go on. */
  readonly isLeftOut?: (file: StableFile) => boolean;
}

/** Programs that make a sidecar first and fill it later do so at once: what is empty for a minute is left over. */
export const EMPTY_SIDECAR_MS = 60_000;

/**
 * Makes a gate for groups. Files that came together are known by their key alone: nothing looks into a folder for more.
 * One that vanishes leaves its group, one that is announced anew makes it wait again.
 */
export function createGroupGate(options: GroupGateOptions): GroupGate {
  const { gate, signal, graceMs = 0, emptyMs = EMPTY_SIDECAR_MS } = options;
  const { now = () => performance.now(), isLeftOut = () => false } = options;
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
    before?.refuse(new StabilityError('superseded', say`"${file.path}" was announced anew.`));
    return member;
  }

  /** Lets the files of a key go on once none of them is still being written. */
  function release(key: string): void {
    const members = groups.get(key);
    if (members === undefined) return;
    const all = [...members.values()];
    const ready = all.flatMap((member) => member.stable ?? member.empty ?? []);
    const isAnyWhole = all.some((member) => member.stable !== undefined);
    if (ready.length < members.size || !isAnyWhole || signal.aborted) return;
    const waitMs = Math.max(...all.map(({ readyAtMs }) => readyAtMs)) - now();
    if (members.size > 1 && waitMs > 0) {
      releaseLater(key, waitMs);
      return;
    }
    groups.delete(key);
    const leftOver = new Map<string, Member>();
    for (const group of groupFiles(ready)) {
      const { path } = group.primary;
      const first = members.get(path);
      if (first?.stable !== undefined) goTogether(first, group, members);
      // An empty sidecar that belongs to none of them.
      else if (first !== undefined) leftOver.set(path, first);
    }
    if (leftOver.size > 0) groups.set(key, leftOver);
  }

  function goTogether(first: Member, group: FileGroup<StableFile>, members: Map<string, Member>): void {
    first.go(asRecord(group));
    for (const { file } of group.companions) {
      const member = members.get(file.path);
      member?.go(undefined);
      if (member?.stable === undefined) gate.letGo(file.path);
    }
  }

  /** Waits until a member is whole; an empty sidecar is ready to go with others meanwhile. */
  async function wholeOf(key: string, member: Member): Promise<StableFile | undefined> {
    const { file, end } = member;
    const first = await Promise.race([gate.waitFor(file, isSidecar(file.path) ? { emptyMs } : {}), end]);
    if (first?.sizeBytes !== 0 || signal.aborted) return first;
    member.empty = first;
    release(key);
    const isHere = groups.get(key)?.get(file.path) === member;
    return isHere ? Promise.race([gate.waitFor(file), end]) : end;
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
        const stable = await wholeOf(key, member);
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

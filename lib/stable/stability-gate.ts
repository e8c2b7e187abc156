import type { FoundFile, StableFile } from '../media-file.js';
import { lookAtFound } from '../regular-file.js';
import { say } from '../say.js';
import {
  DEFAULT_STABILITY_RULES,
  isUnchanged,
  type Look,
  nextPaceMs,
  requiredQuietMs,
  type StabilityRules,
} from './stability.js';
import { createStabilityClock } from './stability-clock.js';
import { StabilityError } from './stability-error.js';
import { type Step, type StepEffects, takeStep, type WaitState } from './stability-step.js';
import { checkVideoStructure } from './video-structure.js';

export { StabilityError } from './stability-error.js';

/** What a gate needs; all effects have defaults. */
export interface StabilityGateOptions extends Partial<Omit<StepEffects, 'rules'>> {
  readonly rules?: Partial<StabilityRules>;
  /** The time between two looks at a file is a multiple of this, in milliseconds (1,000). */
  readonly checkIntervalMs?: number;
  /** Aborting rejects all that wait with the signal's reason and stops the clock. */
  readonly signal: AbortSignal;
  /** The most looks at once (16). */
  readonly maxConcurrentStats?: number;
  /** Told once for each state of a video that stands still and is not whole. */
  readonly onNotWhole?: (file: FoundFile, reason: string) => void;
  /** Told, often, when the counts may have changed. */
  readonly onChange?: () => void;
}

/** Where files wait until they are completely written. */
export interface StabilityGate {
  /**
   * Waits until the file stands still, is not empty (for `emptyMs` at least) and, if a video, is whole. Announcing a
   * path again takes the place of the earlier call, and starts its time anew if size or mtime differ.
   * @param rules where this file's differ from those of the gate
   * @throws StabilityError
   */
  waitFor(file: FoundFile, rules?: Partial<StabilityRules>): Promise<StableFile>;
  /** Waits for the file at a path no longer; whoever does hears that it was superseded. */
  letGo(path: string): void;
  readonly waitingCount: number;
  /** How many of the waiting files are videos that stand still and are not whole. */
  readonly unfinishedCount: number;
  /** The files that wait, or that waited when the signal was aborted. */
  waiting(): readonly FoundFile[];
  /** Those that only wait for their time: a file that a look found growing, empty or not whole is up to itself. */
  moving(): Iterable<FoundFile>;
}

interface Waiting {
  readonly file: FoundFile;
  readonly rules: StabilityRules;
  readonly resolve: (file: StableFile) => void;
  readonly reject: (reason: unknown) => void;
  state: WaitState;
  /** Whether a look found that its time was not enough. */
  isLate: boolean;
}

/**
 * Makes a gate: one clock for all files, and a look at a file only when it may have become stable. The default
 * clock is never set: a time of day that jumps at boot would make a growing file look quiet.
 */
export function createStabilityGate(options: StabilityGateOptions): StabilityGate {
  const { signal, now = () => performance.now(), checkVideo = checkVideoStructure } = options;
  const { checkIntervalMs = 1_000, maxConcurrentStats = 16, onNotWhole, onChange } = options;
  const waitingByPath = new Map<string, Waiting>();
  const schedule = createStabilityClock<Waiting>({
    maxConcurrent: maxConcurrentStats,
    now,
    signal,
    async visit(entry) {
      if (!isWaiting(entry)) return;
      try {
        const { file, rules, state } = entry;
        const { stat = () => lookAtFound(file) } = options;
        const step = await takeStep(file.path, state, { rules, checkIntervalMs, now, stat, checkVideo });
        if (isWaiting(entry)) follow(entry, step);
      } catch (error) {
        // A callback threw. The file must neither wait forever nor end the process with an unheard rejection.
        waitingByPath.delete(entry.file.path);
        entry.reject(error);
      }
    },
  });
  // The list stays as it was: what waited is handed back after the abort.
  signal.addEventListener(
    'abort',
    () => {
      for (const { reject } of waitingByPath.values()) reject(signal.reason);
    },
    { once: true },
  );

  function isWaiting(entry: Waiting): boolean {
    return !signal.aborted && waitingByPath.get(entry.file.path) === entry;
  }

  function follow(entry: Waiting, step: Step): void {
    const { file, state } = entry;
    if (step.kind === 'wait') {
      entry.state = step.state;
      // A plain path says nothing of the file: its first look is the beginning.
      entry.isLate ||= state.first.mtimeMs !== 0;
      schedule(entry, step.state.dueAtMs);
      if (state.notWhole === step.state.notWhole) return;
      if (step.state.notWhole !== undefined) onNotWhole?.(file, step.state.notWhole);
    } else {
      waitingByPath.delete(file.path);
      if (step.kind === 'failed') entry.reject(step.error);
      else entry.resolve(asStable(entry, step.look, step.quietMs));
    }
    onChange?.();
  }

  function waitFor(file: FoundFile, ownRules: Partial<StabilityRules> = {}): Promise<StableFile> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const rules = { ...DEFAULT_STABILITY_RULES, ...options.rules, ...ownRules };
      const before = waitingByPath.get(file.path);
      const state = beginOf(file, before?.state, rules, checkIntervalMs, now());
      const entry: Waiting = { file, rules, resolve, reject, state, isLate: before !== undefined };
      waitingByPath.set(file.path, entry);
      before?.reject(
        new StabilityError('superseded', say`"${file.path}" was announced anew: the newer message goes on.`),
      );
      schedule(entry, entry.state.dueAtMs);
      onChange?.();
    });
  }

  return {
    waitFor,
    letGo(path) {
      const entry = waitingByPath.get(path);
      if (signal.aborted || entry === undefined) return;
      waitingByPath.delete(path);
      entry.reject(new StabilityError('superseded', say`"${path}" goes on with another file.`));
      onChange?.();
    },
    get waitingCount() {
      return waitingByPath.size;
    },
    get unfinishedCount() {
      let count = 0;
      for (const { state } of waitingByPath.values()) if (state.notWhole !== undefined) count++;
      return count;
    },
    *moving() {
      for (const { file, isLate } of waitingByPath.values()) if (!isLate) yield file;
    },
    waiting: () => Array.from(waitingByPath.values(), ({ file }) => file),
  };
}

/**
 * Where the wait for a file begins. What the message says of its size and mtime serves as the first look; a
 * message that says nothing (a plain path) is looked at as soon as possible. A file that stood still before the
 * message came was looked at before, too.
 */
function beginOf(
  { sizeBytes, mtimeMs, unchangedMs }: FoundFile,
  before: WaitState | undefined,
  rules: StabilityRules,
  checkIntervalMs: number,
  atMs: number,
): WaitState {
  const stillMs = Number.isFinite(unchangedMs) ? Math.max(0, Number(unchangedMs)) : 0;
  const first: Look = { sizeBytes, mtimeMs, atMs: atMs - stillMs };
  const saysNothing = mtimeMs === 0;
  if (before !== undefined && (saysNothing || isUnchanged(before.first, first))) return before;
  const quietMs = requiredQuietMs(sizeBytes, rules);
  return { first, dueAtMs: saysNothing ? atMs : nextPaceMs(first.atMs, quietMs, checkIntervalMs) };
}

function asStable(
  { file: found, rules }: Waiting,
  { sizeBytes, mtimeMs }: Look,
  quietMs: number,
): StableFile {
  const { hasVideoCheck } = rules;
  // Said of the version that was found; should the file change on its way, its time begins anew.
  const { unchangedMs: _, ...file } = found;
  return { ...file, sizeBytes, mtimeMs, stableAt: new Date().toISOString(), quietMs, hasVideoCheck };
}

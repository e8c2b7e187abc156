import type { Stats } from 'node:fs';
import { say } from '../say.js';
import {
  isStable,
  isUnchanged,
  type Look,
  nextLookMs,
  nextPaceMs,
  requiredQuietMs,
  type StabilityRules,
} from './stability.js';
import { inWords, StabilityError } from './stability-error.js';
import { isCheckedVideo, type VideoStructure } from './video-structure.js';

/** What is known of a file that waits. Times are milliseconds of a clock that is never set. */
export interface WaitState {
  /** The look since which the file stands still. */
  readonly first: Look;
  /** When the next look is of use. */
  readonly dueAtMs: number;
  /** Why the video is not whole, for as long as it stands still, or why the file cannot be read. */
  readonly notWhole?: string;
  readonly unreadableSinceMs?: number;
}

/** What a look at a file led to. */
export type Step =
  | { readonly kind: 'wait'; readonly state: WaitState }
  | { readonly kind: 'stable'; readonly look: Look; readonly quietMs: number }
  | { readonly kind: 'failed'; readonly error: StabilityError };

/** How a look is done. */
export interface StepEffects {
  readonly rules: StabilityRules;
  /** Times between looks are multiples of this, in milliseconds. */
  readonly checkIntervalMs: number;
  readonly now: () => number;
  readonly stat: (path: string) => Promise<Pick<Stats, 'size' | 'mtimeMs' | 'isFile'>>;
  readonly checkVideo: (path: string) => Promise<VideoStructure>;
}

/** Looks at a file once and says how its wait goes on; never rejects. */
export async function takeStep(path: string, state: WaitState, effects: StepEffects): Promise<Step> {
  try {
    return await lookAt(path, state, effects);
  } catch (error) {
    return stepAfterError(path, state, effects, error);
  }
}

async function lookAt(path: string, state: WaitState, effects: StepEffects): Promise<Step> {
  const { rules, checkIntervalMs, now, stat, checkVideo } = effects;
  const atMs = now();
  const stats = await stat(path);
  if (!stats.isFile()) return failed('unreadable', say`"${path}" is not a file, so it cannot be uploaded.`);
  const look: Look = { sizeBytes: stats.size, mtimeMs: stats.mtimeMs, atMs };
  const quietMs = requiredQuietMs(look.sizeBytes, rules);
  if (!isUnchanged(state.first, look)) {
    // It may have changed again until the answer came: the quiet time counts from now.
    const first: Look = { ...look, atMs: now() };
    return wait({ first, dueAtMs: nextPaceMs(first.atMs, quietMs, checkIntervalMs) });
  }
  if (look.sizeBytes === 0 && atMs - state.first.atMs >= emptyEndMs(rules)) {
    return { kind: 'stable', look, quietMs };
  }
  if (look.sizeBytes === 0) return waitStill(path, state.first, look, quietMs, rules);
  if (!isStable(state.first, look, quietMs)) {
    return wait({ first: state.first, dueAtMs: nextPaceMs(state.first.atMs, quietMs, checkIntervalMs) });
  }
  if (!rules.hasVideoCheck || !isCheckedVideo(path)) return { kind: 'stable', look, quietMs };
  // What stands still is not read again: its structure is the same.
  if (state.notWhole !== undefined && state.unreadableSinceMs === undefined) {
    return waitStill(path, state.first, look, quietMs, rules, state.notWhole);
  }
  const structure = await checkVideo(path);
  if (structure.isWhole) return { kind: 'stable', look, quietMs };
  return waitStill(path, state.first, look, quietMs, rules, structure.reason);
}

/** When an empty file goes on; where that is never, it is given up instead. */
function emptyEndMs({ emptyMs, giveUpMs }: StabilityRules): number {
  return Number.isFinite(emptyMs) ? Math.min(emptyMs, giveUpMs) : emptyMs;
}

/** The wait of an empty file, or of a video that is not whole, which stands still. */
function waitStill(
  path: string,
  first: Look,
  look: Look,
  quietMs: number,
  rules: StabilityRules,
  notWhole?: string,
): Step {
  const { giveUpMs } = rules;
  const stillMs = look.atMs - first.atMs;
  if (stillMs < giveUpMs) {
    const endMs = notWhole === undefined ? Math.min(giveUpMs, emptyEndMs(rules)) : giveUpMs;
    return wait({ first, dueAtMs: look.atMs + nextLookMs(stillMs, quietMs, endMs), notWhole });
  }
  const long = inWords(giveUpMs);
  if (notWhole === undefined) {
    return failed(
      'incomplete',
      say`"${path}" is empty (0 bytes) and has not changed for ${long}. Copy it here again or delete it.`,
    );
  }
  return failed(
    'incomplete',
    say`"${path}" is not a whole video: ${notWhole}. It has not changed for ${long}: copy it here again, or turn off the check of videos if it plays.`,
  );
}

/** A file that is gone is gone; what cannot be read (rights, a share that hangs) may be readable later. */
function stepAfterError(path: string, state: WaitState, effects: StepEffects, error: unknown): Step {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return failed('vanished', say`"${path}" is no longer there.`);
  const { quietMs } = effects.rules;
  const atMs = effects.now();
  const unreadableSinceMs = state.unreadableSinceMs ?? atMs;
  // Never given up: a share that comes back shows the same files, and nobody would tell of them again.
  const dueAtMs = atMs + nextLookMs(atMs - unreadableSinceMs, quietMs, Number.POSITIVE_INFINITY);
  return wait({ ...state, unreadableSinceMs, notWhole: say`it cannot be read (${code})`, dueAtMs });
}

function wait(state: WaitState): Step {
  return { kind: 'wait', state };
}

function failed(code: StabilityError['code'], sentence: string): Step {
  return { kind: 'failed', error: new StabilityError(code, sentence) };
}

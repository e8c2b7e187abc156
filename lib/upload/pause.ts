import { say } from '../say.js';
import { SettingError } from '../settings.js';

/** Why nothing further is sent. Times are ISO 8601 in UTC. */
export interface Pause {
  /** Whether a person paused it. */
  readonly isPaused: boolean;
  /** When that pause ends by itself; null for one that does not, and without one. */
  readonly pausedUntil: string | null;
  /** When the quiet hours end; null while there are none. */
  readonly quietUntil: string | null;
}

/** A pause that ends by itself: after `lengthMs`, at `untilMs` by a clock that said `sinceMs` when it began. */
export interface PauseLease {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export const NO_PAUSE: Pause = { isPaused: false, pausedUntil: null, quietUntil: null };

/** Whether nothing further is sent. */
export function isResting({ isPaused, quietUntil }: Pause): boolean {
  return isPaused || quietUntil !== null;
}

/** Minutes that a pause can last before it ends by itself: a week. */
export const PAUSE_RANGE = { min: 1, max: 10_080 } as const;

/** Whether a pause can last so long. */
export function isPauseMinutes(value: unknown): value is number {
  return typeof value === 'number' && value >= PAUSE_RANGE.min && value <= PAUSE_RANGE.max;
}

/**
 * The minutes that a command asks for, as `30`, `"30"` or `{ minutes: 30 }`; undefined for a pause without an end,
 * which is what any payload asks for that says nothing of minutes: a timestamp of an inject node, say.
 * @throws SettingError for minutes that are none
 */
export function parsePauseMinutes(payload: unknown): number | undefined {
  const asked = isObject(payload) ? payload.minutes : payload;
  if (asked === undefined || asked === null || asked === '' || typeof asked === 'boolean') return undefined;
  // An inject node sends the time unless it is told otherwise.
  if (!isObject(payload) && typeof asked === 'number' && asked > 1e11) return undefined;
  const minutes = typeof asked === 'string' ? Number(asked.trim() || Number.NaN) : asked;
  if (isPauseMinutes(minutes)) return minutes;
  const { min, max } = PAUSE_RANGE;
  throw new SettingError(say`Pause: the minutes must be a number from ${min} to ${max}, or left out.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * Which values are trouble: those above one limit or those below one (give one of the two). Without a limit `true`
 * is trouble and `false` is none.
 */
export interface AlertWatchOptions {
  /** One of HEALTH_ALERTS or GPU_ALERTS. */
  readonly name: string;
  readonly raiseAbove?: number;
  /** Cleared on this value or below it; `raiseAbove` unless told otherwise. */
  readonly clearBelow?: number;
  readonly raiseBelow?: number;
  /** Cleared on this value or above it; `raiseBelow` unless told otherwise. */
  readonly clearAbove?: number;
  /** How long the trouble must last before it is told, in milliseconds; 0 tells it at once. */
  readonly holdMs?: number;
  /** How long it must be over before that is told; as long as `holdMs` unless told otherwise. */
  readonly clearHoldMs?: number;
}

/** What is told once when an alert is raised, and once when it is cleared. */
export interface AlertChange {
  readonly name: string;
  readonly isRaised: boolean;
  /** The value that decided it, and the limit it crossed; null for an alert that has no number. */
  readonly value: number | null;
  readonly limit: number | null;
}

export interface AlertWatch {
  readonly isRaised: boolean;
  /**
   * Takes the value of this moment (`now` in milliseconds, of any clock that does not run backwards) and answers
   * with the change that it makes, if it makes one. Null, "not known", changes nothing, and the time until the next
   * known value counts neither for nor against the alert.
   */
  look(value: number | boolean | null, now: number): AlertChange | null;
}

/**
 * Watches one value with hysteresis. Raised after `holdMs` of trouble without a break, cleared after `clearHoldMs`
 * without trouble; a value between the two limits breaks either wait. So a flapping value makes one alert.
 * @throws RangeError when the limit for clearing lies on the wrong side
 */
export function createAlertWatch(options: AlertWatchOptions): AlertWatch {
  const { name, holdMs = 0, clearHoldMs = holdMs } = options;
  const sides = sidesOf(options);
  let isRaised = false;
  let heldMs = 0;
  let isHolding = false;
  let lastAt: number | null = null;

  const look = (value: number | boolean | null, now: number): AlertChange | null => {
    if (value === null || Number.isNaN(value)) {
      lastAt = null;
      return null;
    }
    const number = Number(value);
    if (!(isRaised ? sides.isOver(number) : sides.isTrouble(number))) {
      isHolding = false;
      return null;
    }
    heldMs = isHolding ? heldMs + (lastAt === null ? 0 : Math.max(0, now - lastAt)) : 0;
    isHolding = true;
    lastAt = now;
    if (heldMs < (isRaised ? clearHoldMs : holdMs)) return null;
    isRaised = !isRaised;
    isHolding = false;
    const limit = isRaised ? sides.raiseLimit : sides.clearLimit;
    return { name, isRaised, value: typeof value === 'number' ? value : null, limit };
  };
  return {
    get isRaised() {
      return isRaised;
    },
    look,
  };
}

interface Sides {
  readonly isTrouble: (value: number) => boolean;
  readonly isOver: (value: number) => boolean;
  readonly raiseLimit: number | null;
  readonly clearLimit: number | null;
}

function sidesOf(options: AlertWatchOptions): Sides {
  if (options.raiseAbove !== undefined) {
    const { raiseAbove: raiseLimit, clearBelow: clearLimit = raiseLimit } = options;
    if (clearLimit > raiseLimit) throw wrongSide(options.name, 'below', raiseLimit);
    return { isTrouble: (v) => v > raiseLimit, isOver: (v) => v <= clearLimit, raiseLimit, clearLimit };
  }
  if (options.raiseBelow !== undefined) {
    const { raiseBelow: raiseLimit, clearAbove: clearLimit = raiseLimit } = options;
    if (clearLimit < raiseLimit) throw wrongSide(options.name, 'above', raiseLimit);
    return { isTrouble: (v) => v < raiseLimit, isOver: (v) => v >= clearLimit, raiseLimit, clearLimit };
  }
  return { isTrouble: (v) => v > 0, isOver: (v) => v <= 0, raiseLimit: null, clearLimit: null };
}

function wrongSide(name: string, side: string, limit: number): RangeError {
  return new RangeError(`The alert "${name}" cannot be cleared ${side} its limit of ${limit} and beyond it.`);
}

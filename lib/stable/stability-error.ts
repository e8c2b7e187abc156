import { say } from '../say.js';

/**
 * Why a file did not become stable: it `vanished`, was `superseded` by a newer announcement of the same path,
 * stayed `incomplete`, or is no file at all (`unreadable`). The first two need nobody.
 */
export type StabilityErrorCode = 'vanished' | 'superseded' | 'incomplete' | 'unreadable';

/** Thrown for a file that did not become stable. The sentence names the file and says what to do. */
export class StabilityError extends Error {
  override readonly name = 'StabilityError';
  constructor(
    readonly code: StabilityErrorCode,
    message: string,
  ) {
    super(message);
  }
  override toString(): string {
    return this.message;
  }
}

/** A length of time as people say it: "60 minutes", "1 second". */
export function inWords(ms: number): string {
  if (ms >= 60_000) {
    const minutes = Math.round(ms / 60_000);
    return minutes === 1 ? say`${minutes} minute` : say`${minutes} minutes`;
  }
  const seconds = Math.round(ms / 1_000);
  return seconds === 1 ? say`${seconds} second` : say`${seconds} seconds`;
}

import { say } from '../say.js';
import { SettingError } from '../settings.js';

/** Files that are sent at the same time. */
export const CONCURRENCY_RANGE = { min: 1, max: 16, isWhole: true } as const;

/** Whether so many files may be sent at the same time. */
export function isConcurrency(value: unknown): value is number {
  const { min, max } = CONCURRENCY_RANGE;
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

/**
 * The concurrency that a command asks for, as a number or as text.
 * @throws SettingError for anything but a whole number from 1 to 16
 */
export function parseConcurrency(payload: unknown): number {
  const value = typeof payload === 'string' && payload.trim() !== '' ? Number(payload) : payload;
  if (isConcurrency(value)) return value;
  const { min, max } = CONCURRENCY_RANGE;
  throw new SettingError(say`Files at a time: this works only with a whole number from ${min} to ${max}.`);
}

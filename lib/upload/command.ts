import { SettingError } from '../settings.js';

/** What a message asks of the uploader. */
export type UploadCommand =
  | { readonly name: 'pause' | 'resume' | 'retry' }
  | { readonly name: 'concurrency'; readonly value: number };

/** Files on their way at the same time. */
export const CONCURRENCY_RANGE = { min: 1, max: 16, isWhole: true } as const;

/**
 * The command in a message's topic (`command/pause`, …); undefined when the topic is none for the uploader.
 * @throws SettingError for a concurrency that is no whole number from 1 to 16
 */
export function asUploadCommand(topic: unknown, payload: unknown): UploadCommand | undefined {
  switch (topic) {
    case 'command/pause':
      return { name: 'pause' };
    case 'command/resume':
      return { name: 'resume' };
    case 'command/retry':
      return { name: 'retry' };
    case 'command/concurrency': {
      const value = typeof payload === 'number' || typeof payload === 'string' ? Number(payload) : Number.NaN;
      const { min, max } = CONCURRENCY_RANGE;
      if (Number.isInteger(value) && value >= min && value <= max) return { name: 'concurrency', value };
      throw new SettingError(
        `command/concurrency: msg.payload must be a whole number from ${min} to ${max}.`,
      );
    }
    default:
      return undefined;
  }
}

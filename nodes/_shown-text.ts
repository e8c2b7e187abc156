import { printable } from '../lib/printable.js';
import type { Values } from './_node-status.js';

/** What was thrown, as an Error whose sentence stays in its line, whatever name of a file is in it. */
export function toError(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { message, stack } = error;
  const shown = printable(message);
  if (shown !== message)
    Object.assign(error, { message: shown, stack: stack?.replace(message, () => shown) });
  return error;
}

/** Values for a text of the catalogue that stay in its line. */
export function shownIn(values: Values): Values {
  const shown = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? printable(value) : value,
  ]);
  return Object.fromEntries(shown);
}

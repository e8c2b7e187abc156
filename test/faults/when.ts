import { setImmediate as turn } from 'node:timers/promises';

/** Waits, with eyes open all the time, until something is so; false when it was not within the time. */
export async function waitUntil(isSo: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) return false;
    await turn();
  }
  return true;
}

/** The first look that fails counts for a second, in minutes, because 0 means that nothing is wrong. */
const SHORTEST_MINUTES = 1 / 60;

/**
 * Tells for how many minutes a server has been away: 0 when it is not, and null while it has answered again, but not
 * yet for `settleMs`. So a server that comes and goes is away once, for the whole time, and not many times.
 */
export function createOutageWatch(settleMs: number): (isReachable: boolean, nowMs: number) => number | null {
  let beganAt: number | undefined;
  let backAt: number | undefined;
  return (isReachable, nowMs) => {
    if (!isReachable) {
      beganAt ??= nowMs;
      backAt = undefined;
      return Math.max(SHORTEST_MINUTES, (nowMs - beganAt) / 60_000);
    }
    if (beganAt === undefined) return 0;
    backAt ??= nowMs;
    if (nowMs - backAt < settleMs) return null;
    beganAt = undefined;
    return 0;
  };
}

/** A problem that comes and goes is told once in an hour: it must not fill the log. */
const TELL_AGAIN_MS = 3_600_000;

/** Makes what answers whether a topic may be told now; it counts as told then. */
export function createTellLimit(now: () => number = () => performance.now()): (topic: string) => boolean {
  const toldAt = new Map<string, number>();
  return (topic) => {
    if (now() - (toldAt.get(topic) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return false;
    toldAt.set(topic, now());
    return true;
  };
}

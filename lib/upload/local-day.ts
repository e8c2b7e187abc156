/** The longest wait between two looks at the clock: after a jump of it the day is right again that soon. */
const LOOK_MS = 60_000;

/** The day that the clock on the wall shows, as `2026-11-21`; days sort as text. */
export function localDay(at: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Milliseconds until the next local day begins, also on days of 23 or 25 hours. */
export function untilNextDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1).getTime() - at.getTime();
}

/**
 * Calls `work` whenever another local day has begun, until `signal` is aborted. It looks at the clock again and again,
 * because timers do not follow a clock that is set or a machine that sleeps; they keep no process alive.
 */
export function onNewDay(signal: AbortSignal, work: () => void, now: () => Date = () => new Date()): void {
  let day = localDay(now());
  let timer: NodeJS.Timeout;
  const wait = () => {
    timer = setTimeout(look, Math.min(LOOK_MS, untilNextDay(now()))).unref();
  };
  const look = () => {
    const today = localDay(now());
    wait();
    if (today === day) return;
    day = today;
    work();
  };
  if (signal.aborted) return;
  wait();
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

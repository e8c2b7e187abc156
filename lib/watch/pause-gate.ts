/** Holds up all who wait at it while it is closed; open at the beginning, and for good once `signal` is aborted. */
export function makePauseGate(signal: AbortSignal) {
  let waiting: (() => void)[] | undefined;
  const open = () => {
    const ready = waiting ?? [];
    waiting = undefined;
    for (const go of ready) go();
  };
  signal.addEventListener('abort', open, { once: true });
  return {
    open,
    close: () => {
      if (!signal.aborted) waiting ??= [];
    },
    isClosed: () => waiting !== undefined,
    wait: async () => {
      while (waiting !== undefined) await new Promise<void>((go) => waiting?.push(go));
    },
  };
}

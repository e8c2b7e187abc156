import { backoffMs, delay } from '../backoff.js';
import { ImmichError } from '../immich/immich-error.js';

export interface ServerGateOptions {
  /** One small request that shows whether the trouble is over: resolves when it is. */
  readonly probe: (trouble: ImmichError) => Promise<unknown>;
  readonly signal: AbortSignal;
  /** Called whenever the gate opens or closes, or the trouble is another one. */
  readonly onChange: () => void;
  readonly firstMs?: number;
  readonly maxMs?: number;
  readonly random?: () => number;
}

export interface ServerGate {
  /** Whether files may go to the server now. */
  readonly isOpen: boolean;
  /** True after trouble until one file went through: then one file at a time. */
  readonly isTrial: boolean;
  /** Why it is closed, or what the trial is about. */
  readonly trouble: ImmichError | undefined;
  /** Closes the gate; one probe at a time goes out until the trouble is over. */
  hold(trouble: ImmichError): void;
  /** A file went through: the trouble is over. */
  passed(): void;
}

/**
 * Keeps all files back while the server is in trouble. Instead of each file trying for itself, one probe goes
 * out with growing pauses (or after the pause that the server asked for); then one file goes ahead of the others.
 */
export function createServerGate(options: ServerGateOptions): ServerGate {
  const { probe, signal, onChange, firstMs = 1_000, maxMs = 60_000, random } = options;
  let trouble: ImmichError | undefined;
  let isOpen = true;
  let failures = 0;

  async function waitUntilOver(): Promise<void> {
    for (;;) {
      failures += 1;
      const pause = backoffMs(failures, { firstMs, maxMs, ...(random && { random }) });
      await delay(Math.max(pause, trouble?.retryAfterMs ?? 0), signal);
      try {
        if (trouble !== undefined) await probe(trouble);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof ImmichError) trouble = error;
        onChange();
      }
    }
  }

  return {
    get isOpen() {
      return isOpen;
    },
    get isTrial() {
      return trouble !== undefined;
    },
    get trouble() {
      return trouble;
    },
    hold(next) {
      trouble = next;
      if (isOpen) {
        isOpen = false;
        waitUntilOver().then(
          () => {
            isOpen = true;
            onChange();
          },
          // Closed for good: only an abort ends the wait otherwise.
          () => undefined,
        );
      }
      onChange();
    },
    passed() {
      if (!isOpen) return;
      failures = 0;
      if (trouble === undefined) return;
      trouble = undefined;
      onChange();
    },
  };
}

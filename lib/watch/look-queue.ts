/** One look to take: into the whole folder or only at some names, and with all that lies below or without. */
export interface Look {
  readonly path: string;
  readonly names?: ReadonlySet<string>;
  readonly isDeep: boolean;
}

export interface LookQueueOptions {
  /** Waits while no look may be taken. */
  readonly gate: () => Promise<void>;
  readonly signal: AbortSignal;
  /** Takes one look; must not throw. */
  readonly take: (look: Look) => Promise<void>;
}

/** With more names than this the whole folder is listed. */
const MOST_NAMES = 1000;

/**
 * Takes looks one after the other, so that no two mix: first into folders where something happened, then on with
 * the scan. Stops after the look at hand when the signal is aborted.
 */
export class LookQueue {
  readonly #options: LookQueueOptions;
  readonly #due = new Map<string, ReadonlySet<string> | undefined>();
  readonly #scan: string[] = [];
  #isRunning = false;
  #end = () => {};
  /** Settled once the last look ended, after the signal was aborted. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(options: LookQueueOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#isRunning || this.#end(), { once: true });
    if (options.signal.aborted) this.#end();
  }

  get hasScan(): boolean {
    return this.#scan.length > 0;
  }

  /** Something happened: look soon. */
  addDue(path: string, names?: ReadonlySet<string>): void {
    const earlier = this.#due.get(path);
    const isAll = names === undefined || (this.#due.has(path) && earlier === undefined);
    const all = isAll ? undefined : new Set([...(earlier ?? []), ...names]);
    this.#due.set(path, all === undefined || all.size > MOST_NAMES ? undefined : all);
    this.#start();
  }

  /** Look at a folder with all that lies below it, as the next one of the scan. */
  addToScan(path: string): void {
    this.#scan.push(path);
    this.#start();
  }

  /** Scan from here, after what is on its way. */
  addLast(path: string): void {
    if (!this.#scan.includes(path)) this.#scan.unshift(path);
    this.#start();
  }

  #start(): void {
    if (this.#isRunning || this.#options.signal.aborted) return;
    this.#isRunning = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { gate, signal, take } = this.#options;
    for (;;) {
      await gate();
      const look = signal.aborted ? undefined : this.#next();
      if (look === undefined) break;
      await take(look);
    }
    this.#isRunning = false;
    if (signal.aborted) this.#end();
  }

  #next(): Look | undefined {
    for (const [path, names] of this.#due) {
      this.#due.delete(path);
      return { path, names, isDeep: false };
    }
    const path = this.#scan.pop();
    return path === undefined ? undefined : { path, isDeep: true };
  }
}

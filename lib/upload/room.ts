import { bytesOfGroup } from '../companions/companion.js';
import type { ImmichError } from '../immich/immich-error.js';
import type { ServerGate } from './server-gate.js';
import type { Entry } from './upload-entry.js';
import type { Attempt } from './upload-file.js';

/** That a server wants rest: `slow` lets one file at a time go on, `hold` none that has not begun. */
export interface Pressure {
  readonly mode: 'slow' | 'hold';
  /** Why, as a sentence for a person. */
  readonly reason: ImmichError;
}

const MEBIBYTE = 1024 * 1024;

/** How much of a place a file takes up, by its size. */
function loadOf(sizeBytes: number): number {
  if (sizeBytes <= MEBIBYTE) return 1 / 8;
  return sizeBytes <= 4 * MEBIBYTE ? 1 / 4 : 1;
}

/**
 * Says how much may go on at the same time. `concurrency` files are sent; of small files four times, of very small ones
 * eight times as many are in work, because they spend most of their time with hashes and questions, which are asked
 * together, while a large one keeps the disk busy by itself. When the server gets into trouble, what has not begun to
 * be sent is not sent.
 */
export function createRoom(concurrency: number, gate: ServerGate) {
  const slots = createSlots(concurrency);
  let pressure: Pressure | undefined;
  return {
    /** Whether one more file may be taken up beside these. */
    isFree(active: ReadonlySet<Pick<Entry<unknown>, 'file' | 'isAhead'>>): boolean {
      if (!gate.isOpen || pressure?.mode === 'hold') return false;
      if (pressure?.mode === 'slow') return active.size === 0;
      // A large one that the trouble did not break goes on beside the one that goes ahead.
      if (gate.isTrial) return ![...active].some(({ isAhead }) => isAhead);
      let load = 0;
      for (const { file } of active) load += loadOf(bytesOfGroup(file));
      return load < slots.size();
    },
    /** The turn of a file; rejects with the gate's trouble if there is some by then, unless the file goes ahead. */
    turn(isAhead: boolean): NonNullable<Attempt['inTurn']> {
      return (work) =>
        slots.run(() => (gate.trouble === undefined || isAhead ? work() : Promise.reject(gate.trouble)));
    },
    /** Sends so many at the same time from now on. */
    resize: slots.resize,
    /** How many are sent at the same time while the server does not want rest. */
    size: slots.size,
    /** The server wants rest, or no longer. */
    press(next: Pressure | undefined) {
      pressure = next;
    },
    /** Why nothing that has not begun goes on; undefined when it does. */
    get restReason(): ImmichError | undefined {
      return pressure?.mode === 'hold' ? pressure.reason : undefined;
    },
  };
}

/** A number of places of which each piece of work takes one; the others wait in line. */
function createSlots(places: number) {
  let limit = places;
  let taken = 0;
  const line: (() => void)[] = [];
  const admit = () => {
    while (taken < limit) {
      const next = line.shift();
      if (next === undefined) return;
      taken += 1;
      next();
    }
  };
  return {
    async run<T>(work: () => Promise<T>): Promise<T> {
      await new Promise<void>((go) => {
        line.push(go);
        admit();
      });
      const leave = () => {
        taken -= 1;
        admit();
      };
      try {
        const result = await work();
        leave();
        return result;
      } catch (error) {
        // Whoever hears of the failure decides first whether the next one may go.
        setImmediate(leave);
        throw error;
      }
    },
    resize(next: number) {
      limit = next;
      admit();
    },
    size: () => limit,
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { DEEDS } from './deeds.js';
import { type FaultWorld, QUIET_MS } from './fault-world.js';
import { makeHands } from './hands.js';
import { drawMisfortune, type Misfortune } from './misfortunes.js';
import { type Random, randomOf } from './prng.js';

/** What is going to happen in one round; times are milliseconds from its beginning. */
export interface RoundPlan {
  readonly deeds: readonly { readonly atMs: number; readonly index: number; readonly random: Random }[];
  readonly misfortunes: readonly {
    readonly atMs: number;
    readonly lastsMs: number;
    readonly misfortune: Misfortune;
  }[];
}

/** Long enough for files to meet it; no round is shorter than twice as long. */
const SHORTEST_MS = 600;

/** Draws a round: the same for the same seed and number. */
export function drawRound(seed: string, number: number): RoundPlan {
  const random = randomOf(`${seed}/round ${number}`);
  const lengthMs = random.int(1_200, 3_000);
  const deeds = Array.from({ length: random.int(4, 14) }, (_, step) => ({
    atMs: random.int(0, lengthMs),
    index: random.int(0, DEEDS.length - 1),
    random: random.fork(`deed ${step}`),
  }));
  const drawn = new Map<string, Misfortune>();
  for (let wanted = random.pick([0, 1, 2, 2, 3, 3, 4]); wanted > 0; wanted -= 1) {
    const misfortune = drawMisfortune(random);
    drawn.set(misfortune.kind, misfortune);
  }
  const misfortunes = [...drawn.values()].map((misfortune) => {
    const atMs = random.int(0, lengthMs / 2);
    return { atMs, lastsMs: random.int(SHORTEST_MS, lengthMs - atMs), misfortune };
  });
  return { deeds: deeds.sort((a, b) => a.atMs - b.atMs), misfortunes };
}

/** Lets a round happen, up to the last fault's end; what happened when goes to `note`. */
export async function playRound(
  world: FaultWorld,
  plan: RoundPlan,
  note: (line: string) => void,
): Promise<void> {
  const began = performance.now();
  const busy = new Set<string>();
  const say = (what: string) => note(`+${((performance.now() - began) / 1_000).toFixed(2)} s ${what}`);
  const until = (atMs: number) => sleep(Math.max(0, atMs - (performance.now() - began)));

  async function suffer({ atMs, lastsMs, misfortune }: RoundPlan['misfortunes'][number]): Promise<void> {
    await until(atMs);
    say(misfortune.name);
    const end = await misfortune.begin(world);
    if (end === undefined) return;
    await until(atMs + lastsMs);
    await end();
    say(`over: ${misfortune.name}`);
  }

  async function doOne({ atMs, index, random }: RoundPlan['deeds'][number]): Promise<void> {
    await until(atMs);
    const [name, deed] = DEEDS[index] ?? ['nothing', () => undefined];
    say(name);
    const { places, ledger } = world;
    await deed(makeHands({ places, ledger, random, busy, quietMs: QUIET_MS }));
  }

  await Promise.all([...plan.misfortunes.map(suffer), ...plan.deeds.map(doOne)]);
  // What still hangs from the faults is over with them.
  for (const { http } of world.sides) http.cut();
}

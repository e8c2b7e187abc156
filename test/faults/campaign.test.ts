import { describe, it } from 'vitest';
import { tempFolder } from '../support/world.js';
import { runCampaign } from './campaign.js';
import { wantsMounts } from './fault-world.js';
import { mayMount } from './places.js';

/** A few rounds of these seeds, which meet every kind of fault, groups, refused files and two servers, stand for the many of `npm run faults`. */
const SEEDS = ['85', '162'];
const ROUNDS = 3;
/** A round that finds no rest says so itself, long before. */
const MINUTES_A_ROUND = 6;

const { FAULT_SEED, FAULT_ROUNDS } = process.env;
const seeds = FAULT_SEED?.split(',') ?? SEEDS;
const rounds = Number(FAULT_ROUNDS ?? ROUNDS);
const onRound = FAULT_ROUNDS === undefined ? undefined : (line: string) => console.log(line);

describe('whatever happens, nothing is lost and nothing false is said', () => {
  for (const seed of seeds) {
    it(`in the rounds of seed ${seed}`, { timeout: (rounds + 2) * MINUTES_A_ROUND * 60_000 }, async (ctx) => {
      if (wantsMounts(seed) && !mayMount(tempFolder())) ctx.skip('mounting is not allowed here');
      await runCampaign({ seed, rounds, ...(onRound && { onRound }) });
    });
  }
});

import { describe, it } from 'vitest';
import { runCampaign } from './campaign.js';

/** A few rounds of these seeds stand for the thousands of `npm run faults`. */
const SEEDS = ['1', '2'];
const ROUNDS = 4;
/** A round that does not end says so itself, long before. */
const MINUTES_A_ROUND = 3;

const seeds = process.env.FAULT_SEED?.split(',') ?? SEEDS;
const rounds = Number(process.env.FAULT_ROUNDS ?? ROUNDS);
const onRound = process.env.FAULT_ROUNDS === undefined ? undefined : (line: string) => console.log(line);

describe('whatever happens, nothing is lost and nothing false is said', () => {
  it.each(seeds)(
    'in the rounds of seed %s',
    (seed) => runCampaign({ seed, rounds, ...(onRound && { onRound }) }),
    (rounds + 2) * MINUTES_A_ROUND * 60_000,
  );
});

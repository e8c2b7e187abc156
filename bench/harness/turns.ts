import { median } from '../median.js';

/** What one run gave, by the name of the figure, as in `wholeSeconds` or `peakMB`. */
export type Figures = Readonly<Record<string, number>>;

/** A program that takes part. */
export interface Contestant {
  readonly name: string;
  /** Makes ready what does not count, runs once and tells what was measured. */
  run(): Promise<Figures>;
}

/** What all runs of a program gave, in their order. */
export interface Standing {
  readonly name: string;
  readonly runs: readonly Figures[];
  readonly medians: Figures;
}

/**
 * Lets programs take turns, so that what disturbs the machine for a while disturbs them all; each round begins with
 * the next one.
 */
export async function takeTurns(contestants: readonly Contestant[], rounds: number): Promise<Standing[]> {
  const runs = new Map<Contestant, Figures[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const contestant = contestants[(round + turn) % contestants.length];
      if (contestant !== undefined) runs.get(contestant)?.push(await contestant.run());
    }
  }
  return Array.from(runs, ([{ name }, figures]) => ({ name, runs: figures, medians: mediansOf(figures) }));
}

/** The median of how much `of` is of `to` in each round, for one figure. */
export function medianRatio(figure: string, of: Standing, to: Standing): number {
  return median(of.runs.map((run, round) => Number(run[figure]) / Number(to.runs[round]?.[figure])));
}

function mediansOf(runs: readonly Figures[]): Figures {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  return Object.fromEntries([...names].map((name) => [name, median(runs.map((run) => Number(run[name])))]));
}

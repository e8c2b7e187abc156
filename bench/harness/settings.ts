import { parseArgs } from 'node:util';

/** What the command line of the bench asks for. */
export interface BenchSettings {
  /** Names of parts; empty for all. */
  readonly parts: readonly string[];
  /** Where results go as JSON; nowhere by default. */
  readonly out: string | undefined;
  /** Rounds in place of the usual number. */
  readonly rounds: number | undefined;
  /** Whether a case with this title is wanted. */
  readonly wants: (title: string) => boolean;
}

/** Reads the command line, as in `upload --only "500 new" --rounds 3 --out results`. */
export function readSettings(args: readonly string[]): BenchSettings {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { out: text, rounds: text, only: text },
    allowPositionals: true,
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error('--rounds: type a whole number of at least 1.');
  }
  const { out, only = '' } = values;
  return { parts: positionals, out, rounds, wants: (title) => title.includes(only) };
}

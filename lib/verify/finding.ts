/**
 * How a check went. A `warning` works today and is worth a look; a `problem` keeps photos from arriving;
 * `not tested` could not be tried, and says why.
 */
export type Verdict = 'ok' | 'warning' | 'problem' | 'not tested';

/** What a check is about, in the order in which it is told. */
export const AREAS = ['Settings', 'Folders', 'Immich', 'MQTT'] as const;
export type Area = (typeof AREAS)[number];

/** The result of one check. No secret is ever in it. */
export interface Finding {
  readonly area: Area;
  /** What was looked at, a few words. */
  readonly check: string;
  readonly verdict: Verdict;
  /** What was found, a sentence. */
  readonly found: string;
  /** What to do; undefined when there is nothing to do, or `found` says it already. */
  readonly advice?: string | undefined;
}

/** Makes the findings of one area. */
export function findingsIn(area: Area) {
  return (check: string, verdict: Verdict, found: string, advice?: string): Finding => ({
    area,
    check,
    verdict,
    found,
    ...(advice !== undefined && { advice }),
  });
}

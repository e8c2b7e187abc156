import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { medianRatio, type Standing } from './turns.js';

/** What is to be seen from a case: how two programs stand to each other, or a figure to a limit. */
export type Finding =
  | {
      /** `faster`: how many times faster the first is, from times; `share`: how much of the second's figure it has. */
      readonly kind: 'faster' | 'share';
      readonly of: string;
      readonly to: string;
      readonly figure: string;
      readonly atLeast?: number;
    }
  | { readonly kind: 'limit'; readonly of: string; readonly figure: string; readonly atMost: number };

/** One case as it was measured. */
export interface CaseResult {
  readonly part: string;
  readonly title: string;
  readonly standings: readonly Standing[];
  readonly findings: readonly Finding[];
  /** What a reader should know: what was left out, and why. */
  readonly notes?: readonly string[];
}

/** Prints each case at once, and keeps all for the file. */
export interface Report {
  add(result: CaseResult): void;
  /** Writes `<part>.json` into the folder, if there is one. */
  write(part: string): void;
}

export function createReport(
  folder: string | undefined,
  print: (line: string) => void = console.log,
): Report {
  const results: CaseResult[] = [];
  return {
    add(result) {
      results.push(result);
      for (const line of linesOf(result)) print(line);
    },
    write(part) {
      if (folder === undefined) return;
      mkdirSync(folder, { recursive: true });
      const cases = results.filter((result) => result.part === part).map(asRecord);
      writeFileSync(
        join(folder, `${part}.json`),
        `${JSON.stringify({ machine: machine(), cases }, null, 2)}\n`,
      );
    },
  };
}

/** The number that a finding is about, and whether it is as it should be; undefined when one is missing for that. */
export function judge(finding: Finding, standings: readonly Standing[]) {
  const of = standings.find(({ name }) => name === finding.of);
  if (of === undefined) return undefined;
  if (finding.kind === 'limit') {
    const value = of.medians[finding.figure] ?? Number.NaN;
    return Number.isNaN(value) ? undefined : { value, isMet: value <= finding.atMost };
  }
  const to = standings.find(({ name }) => name === finding.to);
  if (to === undefined) return undefined;
  const share = finding.kind === 'share';
  const value = share ? medianRatio(finding.figure, of, to) : medianRatio(finding.figure, to, of);
  if (Number.isNaN(value)) return undefined;
  return { value, isMet: finding.atLeast === undefined || value >= finding.atLeast };
}

function linesOf({ title, standings, findings, notes = [] }: CaseResult): string[] {
  const figures = [...new Set(standings.flatMap(({ medians }) => Object.keys(medians)))];
  const width = Math.max(10, ...standings.map(({ name }) => name.length));
  const cell = (text: string) => text.padStart(15);
  const rounds = standings[0]?.runs.length ?? 0;
  return [
    '',
    `${title}, median of ${rounds} rounds`,
    `  ${''.padEnd(width)}${figures.map(cell).join('')}`,
    ...standings.map(
      ({ name, medians }) =>
        `  ${name.padEnd(width)}${figures.map((figure) => cell(shortNumber(medians[figure]))).join('')}`,
    ),
    ...findings.flatMap((finding) => sentenceOf(finding, standings) ?? []),
    ...notes.map((note) => `  ${note}`),
  ];
}

function sentenceOf(finding: Finding, standings: readonly Standing[]): string | undefined {
  const judged = judge(finding, standings);
  if (judged === undefined) return undefined;
  const { of, figure } = finding;
  const number = judged.value.toFixed(2);
  const verdict = judged.isMet ? 'met' : 'MISSED';
  if (finding.kind === 'limit') return `  ${of}: ${figure} ${number}, at most ${finding.atMost}: ${verdict}`;
  const target = finding.atLeast === undefined ? '' : `, target ${finding.atLeast}: ${verdict}`;
  const says = finding.kind === 'faster' ? 'times the speed of' : 'of that of';
  return `  ${of}: ${number} ${says} ${finding.to} (${figure})${target}`;
}

function shortNumber(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

function asRecord({ findings, ...result }: CaseResult) {
  return {
    ...result,
    findings: findings.map((finding) => ({ ...finding, ...judge(finding, result.standings) })),
  };
}

/** The machine in general words. */
function machine() {
  return {
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1e9),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    at: new Date().toISOString(),
  };
}

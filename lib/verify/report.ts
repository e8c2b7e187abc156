import { AREAS, type Finding, type Verdict } from './finding.js';

/** What a script learns from it: 0 is fine (there may be warnings), 1 is at least one problem. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ verdict }) => verdict === 'problem') ? 1 : 0;
}

/** The findings as a table to be read, one area after the other, and a last line that sums them up. */
export function tableOf(findings: readonly Finding[]): string {
  const nameWidth = Math.min(40, Math.max(0, ...findings.map(({ check }) => check.length)));
  const lines = AREAS.flatMap((area) => {
    const rows = findings.filter((finding) => finding.area === area);
    return rows.length === 0 ? [] : ['', area, ...rows.flatMap((row) => rowOf(row, nameWidth))];
  });
  return [...lines, '', summaryOf(findings), ''].join('\n');
}

/** The findings for a program, with stable words. */
export function jsonOf(findings: readonly Finding[]): string {
  const results = findings.map(({ area, check, verdict, found, advice = null }) => ({
    area,
    check,
    result: verdict,
    found,
    advice,
  }));
  return JSON.stringify({ exitCode: exitCodeOf(findings), results }, null, 2);
}

function rowOf({ check, verdict, found, advice }: Finding, nameWidth: number): string[] {
  const head = `  ${verdict.padEnd(10)}  ${check.padEnd(nameWidth)}  ${found}`;
  return advice === undefined ? [head] : [head, `${' '.repeat(nameWidth + 16)}→ ${advice}`];
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const [problems, warnings, untested] = [count('problem'), count('warning'), count('not tested')];
  const also = [
    ...(warnings > 0 ? [`${warnings} worth a look`] : []),
    ...(untested > 0 ? [`${untested} not tested`] : []),
  ];
  const head = problems === 0 ? 'No problem found' : problems === 1 ? '1 problem' : `${problems} problems`;
  return `${[head, ...also].join(', ')}.`;
}

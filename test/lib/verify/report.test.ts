import { expect, it } from 'vitest';
import { type Finding, findingsIn } from '../../../lib/verify/finding.js';
import { isPrivateHost } from '../../../lib/verify/private-host.js';
import { exitCodeOf, jsonOf, tableOf } from '../../../lib/verify/report.js';

const [folder, server] = [findingsIn('Folders'), findingsIn('Immich')];
const FINDINGS: readonly Finding[] = [
  server('version', 'ok', '2.7.5'),
  folder('/inbox', 'problem', 'is missing', 'Make it.'),
  server('a test picture', 'not tested', 'left out'),
  server('certificate', 'warning', 'ends soon', 'Renew it.'),
];

it('prints one area after the other, and what to do below each finding', () => {
  expect(tableOf(FINDINGS)).toBe(
    [
      '',
      'Folders',
      '  problem     /inbox          is missing',
      '                              → Make it.',
      '',
      'Immich',
      '  ok          version         2.7.5',
      '  not tested  a test picture  left out',
      '  warning     certificate     ends soon',
      '                              → Renew it.',
      '',
      '1 problem, 1 worth a look, 1 not tested.',
      '',
    ].join('\n'),
  );
  expect(tableOf([])).toBe('\nNo problem found.\n');
});

it('gives a script a code and stable words', () => {
  const { exitCode, results } = JSON.parse(jsonOf(FINDINGS));
  expect(exitCode).toBe(1);
  expect(results[1]).toEqual({
    area: 'Folders',
    check: '/inbox',
    result: 'problem',
    found: 'is missing',
    advice: 'Make it.',
  });
  expect(results[0].advice).toBeNull();
  expect(exitCodeOf(FINDINGS.filter(({ verdict }) => verdict !== 'problem'))).toBe(0);
});

it.each([
  ['192.168.1.10', true],
  ['172.31.0.1', true],
  ['172.32.0.1', false],
  ['[fd00::1]', true],
  ['[2001:db8::1]', false],
  ['nas', true],
  ['photos.lan', true],
  ['immich.home.arpa', true],
  ['photos.example.org', false],
  ['8.8.8.8', false],
])('takes %s for a host of the own network: %s', (host, isOwn) => {
  expect(isPrivateHost(host)).toBe(isOwn);
});

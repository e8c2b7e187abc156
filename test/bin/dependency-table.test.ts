import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withDependencyTable } from '../../bin/dependency-table.js';
import { projectRoot } from '../support/node-red-process.js';

const page = readFileSync(join(projectRoot, 'SECURITY.md'), 'utf8');
const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8'));

interface Locked {
  readonly dev?: boolean;
  readonly version: string;
  readonly license: string;
  readonly integrity?: string;
}

it('names every runtime dependency with version and licence, and nothing else', () => {
  const packages = Object.entries<Locked>(lock.packages).filter(([path, { dev }]) => path !== '' && !dev);
  const locked = packages.map(([path, { version, license }]) => [
    path.replace(/^.*node_modules\//, ''),
    version,
    license,
  ]);
  const rows = page.split('\n').filter((line) => /^\| (?!package|-)[^|]+ \| \d+\.\d+\.\d+/.test(line));
  const told = rows.map((line) =>
    line
      .split('|')
      .slice(1, 4)
      .map((cell) => cell.trim()),
  );
  expect(told.sort()).toEqual(locked.sort());
});

it('is as the packages say of themselves: otherwise run `npm run build && node dist/bin/dependency-table.js`', () => {
  expect(withDependencyTable(page, projectRoot)).toBe(page);
});

it('knows a licence, a source and a reason for each, and names the one that has a script for its installation', () => {
  const rows = page.split('\n').filter((line) => /^\| [^|]+ \| \d+\.\d+\.\d+/.test(line));
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    expect(row).not.toMatch(/\| \? \||\| {1,2}\|/);
  }
  const withScript = rows.filter((row) => row.includes('runs a script')).map((row) => row.split(' ')[1]);
  expect(withScript).toEqual(['classic-level']);
});

it('has a SHA-512 of each in the lock file', () => {
  const packages = Object.entries<Locked>(lock.packages).filter(([path, { dev }]) => path !== '' && !dev);
  expect(packages.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './support/node-red-process.js';

const folder = join(projectRoot, 'locales/en-US');
const nodes = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))
  .filter((name) => name !== 'sidebar');

type Catalogue = Record<string, Record<string, Record<string, string>>>;
const catalogueOf = (node: string) =>
  (JSON.parse(readFileSync(join(folder, `${node}.json`), 'utf8')) as Catalogue)[node] ?? {};

/** Every text of the editor page that the catalogue must have. */
function keysOfPage(node: string): string[] {
  const page = readFileSync(join(projectRoot, 'nodes', `${node}.html`), 'utf8');
  const pattern = new RegExp(`${node}\\.([a-zA-Z]+(?:\\.[a-zA-Z-]+)?)(?=["'\`])`, 'g');
  return [...page.matchAll(pattern)].map(([, key]) => key ?? '').filter((key) => !key.startsWith('svg'));
}

describe.each(nodes)('the words of %s', (node) => {
  it('have a status of under 20 characters for three-digit numbers', () => {
    const statuses = Object.entries(catalogueOf(node).status ?? {});
    expect(statuses.map(([key]) => key)).toContain('misconfigured');
    const filled = statuses.map(([, text]) =>
      text.replace(/__(folder|file)__/g, 'DCIM').replace(/__\w+__/g, '999'),
    );
    expect(filled.filter((text) => text.length >= 20)).toEqual([]);
  });

  it('are there for everything that the editor page names', () => {
    const keys = keysOfPage(node);
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) expect(catalogueOf(node), key).toHaveProperty(key.split('.'));
  });

  it('have a help page with its parts', () => {
    const help = readFileSync(join(folder, `${node}.html`), 'utf8');
    expect(help).toContain(`data-help-name="${node}"`);
    expect(help).toMatch(/### Details/);
  });
});

it('the sidebar has every word that it shows, and none that it does not', () => {
  const sources = readdirSync(join(projectRoot, 'resources/sidebar'))
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(projectRoot, 'resources/sidebar', name), 'utf8'))
    .join('\n');
  // Some end in a name that the runtime tells: sidebar.state.${mood}
  const asked = [...sources.matchAll(/['`]sidebar\.([a-z.-]+)(\$\{)?/g)].map(([, key = '', isOpen]) =>
    isOpen === undefined ? key : `${key}*`,
  );
  const catalogue = JSON.parse(readFileSync(join(folder, 'sidebar.json'), 'utf8')) as Record<string, object>;
  const there = keysIn(catalogue.sidebar ?? {});
  const isAsked = (key: string) =>
    asked.some((wanted) => (wanted.endsWith('*') ? key.startsWith(wanted.slice(0, -1)) : key === wanted));
  expect(there.filter((key) => !isAsked(key))).toEqual([]);
  expect(asked.filter((key) => !key.endsWith('*') && !there.includes(key))).toEqual([]);
});

function keysIn(words: object, before = ''): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [before + key] : keysIn(value as object, `${before}${key}.`),
  );
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow } from './support/files-below.js';
import { projectRoot } from './support/node-red-process.js';

const locales = join(projectRoot, 'locales');
const languages = readdirSync(locales).filter((name) => name !== 'en-US');
const files = readdirSync(join(locales, 'en-US'));
const catalogues = files.filter((name) => name.endsWith('.json'));
const helpPages = files.filter((name) => name.endsWith('.html'));

const read = (language: string, file: string) => readFileSync(join(locales, language, file), 'utf8');

/** Each text of a catalogue under its full key. */
function textsOf(words: object, before = ''): Record<string, string> {
  const entries = Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[before + key, value] as const]
      : Object.entries(textsOf(value as object, `${before}${key}.`)),
  );
  return Object.fromEntries(entries);
}

const catalogue = (language: string, file: string) => textsOf(JSON.parse(read(language, file)) as object);

/** What a text takes: a value that runtime or editor fills in, a variable, code. */
const valuesIn = (text: string) => (text.match(/__\w+__|\$\{\w+\}/g) ?? []).sort();

/** A sentence has words besides its values and the names of programs. */
const isSentence = (text: string) =>
  (text.replace(/__\w+__|\S+:\/\/\S+|\b(nvidia-smi|Immich|MQTT|GPUs?)\b/g, '').match(/\p{L}{2,}/gu) ?? [])
    .length > 3;

const headingsOf = (help: string) => help.match(/^#{2,4}(?= )/gm) ?? [];
const propertiesOf = (help: string) =>
  [...help.matchAll(/^:\s*\*?([\w.]+)\*?(?=[\s:(])/gm)].map(([, name]) => name);
const codeOf = (help: string) => [...help.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);

describe.each(languages)('the language %s', (language) => {
  it('has every file of en-US, and no other', () => {
    // What lib/ says stands in English in the code: see sentences.test.ts.
    const expected = [...files, 'sentences.json'].sort();
    expect(readdirSync(join(locales, language)).sort()).toEqual(expected);
  });

  it.each(catalogues)('has every text of %s, and none that is not used', (file) => {
    expect(Object.keys(catalogue(language, file)).sort()).toEqual(
      Object.keys(catalogue('en-US', file)).sort(),
    );
  });

  it.each(catalogues)('fills the same values into %s', (file) => {
    const [theirs, ours] = [catalogue(language, file), catalogue('en-US', file)];
    const wrong = Object.keys(ours).filter(
      (key) => valuesIn(theirs[key] ?? '').join() !== valuesIn(ours[key] ?? '').join(),
    );
    expect(wrong).toEqual([]);
  });

  it('has no sentence that is left in English', () => {
    const left = catalogues.flatMap((file) => {
      const [theirs, ours] = [catalogue(language, file), catalogue('en-US', file)];
      return Object.keys(ours).filter((key) => theirs[key] === ours[key] && isSentence(ours[key] ?? ''));
    });
    expect(left.filter((key) => !key.includes('.placeholder.'))).toEqual([]);
  });

  it.each(helpPages)('has the headings and properties of %s', (file) => {
    const [theirs, ours] = [read(language, file), read('en-US', file)];
    expect(headingsOf(theirs)).toEqual(headingsOf(ours));
    expect(propertiesOf(theirs)).toEqual(propertiesOf(ours));
    expect([...new Set(codeOf(ours))].filter((code) => !theirs.includes(`\`${code}\``))).toEqual([]);
  });
});

/** What Node-RED's editor takes for a property of a message: one line, a type, and no colon in its text. */
const SHOWN_PROPERTY = /^:[^:]+\([^:]+\)[^:]*:[^:]*$/;

describe.each(['en-US', ...languages])('the help in %s', (language) => {
  it.each(helpPages)('tells each property of %s in one line, as Node-RED wants it', (file) => {
    const lines = read(language, file).split('\n');
    const torn = lines.filter(
      (line, index) =>
        (line.startsWith(':') && !SHOWN_PROPERTY.test(line)) ||
        (/^\s+\S/.test(line) && !line.startsWith(' - ') && lines[index - 1]?.startsWith(':')),
    );
    expect(torn).toEqual([]);
  });
});

/** All that may name a text: pages, what runs in the editor, and the nodes. */
const sources = ['nodes', 'resources', 'lib']
  .flatMap((folder) => filesBelow(join(projectRoot, folder)).map((path) => join(projectRoot, folder, path)))
  .filter((path) => /\.(ts|js|html)$/.test(path) && existsSync(path))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

describe('en-US', () => {
  it.each(catalogues)('has no text in %s that nobody shows', (file) => {
    const unused = Object.keys(catalogue('en-US', file)).filter((key) => {
      const last = key.split('.').at(-1) ?? '';
      const isNamed = new RegExp(
        `['"\`.\\]]${last.replace(/[-]/g, '\\-')}['"\`]|\\b${last.replace(/-/g, '\\-')}:`,
      ).test(sources);
      return !isNamed && !sources.includes(`${key.slice(key.indexOf('.') + 1)}`) && last !== 'paletteLabel';
    });
    expect(unused).toEqual([]);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Detail, toldSentence } from '../../../lib/bridge/detail.js';
import { projectRoot } from '../../support/node-red-process.js';

const locales = join(projectRoot, 'locales');
const languages = readdirSync(locales).filter((name) => existsSync(join(locales, name, 'sentences.json')));

/** Each hole of a sentence filled with a path, the others with what stands there else. */
function filled(template: string, hole: string, path: string): string {
  return template.replace(/\{\d+\}/g, (one) => (one === hole ? path : 'x'));
}

const PATHS = [
  '/srv/hidden/shown.jpg',
  '/srv/very hidden/shown one.jpg',
  'hidden/shown.jpg',
  'C:\\hidden\\shown.jpg',
];

/** What a bridge lets through of a path that it does not know. */
function leaks(sentence: string, detail: Detail): boolean {
  const told = toldSentence(sentence, detail);
  return told.includes('hidden') || (detail === 'none' && told.includes('shown'));
}

it.each(languages)('hides in %s what it hides in English', (language) => {
  const text = readFileSync(join(locales, language, 'sentences.json'), 'utf8');
  const sentences = Object.entries(JSON.parse(text) as Record<string, string>);
  const told = sentences.flatMap(([english, translated]) =>
    (english.match(/\{\d+\}/g) ?? []).flatMap((hole) =>
      PATHS.flatMap((path) =>
        (['names', 'none'] as const).flatMap((detail) => {
          const isHidden = !leaks(filled(english, hole, path), detail);
          const sentence = filled(translated, hole, path);
          return isHidden && leaks(sentence, detail) ? [`${detail}: ${toldSentence(sentence, detail)}`] : [];
        }),
      ),
    ),
  );
  expect(told).toEqual([]);
});

it.each(languages)('leaves in %s a sentence that names nothing as it is', (language) => {
  const text = readFileSync(join(locales, language, 'sentences.json'), 'utf8');
  const plain = Object.values(JSON.parse(text) as Record<string, string>).filter(
    (sentence) => !/[{"'`„“«「/\\.…]|[.]\w/.test(sentence.slice(0, -1)) && sentence.length < 400,
  );
  expect(plain.length).toBeGreaterThan(50);
  expect(plain.filter((sentence) => toldSentence(sentence, 'names') !== sentence)).toEqual([]);
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './support/node-red-process.js';
import { saidAtImport, saidSentences, unsaidSentences } from './support/said-sentences.js';

const locales = join(projectRoot, 'locales');
const languages = readdirSync(locales).filter((name) => name !== 'en-US');
const said = saidSentences();

const sentencesIn = (language: string) =>
  JSON.parse(readFileSync(join(locales, language, 'sentences.json'), 'utf8')) as Record<string, string>;

const holesIn = (text: string) => (text.match(/\{\d+\}/g) ?? []).sort().join();
/** What stays as it is in every language: variables, fields of messages, addresses, permissions. */
const namesIn = (text: string) =>
  text.match(
    /\b[A-Z]+(_[A-Z]+)+\b|"[a-z.]+"|\b[a-z]+:\/\/[\w.:/*-]*\w|\bmsg\.\w+|\b[a-z]+\.[a-z]{4,}\b|--\w+/g,
  ) ?? [];
/** A text of one or two words may be the same in two languages; a sentence is not. */
const isSentence = (text: string) => (text.replace(/\{\d+\}/g, '').match(/\p{L}{2,}/gu) ?? []).length > 3;

describe('what lib/ and nodes/ tell people', () => {
  it('is found', () => {
    expect(said.length).toBeGreaterThan(400);
    expect(existsSync(join(locales, 'en-US', 'sentences.json'))).toBe(false);
  });

  it('is said, so that it can be translated', () => {
    expect(unsaidSentences().map(({ place, text }) => `${place} ${text}`)).toEqual([]);
  });

  it('is said when the language is known, and not while modules are read', () => {
    expect(saidAtImport()).toEqual([]);
  });
});

describe.each(languages)('what is said in %s', (language) => {
  const sentences = sentencesIn(language);

  it('is all there', () => {
    const missing = said.filter(({ text }) => !sentences[text]);
    expect(missing.map(({ place, text }) => `${place} ${text}`)).toEqual([]);
  });

  it('has nothing that nobody says any more', () => {
    const texts = new Set(said.map(({ text }) => text));
    expect(Object.keys(sentences).filter((text) => !texts.has(text))).toEqual([]);
  });

  it('has the same values in it', () => {
    const wrong = Object.entries(sentences).filter(([english, text]) => holesIn(english) !== holesIn(text));
    expect(wrong).toEqual([]);
  });

  it('names settings, fields and files as they are', () => {
    const wrong = Object.entries(sentences).filter(([english, text]) =>
      namesIn(english).some((name) => !text.includes(name.replaceAll('"', ''))),
    );
    expect(wrong).toEqual([]);
  });

  it('says alike that a file stays, so that it can be left out of a file that does not', () => {
    const stays = sentences['the file stays where it is'] ?? '';
    const about = Object.keys(sentences).filter((text) => /the file stays where it is\./i.test(text));
    expect(about.length).toBeGreaterThan(2);
    const ending = new RegExp(`[;.；。]\\s*${stays}[.。]$`, 'i');
    expect(about.filter((text) => !ending.test(sentences[text] ?? ''))).toEqual([]);
  });

  it('leaves no sentence in English', () => {
    const left = Object.entries(sentences).filter(([english, text]) => english === text && isSentence(text));
    expect(left).toEqual([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { projectRoot } from '../support/node-red-process.js';

type Catalogue = Map<string, string>;

/** All texts of a language, by file and key. */
function catalogueOf(language: string): Catalogue {
  const folder = join(projectRoot, 'locales', language);
  const texts: Catalogue = new Map();
  const collect = (key: string, part: unknown) => {
    if (typeof part === 'string') texts.set(key, part);
    else for (const [name, below] of Object.entries(part ?? {})) collect(`${key}.${name}`, below);
  };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')))
    collect(file, JSON.parse(readFileSync(join(folder, file), 'utf8')));
  return texts;
}

/** Every text that people read or hear in an element, each by itself. */
export function textsIn(place: Locator): Promise<string[]> {
  return place.evaluate((element) => {
    const found: string[] = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) found.push(walker.currentNode.textContent ?? '');
    for (const one of Array.from(element.querySelectorAll('*')))
      for (const name of ['placeholder', 'title', 'aria-label']) found.push(one.getAttribute(name) ?? '');
    return found.map((text) => text.trim()).filter((text) => text !== '');
  });
}

/** Texts of an element that stand there in English, though the language has them; and keys that nobody translated. */
export async function untranslated(place: Locator, language: string): Promise<string[]> {
  const [english, own] = [catalogueOf('en-US'), catalogueOf(language)];
  const known = new Set(own.values());
  const left = new Set([...english].filter(([key, text]) => own.get(key) !== text).map(([, text]) => text));
  return (await textsIn(place)).filter(
    (text) =>
      (left.has(text) && !known.has(text)) || /^[a-z-]+\.(label|tip|placeholder|error|dialog)\.\w/.test(text),
  );
}

/** What does not fit into its place: words that are cut, that lie over a field or that stick out of their row. */
export function tooNarrow(dialog: Locator): Promise<string[]> {
  return dialog.evaluate((element) => {
    const found: string[] = [];
    const tell = (what: string, one: Element, more = '') =>
      found.push(`${what}: ${one.textContent?.trim() || one.getAttribute('placeholder')} ${more}`);
    const boxOfText = (one: Element) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return range.getBoundingClientRect();
    };
    const isSeen = (one: Element) => one.checkVisibility() && one.getBoundingClientRect().width > 0;
    for (const row of Array.from(element.querySelectorAll('.form-row')).filter(isSeen)) {
      const label = row.querySelector('label');
      const field = row.querySelector('.red-ui-typedInput-container, .ib-foreign, .ib-field');
      if (label === null || field === null || !isSeen(field)) continue;
      const [words, beside] = [boxOfText(label), field.getBoundingClientRect()];
      const isBeside = words.bottom > beside.top + 2 && words.top < beside.bottom - 2;
      if (isBeside && words.right > beside.left) tell('lies over its field', label);
      if (words.right > row.getBoundingClientRect().right + 1) tell('sticks out', label);
    }
    const cut =
      '.red-ui-typedInput-option-label, .red-ui-typedInput-type-label, button, .ib-heading, .form-tips';
    for (const one of Array.from(element.querySelectorAll(cut)).filter(isSeen)) {
      const box = one.closest('.red-ui-typedInput-option-trigger') ?? one;
      if (boxOfText(one).right > box.getBoundingClientRect().right + 1) tell('is cut', one);
    }
    const pen = document.createElement('canvas').getContext('2d');
    for (const input of Array.from(element.querySelectorAll('input')).filter(isSeen)) {
      if (pen === null || input.value !== '' || input.placeholder === '') continue;
      const { font, paddingLeft, paddingRight } = getComputedStyle(input);
      pen.font = font;
      const room = input.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
      const { width } = pen.measureText(input.placeholder);
      if (width > room + 1) tell('placeholder is cut', input, `${Math.round(width)} > ${Math.round(room)}`);
    }
    return found;
  });
}

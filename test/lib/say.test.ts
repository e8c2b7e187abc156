import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type Sentences, say, sayingAsAlways, sayingIn, speak } from '../../lib/say.js';

const german: Sentences = new Map([
  ['Immich refuses {1}: {2}.', 'Immich lehnt ab ({2}): {1}.'],
  ['this one', 'diese'],
]);
const french: Sentences = new Map([['this one', 'celui-ci']]);

const refusal = (name: string, reason: string | number) => say`Immich refuses ${name}: ${reason}.`;

afterEach(() => speak());

it('says in English what the code says, until a language is chosen', () => {
  expect(refusal('a.jpg', 507)).toBe('Immich refuses a.jpg: 507.');
  speak(german);
  expect(refusal('a.jpg', 507)).toBe('Immich lehnt ab (507): a.jpg.');
  speak(undefined);
  expect(refusal('a.jpg', 507)).toBe('Immich refuses a.jpg: 507.');
});

it('leaves values as they are, whatever is in them', () => {
  for (const value of ['{1}', '{2}', '$&', '', '`', '\\n']) {
    expect(refusal(value, value)).toBe(`Immich refuses ${value}: ${value}.`);
  }
});

it('says in English what a language lacks, and takes what was said as a value', () => {
  speak(french);
  expect(refusal(say`this one`, 0)).toBe('Immich refuses celui-ci: 0.');
});

it('leaves no trace of who asked', async () => {
  speak(french);
  let answered = () => {};
  const late = await sayingIn(german, async () => {
    const waiting = new Promise<void>((resolve) => {
      answered = resolve;
    }).then(() => say`this one`);
    return [waiting];
  });
  answered();
  expect(await Promise.all(late)).toEqual(['celui-ci']);
});

it('speaks to each who asks in his own language, over every await', async () => {
  speak(french);
  const ask = async () => {
    await turn();
    return say`this one`;
  };
  const answers = [
    sayingIn(german, ask),
    ask(),
    sayingIn(undefined, ask),
    sayingIn(german, async () => sayingAsAlways(ask)),
  ];
  expect(await Promise.all(answers)).toEqual(['diese', 'celui-ci', 'this one', 'celui-ci']);
});

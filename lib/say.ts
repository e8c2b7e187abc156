import { AsyncLocalStorage } from 'node:async_hooks';

/** The sentences of a language, each under its English template with numbered holes: `Immich refuses {1}: {2}.` */
export type Sentences = ReadonlyMap<string, string>;

/** English is what the code says itself. */
const ENGLISH: Sentences = new Map();

const templates = new WeakMap<TemplateStringsArray, string>();
const asked = new AsyncLocalStorage<Sentences | undefined>();
let spoken = ENGLISH;
let askers = 0;

/**
 * Says a sentence for a person, in the language that is spoken: say`Immich refuses ${name}: ${said}.` Its values stand in
 * it as they are; a sentence that its language lacks stays English. What is said at the start of the program, as a
 * constant is, comes before anybody could choose a language: say it in a function.
 */
export function say(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const english = templateOf(parts);
  const template = (asked.getStore() ?? spoken).get(english) ?? english;
  return template.replace(/\{(\d+)\}/g, (hole, number: string) => String(values[Number(number) - 1] ?? hole));
}

/** Chooses the language of this process; without sentences it is English. */
export function speak(sentences: Sentences = ENGLISH): void {
  spoken = sentences;
}

/**
 * Does work in the language of who asked for it; undefined is English. Whatever it leaves behind that goes on after the
 * last one who asked has the answer speaks as always.
 */
export async function sayingIn<Result>(
  sentences: Sentences | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  askers += 1;
  try {
    return await asked.run(sentences ?? ENGLISH, work);
  } finally {
    askers -= 1;
    // Following who asked makes every promise of the process slower, and photos must not pay for that.
    if (askers === 0) asked.disable();
  }
}

/** Does work in the language of this process, whoever asked for it: it may go on long after the answer. */
export function sayingAsAlways<Result>(work: () => Result): Result {
  return asked.getStore() === undefined ? work() : asked.run(undefined, work);
}

function templateOf(parts: TemplateStringsArray): string {
  const known = templates.get(parts);
  if (known !== undefined) return known;
  const template = parts.reduce((before, part, index) => `${before}{${index}}${part}`);
  templates.set(parts, template);
  return template;
}

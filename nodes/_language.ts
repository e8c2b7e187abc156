import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { fieldsOf } from '../lib/fields.js';
import { type Sentences, sayingIn, speak } from '../lib/say.js';

/** Where the build puts the catalogues. */
const LOCALES = join(import.meta.dirname, 'locales');

const known = new Map<string, Sentences>();

/** Lets all that is said be in the language of the statuses: `lang` of Node-RED's settings, or the system's. */
export function speakAsNodeRed({ settings }: Pick<NodeAPI, 'settings'>): void {
  const { lang } = fieldsOf(settings);
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  // As @node-red/util does it: the first that is there counts, and of it two letters.
  const ofSystem = (LC_ALL ?? LC_MESSAGES ?? LANG)?.slice(0, 2);
  speak(sentencesIn(typeof lang === 'string' && lang !== '' ? lang : ofSystem));
}

/** Answers an editor in its own language, the first of its header `Accept-Language`; `*` stands for Node-RED's. */
export function answeringIn<Result>(
  header: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const tag = header?.split(/[,;]/, 1)[0]?.trim() || '*';
  return tag === '*' ? work() : sayingIn(sentencesIn(tag), work);
}

/** The sentences in a language such as `fr` or `zh-CN`, read once; `de-AT` takes those of `de`. */
export function sentencesIn(tag = '', locales = LOCALES): Sentences | undefined {
  // A tag comes from outside, and becomes the name of a folder.
  if (!/^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(tag)) return undefined;
  for (const name of [tag, ...tag.split('-', 1)]) {
    const file = join(locales, name, 'sentences.json');
    const sentences = known.get(file) ?? (existsSync(file) ? sentencesOf(file) : undefined);
    if (sentences === undefined) continue;
    known.set(file, sentences);
    return sentences;
  }
  return undefined;
}

function sentencesOf(file: string): Sentences {
  const texts = fieldsOf(JSON.parse(readFileSync(file, 'utf8')));
  return new Map(Object.entries(texts).map(([english, text]) => [english, String(text)]));
}

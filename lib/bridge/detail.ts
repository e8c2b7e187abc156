import { basename, dirname, sep } from 'node:path';
import { builtInExtensions } from '../watch/extensions.js';

/** How much a bridge tells of files: nothing that names them, their base names, or full paths. */
export const DETAILS = ['none', 'names', 'paths'] as const;

export type Detail = (typeof DETAILS)[number];

/** What all functions of payloads take. */
export interface PayloadOptions {
  /** `names` unless told otherwise. */
  readonly detail?: Detail;
  readonly now?: () => Date;
}

/** What a sentence may name, as far as it is known: it goes first, because it may hold spaces. */
export interface KnownNames {
  /** Paths of files, absolute or not. */
  readonly files?: readonly (string | null)[];
  readonly folders?: readonly (string | null)[];
}

/** Keeps one message far below the packet size that any broker takes. */
const LONGEST_SENTENCE = 500;

/** Stands for what was cut out. */
const GAP = '…';

/** The last part of a path, unless names are not told. */
export function toldName(path: string | null, detail: Detail): string | null {
  const name = path === null || detail === 'none' ? '' : basename(path);
  return name === '' ? null : name;
}

/** A full path, only where paths are asked for. */
export function toldPath(path: string | null, detail: Detail): string | null {
  return detail === 'paths' ? path : null;
}

/**
 * A sentence with what may be told of files: `names` leaves of each path its last part, `none` leaves nothing of it,
 * nor of anything else that is or may be a name, as what stands in quotes. A login in an address is never told, and
 * a sentence is cut after 500 characters.
 */
export function toldSentence(sentence: string, detail: Detail, known: KnownNames = {}): string {
  const text = sentence.slice(0, 8 * LONGEST_SENTENCE).replace(/:\/\/[^/\s@]*@/g, '://');
  if (detail === 'none') return shorten(withoutNames(text, known));
  return shorten(detail === 'paths' ? text : withoutFolders(text, known));
}

/** Leaves of every path only its last part: folders that are known go first, because they may hold spaces. */
function withoutFolders(sentence: string, { files = [], folders = [] }: KnownNames): string {
  const known = [...texts(folders), ...texts(files).map((file) => dirname(file))];
  let text = sentence;
  for (const folder of longestFirst(known.filter((path) => /[^\\/.]/.test(path)))) {
    text = text.replaceAll(folder + sep, sep);
  }
  for (const quoted of QUOTED_PATHS) {
    text = text.replace(quoted, (_, open, path, close) => open + lastPart(path) + close);
  }
  return text.replace(UNQUOTED_PATH, lastPart);
}

/** A path in the quotation marks of the languages that are spoken; the French leave a blank within. */
const QUOTED_PATHS = [
  /(["'`])((?:[A-Za-z]:)?[\\/].*?)(\1)/g,
  /([„“])((?:[A-Za-z]:)?[\\/].*?)([“”])/g,
  /(«\u00a0?)((?:[A-Za-z]:)?[\\/].*?)(\u00a0?»)/g,
  /(「)((?:[A-Za-z]:)?[\\/].*?)(」)/g,
];

/** Chinese and Japanese set no blank before a path, nor behind it. */
const UNQUOTED_PATH =
  /(?<=^|[\s"'`(=>[„“«「（：、。，；\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])(?:[A-Za-z]:)?[\\/][^\s"'`)\]“”»」）]*[^\s"'`)\].,:;“”»」）。，：；、]/gu;

const QUOTED = [
  /"([^"]*)("|$)/g,
  /`([^`]*)(`|$)/g,
  /[„“]([^„“”]*)([“”]|$)/g,
  /«([^»]*)(»|$)/g,
  /「([^」]*)(」|$)/g,
  // An apostrophe within a word is no quote.
  /(?<![\p{L}\p{N}])['‘](\S.*?)(['’](?![\p{L}\p{N}])|$)/gu,
];

/** A permission of Immich's API, as in "asset.upload". */
const PERMISSION =
  /^(?:all|[a-z][A-Za-z]*\.(?:create|read|update|delete|upload|download|view|copy|statistics))$/;

const ADDRESS_OR_RATE = /^(?:(?:https?|wss?|mqtts?):\/\/|[kMGT]?i?B\/s)/;

const EXTENSIONS = [...builtInExtensions, '.xmp', '.aae', '.json', '.part', '.tmp'].map((dotted) =>
  dotted.slice(1),
);
const FILE_NAME = new RegExp(
  `[^\\s"'\`()<>=]*[^\\s"'\`()<>=.]\\.(?:${EXTENSIONS.join('|')})(?![\\p{L}\\p{N}])`,
  'giu',
);

function withoutNames(sentence: string, { files = [], folders = [] }: KnownNames): string {
  const paths = [...texts(files), ...texts(folders)];
  const names = paths.flatMap((path) => [path, basename(path)]);
  const parts = texts(files).flatMap((file) => [dirname(file), basename(dirname(file))]);
  let text = sentence;
  for (const name of longestFirst([...names, ...parts].filter((part) => /[^\\/.]/.test(part)))) {
    text = text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escapeRegExp(name)}(?![\\p{L}\\p{N}])`, 'giu'), GAP);
  }
  for (const quoted of QUOTED) {
    text = text.replace(quoted, (whole: string, inner: string) =>
      PERMISSION.test(inner.trim()) ? whole : whole.replace(inner.trim(), GAP),
    );
  }
  return text
    .replace(FILE_NAME, GAP)
    .replace(/[^\s"'`()[\]<>=]*[\\/][^\s"'`()[\]<>]*/g, (token) =>
      ADDRESS_OR_RATE.test(token) ? token : GAP + (/[.,;:]*$/.exec(token)?.[0] ?? ''),
    )
    .replace(/…(?:\s*…)+/g, GAP);
}

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length <= LONGEST_SENTENCE ? text : `${letters.slice(0, LONGEST_SENTENCE - 1).join('')}…`;
}

function texts(values: readonly (string | null)[]): string[] {
  return values.flatMap((value) => (value === null || value === '' ? [] : [value]));
}

function longestFirst(values: readonly string[]): string[] {
  return [...new Set(values)].sort((a, b) => b.length - a.length);
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

import type { FormerSettings, FormerValue } from './former-settings.js';
import { isFormerVariable } from './former-settings.js';
import { type NixToken, nixTokens } from './nix-tokens.js';

const MODULE = 'immich-auto-uploader';

/**
 * Reads the settings out of Nix source: a whole configuration, or the piece of it that sets the former module. It is no
 * evaluation. Plain strings, numbers, `true`, `false`, paths, sums of strings and `concatStringsSep` of a list are
 * understood, and the home directory of Home Manager as `~`; anything else is unresolved.
 */
export function readNix(source: string): FormerSettings {
  const tokens = nixTokens(source);
  const values = new Map<string, FormerValue>();
  const options = new Map<string, string | undefined>();
  /** The path of each open brace; empty where a brace opens something else than a set with a name. */
  const open: string[][] = [];
  let name: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (isSign(token, '{')) open.push([]);
    else if (isSign(token, '}')) open.pop();
    if (isSign(token, '=')) {
      const end = endOfValue(tokens, at + 1);
      if (isSign(tokens[end], '{')) {
        open.push(name);
        at = end;
      } else {
        note([...open.flat(), ...name], tokens.slice(at + 1, end), values, options);
        at = end;
      }
      name = [];
    } else if (isSign(token, '.')) continue;
    else name = nameAfter(name, token, tokens[at - 1]);
  }
  return { values, options };
}

/** The dotted name so far: it goes on after a dot, and begins anew after anything else. */
function nameAfter(name: string[], token: NixToken | undefined, before: NixToken | undefined): string[] {
  const word = wordOf(token);
  if (word === undefined) return [];
  return isSign(before, '.') ? [...name, word] : [word];
}

/** Where a value ends: at its semicolon, or at the brace of the set that it is. */
function endOfValue(tokens: readonly NixToken[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (depth === 0 && (isSign(token, ';') || isSign(token, '{'))) return at;
    if (isSign(token, '(') || isSign(token, '[')) depth += 1;
    if (isSign(token, ')') || isSign(token, ']')) depth -= 1;
  }
  return tokens.length;
}

function note(
  path: readonly string[],
  value: readonly NixToken[],
  values: Map<string, FormerValue>,
  options: Map<string, string | undefined>,
): void {
  const last = path.at(-1) ?? '';
  const text = textOf(value);
  if (isFormerVariable(last)) values.set(last, text === undefined ? { isUnresolved: true } : { text });
  else if (path.some((part) => part.startsWith(MODULE)) && last !== 'enable') options.set(last, text);
}

function textOf(tokens: readonly NixToken[]): string | undefined {
  const isJoin = tokens.some((token) => token.kind === 'word' && token.text === 'concatStringsSep');
  if (isJoin) return joinedText(tokens);
  // `toString 5` and `mkForce "x"` are the value that they name.
  const meaning = tokens.filter(
    (token) => !(token.kind === 'word' && /^(toString|builtins|lib|mkDefault|mkForce)$/.test(token.text)),
  );
  const parts = meaning.filter((token) => token.kind !== 'sign' || !['.', '(', ')'].includes(token.text));
  const isSum = parts.every((token, index) => (index % 2 === 0) !== isSign(token, '+'));
  const texts = parts.flatMap((token) => (isSign(token, '+') ? [] : [plainText(token)]));
  return isSum && texts.length > 0 && texts.every((text) => text !== undefined) ? texts.join('') : undefined;
}

function joinedText(tokens: readonly NixToken[]): string | undefined {
  const [separator, ...items] = tokens.filter((token) => token.kind === 'string').map(plainText);
  const isPlain = tokens.every(
    (token) => token.kind !== 'word' || /^(lib|builtins|strings|concatStringsSep)$/.test(token.text),
  );
  if (!isPlain || separator === undefined || items.some((item) => item === undefined)) return undefined;
  return items.join(separator);
}

function plainText(token: NixToken): string | undefined {
  if (token.kind === 'sign') return undefined;
  if (token.kind === 'word')
    return /^(true|false|\d.*|[~.]?\.?\/.*)$/.test(token.text) ? token.text : undefined;
  let text = '';
  for (const part of token.parts) {
    if (typeof part === 'string') text += part;
    else if (part.expression !== 'config.home.homeDirectory' || !/(^|,)\s*$/.test(text)) return undefined;
    else text += '~';
  }
  return text;
}

function wordOf(token: NixToken | undefined): string | undefined {
  if (token?.kind === 'word') return token.text;
  return token?.kind === 'string' ? plainText(token) : undefined;
}

function isSign(token: NixToken | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}

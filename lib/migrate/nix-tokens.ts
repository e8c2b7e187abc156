/** A word, a sign, or a string of the Nix language, with the expressions between its texts. */
export type NixToken =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string }
  | { readonly kind: 'string'; readonly parts: readonly (string | { readonly expression: string })[] };

/** What a word is made of: names, numbers and paths; dots are signs unless they belong to a number or a path. */
const WORD = /(?:~|\.{1,2})?\/(?!\/)[\w./+-]+|\d+(?:\.\d+)?|[A-Za-z_][\w'-]*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Cuts Nix source into tokens, without comments. It never fails: what it does not know is a sign. */
export function nixTokens(source: string): NixToken[] {
  const tokens: NixToken[] = [];
  let at = 0;
  while (at < source.length) {
    const comment = /\s+|#[^\n]*|\/\*[\s\S]*?\*\//y;
    comment.lastIndex = at;
    WORD.lastIndex = at;
    const [gap] = comment.exec(source) ?? [];
    const [word] = WORD.exec(source) ?? [];
    if (gap !== undefined) at += gap.length;
    else if (source.startsWith('"', at) || source.startsWith("''", at)) {
      const string = readString(source, at);
      tokens.push({ kind: 'string', parts: string.parts });
      at = string.end;
    } else if (word !== undefined) {
      tokens.push({ kind: 'word', text: word });
      at += word.length;
    } else {
      const text =
        /^(==|!=|<=|>=|\/\/|\+\+|->|&&|\|\|)/.exec(source.slice(at, at + 2))?.[0] ?? source.charAt(at);
      tokens.push({ kind: 'sign', text });
      at += text.length;
    }
  }
  return tokens;
}

type Parts = (string | { expression: string })[];

/** Reads the string that begins at `start`, in one of the two ways in which Nix writes strings. */
function readString(source: string, start: number): { parts: Parts; end: number } {
  const isIndented = source.startsWith("''", start);
  const mark = isIndented ? "''" : '"';
  const parts: Parts = [];
  let text = '';
  let at = start + mark.length;
  while (at < source.length) {
    const escaped = isIndented ? indentedEscape(source, at) : plainEscape(source, at);
    if (escaped !== undefined) {
      text += escaped.text;
      at += escaped.length;
    } else if (source.startsWith(mark, at)) {
      at += mark.length;
      break;
    } else if (source.startsWith('${', at)) {
      const end = closingBrace(source, at + 2);
      parts.push(text, { expression: source.slice(at + 2, end).trim() });
      text = '';
      at = end + 1;
    } else text += source.charAt(at++);
  }
  parts.push(isIndented ? text.trim() : text);
  return { parts: parts.filter((part) => part !== ''), end: at };
}

function plainEscape(source: string, at: number): { text: string; length: number } | undefined {
  if (source.charAt(at) !== '\\') return undefined;
  const next = source.charAt(at + 1);
  return { text: ESCAPES[next] ?? next, length: 2 };
}

function indentedEscape(source: string, at: number): { text: string; length: number } | undefined {
  if (source.startsWith("'''", at)) return { text: "''", length: 3 };
  if (source.startsWith("''${", at)) return { text: '${', length: 4 };
  if (!source.startsWith("''\\", at)) return undefined;
  const next = source.charAt(at + 3);
  return { text: ESCAPES[next] ?? next, length: 4 };
}

function closingBrace(source: string, from: number): number {
  let depth = 1;
  for (let at = from; at < source.length; at += 1) {
    if (source.charAt(at) === '{') depth += 1;
    if (source.charAt(at) === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return source.length;
}

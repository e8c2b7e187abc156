/** Immich's answers have four levels. */
const DEEPEST = 32;

/**
 * The value of a JSON text; undefined when it is none (an HTML page, an empty body), or nested so deeply that Immich
 * cannot have written it: to read a megabyte of brackets takes half a second.
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A page of a proxy: the status alone has to do.
    return undefined;
  }
}

/** Goes by the brackets outside of strings, letter by letter: a pattern could be made to take for ever. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') isInString = !isInString;
    else if (isInString) at += letter === '\\' ? 1 : 0;
    else if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

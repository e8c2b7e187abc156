/** One element of a document. */
export interface XmlElement {
  /** With its prefix, as in `rdf:Description`. */
  readonly name: string;
  /** What stands in its tag, as it is written. */
  readonly attributeText: string;
  readonly children: readonly XmlElement[];
  /** What stands between the tags, trimmed, without the children. */
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * A tag, a piece of text, or something to leave out (a comment, the prolog, the DOCTYPE). Takes linear time. Text comes in
 * pieces, and a tag with more than a million characters is none, so that no single step takes long.
 */
const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!(?!--)[^>]*>|<(\/?)([A-Za-z_][\w.:-]*)(\s[^<>]{0,1000000}?)?(\/?)>|([^<]{1,65536})/gy;

/** Documents of real programs are a dozen deep; one that is far deeper is none of them. */
const DEEPEST = 32;

/**
 * Reads the XML that nvidia-smi and writers of sidecars write: elements, attributes and text, prefixes as part of the
 * names, no entities of its own. Answers with the outermost element, or undefined when the text is no whole document.
 * That is far less than XML, and it is all that these documents have; so no parser with its own rules is carried along.
 */
export function parseXml(text: string): XmlElement | undefined {
  const work = parsing(text, () => true);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/**
 * The same for a document of some megabytes: others get their turn in between, and of the elements below the outermost one
 * only those are kept whose name is wanted.
 */
export async function parseXmlGently(
  text: string,
  isWanted: (name: string) => boolean,
): Promise<XmlElement | undefined> {
  const work = parsing(text, isWanted);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A step is so many tokens, or a good deal of text: a few milliseconds. */
const STEP_TOKENS = 2_000;
const STEP_CHARACTERS = 256 * 1024;

function* parsing(
  text: string,
  isWanted: (name: string) => boolean,
): Generator<undefined, XmlElement | undefined, undefined> {
  const root: Draft = { name: '', attributeText: '', children: [], text: '' };
  const open: Draft[] = [root];
  let [end, tokens, begin] = [0, 0, 0];
  for (const match of text.matchAll(TOKEN)) {
    const [whole, closing, name, attributeText = '', empty, words] = match;
    const parent = open.at(-1);
    if (match.index !== end || parent === undefined || open.length > DEEPEST) return undefined;
    end += whole.length;
    tokens += 1;
    if (words !== undefined) {
      parent.text += words;
    } else if (closing === '/') {
      if (open.pop()?.name !== name || open.length === 0) return undefined;
    } else if (name !== undefined) {
      const element: Draft = { name, attributeText, children: [], text: '' };
      if (parent === root || isWanted(name)) parent.children.push(element);
      if (empty !== '/') open.push(element);
    }
    if (tokens < STEP_TOKENS && end - begin < STEP_CHARACTERS) continue;
    [tokens, begin] = [0, end];
    yield;
  }
  const [top] = root.children;
  return end === text.length && open.length === 1 && top !== undefined ? finished(top) : undefined;
}

/** The first child with one of these names, in the order of the names. */
export function childOf(element: XmlElement | undefined, ...names: string[]): XmlElement | undefined {
  for (const name of names) {
    const child = element?.children.find((one) => one.name === name);
    if (child !== undefined) return child;
  }
  return undefined;
}

/** What the tag of an element says, by name. */
export function attributesOf({ attributeText }: XmlElement): ReadonlyMap<string, string> {
  const pairs = attributeText.matchAll(/([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map([...pairs].map(([, name = '', double, single]) => [name, decoded(double ?? single ?? '')]));
}

interface Draft {
  readonly name: string;
  readonly attributeText: string;
  readonly children: Draft[];
  text: string;
}

function finished({ name, attributeText, children, text }: Draft): XmlElement {
  return { name, attributeText, children: children.map(finished), text: decoded(text.trim()) };
}

function decoded(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

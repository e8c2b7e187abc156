import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesBelow } from './files-below.js';
import { projectRoot } from './node-red-process.js';

/** A text in the sources: its template with numbered holes, and where it stands. */
export interface SourceText {
  readonly text: string;
  readonly place: string;
}

/** All that lib/ and nodes/ say in the language of who reads it: say`…` */
export function saidSentences(): SourceText[] {
  return sources().flatMap((source) =>
    nodesOf(source).flatMap((node) =>
      ts.isTaggedTemplateExpression(node) && isSaid(node)
        ? [{ text: templateOf(node.template), place: placeOf(node) }]
        : [],
    ),
  );
}

/** What is said while a module is read: before anybody could choose a language. */
export function saidAtImport(): SourceText[] {
  return sources().flatMap((source) =>
    nodesOf(source)
      .filter((node) => isSaid(node) && !ancestorsOf(node).some(ts.isFunctionLike))
      .map((node) => ({ text: node.getText(), place: placeOf(node) })),
  );
}

/**
 * English that a person may come to read although nobody says it: texts of our own errors and findings, whatever reads
 * as a sentence, and words that are put into one.
 */
export function unsaidSentences(): SourceText[] {
  return sources()
    .filter(({ fileName }) => !STAYS_ENGLISH.test(fileName))
    .flatMap((source) =>
      nodesOf(source).flatMap((node) => {
        const text = textOf(node);
        if (text === undefined || isSaid(node.parent)) return [];
        const isUnsaid = isPartOfPhrase(node) ? /\p{L}{2,} |^ \p{L}/u.test(text) : isSentence(text, node);
        return isUnsaid ? [{ text, place: placeOf(node) }] : [];
      }),
    );
}

/** What only the command line says, what Home Assistant calls things, and settings of another program. */
const STAYS_ENGLISH =
  /^lib\/(migrate|home-assistant)\/|^lib\/verify\/(verify|setting-findings|watch-limit|round-trip|folder-findings|report)\.ts$/;

/** Lists of extensions, names of folders and of fields of a tool: no language has other words for them. */
const HAS_NAMES = /\/(media-kind|fellow-book|extensions|ignore-rules|rocm-smi|test-picture)\.ts$/;

/** Nobody but the broker reads it. */
const MARK = '{1} is gone';

/** For developers. */
const PLAIN_ERRORS = new Set(['Error', 'TypeError', 'RangeError']);

function isSaid(node: ts.Node): boolean {
  return ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'say';
}

/** Three words in a row are a sentence, or a part of one. */
function isSentence(text: string, node: ts.Node): boolean {
  if (text === MARK || HAS_NAMES.test(node.getSourceFile().fileName)) return false;
  const isForDevelopers = ancestorsOf(node).some(
    (one) => ts.isNewExpression(one) && PLAIN_ERRORS.has(one.expression.getText()),
  );
  return !isForDevelopers && /(\p{L}|\{\d+\})[,;:.]? \p{L}+[,;]? (\p{L}|\{)/u.test(text);
}

/** Whether a text goes into an error of ours, a finding, or a sentence that is said. */
function isPartOfPhrase(node: ts.Node): boolean {
  for (
    let [child, parent] = [node, node.parent];
    parent !== undefined;
    [child, parent] = [parent, parent.parent]
  ) {
    if (ts.isTemplateSpan(parent) && child === parent.expression) {
      if (isSaid(parent.parent.parent)) return true;
    } else if (ts.isNewExpression(parent)) {
      const name = parent.expression.getText();
      return name.endsWith('Error') && !PLAIN_ERRORS.has(name);
    } else if (ts.isCallExpression(parent)) {
      const called = parent.expression.getText();
      return (called === 'super' || called === 'finding') && !isVerdict(node);
    } else if (ts.isFunctionLike(parent) || ts.isStatement(parent) || ts.isPropertyAssignment(parent)) {
      return false;
    }
  }
  return false;
}

const isVerdict = (node: ts.Node) => textOf(node) === 'not tested';

function textOf(node: ts.Node): string | undefined {
  if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) return templateOf(node);
  return ts.isStringLiteral(node) ? node.text : undefined;
}

function ancestorsOf(node: ts.Node): ts.Node[] {
  const all: ts.Node[] = [];
  for (let one = node.parent; one !== undefined; one = one.parent) all.push(one);
  return all;
}

/** What a text looks like to `say`: its holes are numbered from 1 on. */
function templateOf(template: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  const spans = template.templateSpans.map(({ literal }, index) => `{${index + 1}}${literal.text}`);
  return template.head.text + spans.join('');
}

function sources(): ts.SourceFile[] {
  return ['lib', 'nodes'].flatMap((folder) =>
    filesBelow(join(projectRoot, folder))
      .filter((path) => path.endsWith('.ts'))
      .map((path) => {
        const file = join(folder, path);
        const text = readFileSync(join(projectRoot, file), 'utf8');
        return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
      }),
  );
}

function nodesOf(node: ts.Node): ts.Node[] {
  const all: ts.Node[] = [];
  const visit = (one: ts.Node): void => {
    all.push(one);
    ts.forEachChild(one, visit);
  };
  visit(node);
  return all;
}

function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

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
      ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'say'
        ? [{ text: templateOf(node.template), place: placeOf(node) }]
        : [],
    ),
  );
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

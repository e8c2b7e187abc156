/** Filters and tests that the templates use, all of Home Assistant 2024.10. A slip of the pen is none of them. */
const FILTERS = new Set(
  'as_timestamp count default int join list round selectattr timestamp_custom upper'.split(' '),
);

const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** What is wrong with the form of a template, a line for each thing. It is not rendered. */
export function templateProblems(template: string): string[] {
  const problems: string[] = [];
  const open: string[] = [];
  const rest = template.replace(/\{\{(.*?)\}\}|\{%-?(.*?)-?%\}/gs, (_, expression, statement) => {
    const code = String(expression ?? statement);
    problems.push(...bracketProblems(code), ...filterProblems(code));
    if (statement !== undefined) problems.push(...blockProblems(code.trim(), open));
    return '';
  });
  if (/\{\{|\}\}|\{%|%\}/.test(rest)) problems.push(`open braces: ${rest}`);
  return [...problems, ...open.map((block) => `${block} does not end`)];
}

function withoutStrings(code: string): string {
  return code.replace(/'[^']*'|"[^"]*"/g, '""');
}

function bracketProblems(code: string): string[] {
  const expected: string[] = [];
  const bare = withoutStrings(code).replaceAll('""', '');
  for (const letter of bare) {
    const closing = CLOSES[letter];
    if (closing !== undefined) expected.push(closing);
    else if (')]}'.includes(letter) && expected.pop() !== letter) return [`brackets: ${code}`];
  }
  return expected.length > 0 || /['"]/.test(bare) ? [`brackets or quotes: ${code}`] : [];
}

function filterProblems(code: string): string[] {
  const used = [...withoutStrings(code).matchAll(/\|\s*(\w+)/g)].map(([, name]) => name ?? '');
  return used.filter((name) => !FILTERS.has(name)).map((name) => `unknown filter ${name}: ${code}`);
}

function blockProblems(code: string, open: string[]): string[] {
  const [word = ''] = code.split(/\s/, 1);
  if (word === 'if' || word === 'for') open.push(word);
  else if (word === 'elif' || word === 'else') return open.length > 0 ? [] : [`${word} without a beginning`];
  else if (word.startsWith('end')) return open.pop() === word.slice(3) ? [] : [`${word} without a beginning`];
  else if (word !== 'set') return [`unknown statement: ${code}`];
  return [];
}

import { expect, it } from 'vitest';
import { childOf, parseXml } from '../../lib/xml-tree.js';

it('reads elements with their attributes and text, decoded where they are asked for', () => {
  const text = `<?xml version="1.0" ?>
    <!DOCTYPE log SYSTEM "log.dtd"><!-- a > b -->
    <log a="1 2"><name>A &amp; B &lt;x&gt; &#65;&#x42; &other; &#xffffff;</name><empty /><none/></log>
  `;
  const log = parseXml(text);
  expect(log?.name).toBe('log');
  expect(log?.children).toEqual([
    { name: 'name', attributeText: '', children: [], text: 'A & B <x> AB &other; &#xffffff;' },
    { name: 'empty', attributeText: ' ', children: [], text: '' },
    { name: 'none', attributeText: '', children: [], text: '' },
  ]);
  expect(childOf(log, 'missing', 'none', 'empty')?.name).toBe('none');
  expect(childOf(undefined, 'x')).toBeUndefined();
});

it.each([
  ['', 'nothing'],
  ['plain text', 'no element'],
  ['<a><b></a>', 'tags that cross'],
  ['<a></b>', 'another end'],
  ['<a>', 'no end'],
  ['<a></a></a>', 'one end too many'],
  ['<a><b', 'half a tag'],
  ['<a>1 < 2</a>', 'a bare sign'],
  ['<!-- never ends', 'half a comment'],
])('refuses what is no whole document: %s (%s)', (text) => {
  expect(parseXml(text)).toBeUndefined();
});

it('takes no longer for hostile text than for its length', () => {
  const started = performance.now();
  for (const piece of ['<!--', '<a ', '<?', '&#', '<a>', '</a>', '"']) parseXml(piece.repeat(300_000));
  expect(performance.now() - started).toBeLessThan(15_000);
});

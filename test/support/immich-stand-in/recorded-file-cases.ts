import type { Expected, UploadCase } from './recorded-cases.js';
import { file, type Part, text, texts } from './test-client.js';

const created: Expected = [201, null];

/** An upload with a name in the header of its part, raw. */
function named(name: string, fileName: string, v2: Expected): UploadCase {
  return form(`filename: ${name}`, [file('assetData', fileName, `bytes of ${name}`)], v2);
}

/** An upload with other parts after the usual texts. */
function form(name: string, parts: readonly Part[], v2: Expected): UploadCase {
  return { name, parts: [...texts(), ...parts], v2 };
}

/** Uploads with all kinds of file parts and names. */
export const fileCases: readonly UploadCase[] = [
  form('missing assetData', [], [400, 'File is required']),
  form('wrong file field name', [file('file', 'a.jpg', 'x')], [400, 'Unexpected field - file']),
  form(
    'two assetData parts',
    [file('assetData', 'a.jpg', 'one'), file('assetData', 'b.jpg', 'two')],
    [400, 'Unexpected field - assetData'],
  ),
  {
    name: 'file part first, fields after',
    parts: [file('assetData', 'a.jpg', 'first'), ...texts()],
    v2: created,
  },
  form('unsupported ext .txt', [file('assetData', 'g.txt', 'x')], [400, 'Unsupported file type g.txt']),
  form('no extension', [file('assetData', 'g', 'x')], [400, 'Unsupported file type g']),
  form('upper-case ext .JPG', [file('assetData', 'A.JPG', 'upper')], [201, null, 'A.JPG']),
  form('empty file (0 bytes)', [file('assetData', 'a.jpg', '')], created),
  form(
    'filename field overrides (before file)',
    [text('filename', 'renamed.jpg'), file('assetData', 'a.jpg', 'r1')],
    [201, null, 'renamed.jpg'],
  ),
  form(
    'filename field overrides ext .txt (before file)',
    [text('filename', 'renamed.txt'), file('assetData', 'a.jpg', 'r2')],
    [400, 'Unsupported file type renamed.txt'],
  ),
  form(
    'filename field .jpg while part is .txt (before file)',
    [text('filename', 'renamed.jpg'), file('assetData', 'a.txt', 'r3')],
    [201, null, 'renamed.jpg'],
  ),
  form(
    'filename field .txt AFTER file',
    [file('assetData', 'a.jpg', 'r4'), text('filename', 'renamed.txt')],
    [201, null, 'renamed.txt'],
  ),
  form(
    'field filename with quote/newline',
    [text('filename', 'a"b\nc.jpg'), file('assetData', 'a.jpg', 'r5')],
    [201, null, 'a"b\nc.jpg'],
  ),
  form(
    'field filename with slash',
    [text('filename', 'x/y.jpg'), file('assetData', 'a.jpg', 'r6')],
    [201, null, 'x/y.jpg'],
  ),

  form('sidecar .xmp', [file('sidecarData', 's.xmp', '<x/>'), file('assetData', 'a.jpg', 's1')], created),
  form(
    'sidecar with .txt name',
    [file('sidecarData', 'side.txt', '<x/>'), file('assetData', 'a.jpg', 's2')],
    [400, 'Unsupported file type side.txt'],
  ),
  form(
    'sidecar only, no assetData',
    [file('sidecarData', 's.xmp', '<x/>')],
    [400, 'Field(s) assetData should not be empty'],
  ),
  form('.xmp as assetData', [file('assetData', 'side.xmp', '<x/>')], [400, 'Unsupported file type side.xmp']),

  named('utf8 raw in filename=""', 'Ünïcödé 日本語 😀.jpg', [201, null, 'Ünïcödé 日本語 😀.jpg']),
  named('NFD e-acute', 'cafe\u0301.jpg', [201, null, 'cafe\u0301.jpg']),
  named('quote as %22 (browser/undici style)', 'a%22b.jpg', [201, null, 'a%22b.jpg']),
  named('quote as \\" (RFC quoted-pair)', 'a\\"b.jpg', [201, null, 'a"b.jpg']),
  named('raw quote inside', 'a"b.jpg', [400, 'File is required']),
  named('backslash', 'a\\b.jpg', [201, null, 'b.jpg']),
  named('newline as %0A', 'a%0Ab.jpg', [201, null, 'a%0Ab.jpg']),
  named('raw LF inside', 'a\nb.jpg', [400, 'Multipart: Malformed part header']),
  named('raw CRLF inside', 'a\r\nb.jpg', [400, 'Multipart: Malformed part header']),
  named('NUL byte', 'a\0b.jpg', [400, 'Multipart: Malformed part header']),
  named('slash path', 'dir/p.jpg', [201, null, 'p.jpg']),
  named('dotdot path', '../../p.jpg', [201, null, 'p.jpg']),
  named('percent literal', '100%25 a%20b.jpg', [201, null, '100%25 a%20b.jpg']),
  named('semicolon', 'a;b.jpg', [201, null, 'a;b.jpg']),
  named('leading/trailing spaces', ' sp .jpg ', [400, 'Unsupported file type  sp .jpg ']),
  named('only extension .jpg', '.jpg', [400, 'Unsupported file type .jpg']),
  named('empty filename', '', [400, 'File is required']),
  named('5000-char name', `${'n'.repeat(4996)}.jpg`, created),
  named('20000-char name', `${'n'.repeat(19_996)}.jpg`, [400, 'Multipart: Malformed part header']),
  form(
    'filename: no filename param',
    [{ disposition: 'name="assetData"', body: 'x' }],
    [400, 'File is required'],
  ),
  form(
    'filename: latin1 byte',
    [{ disposition: Buffer.from('name="assetData"; filename="caf\xe9.jpg"', 'latin1'), body: 'l1' }],
    [201, null, 'caf\ufffd.jpg'],
  ),
  form(
    'filename: filename*=UTF-8 (RFC5987) only',
    [{ disposition: `name="assetData"; filename*=UTF-8''a.jpg`, body: 'x1' }],
    [500, 'Failed to upload asset'],
  ),
  form(
    'filename: filename + filename*',
    [{ disposition: `name="assetData"; filename="a.jpg"; filename*=UTF-8''a.jpg`, body: 'x2' }],
    [500, 'Failed to upload asset'],
  ),
];

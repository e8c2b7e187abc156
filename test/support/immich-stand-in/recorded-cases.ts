import { file, formType, type Part, text, texts } from './test-client.js';

/** What Immich says: status, the complaint (null for none), and for 201 the stored name where it matters. */
export type Expected = readonly [status: number, complaint: string | readonly string[] | null, name?: string];

/** An upload that was tried on a real server, under the name that the recordings have for it. */
export interface UploadCase {
  readonly name: string;
  readonly parts?: readonly Part[];
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of a form. */
  readonly body?: string;
  readonly v2: Expected;
  /** Where 3.x differs. */
  readonly v3?: Expected;
}

const created: Expected = [201, null];
const ofDeviceAssetId = ['deviceAssetId must be a string', 'deviceAssetId should not be empty'];
const ofDeviceId = ['deviceId must be a string', 'deviceId should not be empty'];
const ofCreatedAt = ['fileCreatedAt must be a Date instance', 'fileCreatedAt should not be empty'];
const ofModifiedAt = ['fileModifiedAt must be a Date instance', 'fileModifiedAt should not be empty'];
const ofAll = [...ofDeviceAssetId, ...ofDeviceId, ...ofCreatedAt, ...ofModifiedAt];
const noDate = (name: string, type = 'undefined') =>
  `[${name}] Invalid input: expected ISO 8601 datetime string, received ${type}`;
const noDates = [noDate('fileCreatedAt'), noDate('fileModifiedAt')];
const badDate: Expected = [400, 'fileCreatedAt must be a date string'];
const badDate3: Expected = [400, [noDate('fileCreatedAt', 'string')]];
const favorite2: Expected = [400, ['isFavorite must be a boolean value']];
const favorite3: Expected = [400, ['[isFavorite] Invalid option: expected one of "true"|"false"']];
const visibility2: Expected = [
  400,
  ['visibility must be one of the following values: archive, timeline, hidden, locked'],
];
const visibility3: Expected = [
  400,
  ['[visibility] Invalid option: expected one of "archive"|"timeline"|"hidden"|"locked"'],
];

/** An upload with changed fields. */
function fields(
  name: string,
  changes: Readonly<Record<string, string | null>>,
  v2: Expected,
  v3?: Expected,
): UploadCase {
  const parts = [...texts(changes), file('assetData', 'a.jpg', `bytes of ${name}`)];
  return { name, parts, v2, ...(v3 && { v3 }) };
}

/** An upload with a name in the header of its part, raw. */
function named(name: string, fileName: string, v2: Expected): UploadCase {
  return form(`filename: ${name}`, [file('assetData', fileName, `bytes of ${name}`)], v2);
}

/** An upload with other parts after the usual texts. */
function form(name: string, parts: readonly Part[], v2: Expected): UploadCase {
  return { name, parts: [...texts(), ...parts], v2 };
}

const noFields = { deviceAssetId: null, deviceId: null, fileCreatedAt: null, fileModifiedAt: null };

export const uploadCases: readonly UploadCase[] = [
  fields('new file', {}, created),
  fields('missing deviceAssetId', { deviceAssetId: null }, [400, ofDeviceAssetId], created),
  fields('missing deviceId', { deviceId: null }, [400, ofDeviceId], created),
  fields('missing fileCreatedAt', { fileCreatedAt: null }, [400, ofCreatedAt], [400, noDates.slice(0, 1)]),
  fields('missing fileModifiedAt', { fileModifiedAt: null }, [400, ofModifiedAt], [400, noDates.slice(1)]),
  fields('all fields missing', noFields, [400, ofAll], [400, noDates]),
  fields('bad date', { fileCreatedAt: 'yesterday' }, badDate, badDate3),
  fields('date epoch ms', { fileCreatedAt: '1767323045000' }, badDate, badDate3),
  fields('date without ms/zone', { fileCreatedAt: '2026-01-02T03:04:05' }, created, badDate3),
  fields('date only', { fileCreatedAt: '2026-01-02' }, created, badDate3),
  fields('unknown extra field', { shoeSize: '43' }, created),
  fields('empty deviceAssetId', { deviceAssetId: '' }, [400, ofDeviceAssetId.slice(1)], created),
  fields("isFavorite='true'", { isFavorite: 'true' }, created),
  fields("isFavorite='false'", { isFavorite: 'false' }, created),
  ...['1', '0', 'yes', 'TRUE', ''].map((isFavorite) =>
    fields(`isFavorite='${isFavorite}'`, { isFavorite }, favorite2, favorite3),
  ),
  ...['timeline', 'archive', 'hidden', 'locked'].map((visibility) =>
    fields(`visibility='${visibility}'`, { visibility }, created),
  ),
  ...['public', '', 'TIMELINE'].map((visibility) =>
    fields(`visibility='${visibility}'`, { visibility }, visibility2, visibility3),
  ),
  fields('metadata json', { metadata: '[{"key":"a","value":{}}]' }, created),
  fields(
    'metadata bad',
    { metadata: '{' },
    [400, ['metadata must be valid JSON']],
    [400, ['[metadata] Invalid input: expected JSON string, received string']],
  ),
  fields(
    'live: livePhotoVideoId not uuid',
    { livePhotoVideoId: 'no' },
    [400, ['livePhotoVideoId must be a UUID']],
    [400, ['[livePhotoVideoId] Invalid UUID']],
  ),
  fields(
    'live: photo with unknown (valid uuid) livePhotoVideoId',
    { livePhotoVideoId: '6ac154bb-f36e-424d-addd-254f1e8d741f' },
    [400, 'Live photo video not found'],
  ),
  {
    name: 'content-type json instead of multipart',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
    v2: [400, ofAll],
    v3: [400, noDates],
  },
  {
    name: 'no boundary',
    parts: texts(),
    headers: { 'content-type': 'multipart/form-data' },
    v2: [400, 'Multipart: Boundary not found'],
  },
  {
    name: 'unknown checksum, content-length 0, no body',
    headers: { 'x-immich-checksum': '0'.repeat(40), 'content-type': '' },
    body: '',
    v2: [400, ofAll],
    v3: [400, ['Invalid input: expected object, received undefined']],
  },
  { name: 'wrong key', headers: { 'x-api-key': 'no' }, v2: [401, 'Invalid API key'] },
  { name: 'no key', headers: { 'x-api-key': '' }, v2: [401, 'Authentication required'] },

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
  // By published descriptions of 3.x, where the development build that was recorded differs or was not asked.
  fields('date with +02:00', { fileCreatedAt: '2026-01-02T03:04:05+02:00' }, created),
  fields('duration field', { duration: '0:00:01.5' }, created, [
    400,
    ['[duration] Invalid input: expected number, received NaN'],
  ]),
];

/** Headers of a case: a form unless it says otherwise. */
export function headersOf({ headers, body }: UploadCase): Record<string, string> {
  return { ...(body === undefined ? formType : {}), ...headers };
}

import type { Expected, UploadCase } from './recorded-cases.js';
import { file, texts } from './test-client.js';

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

const noFields = { deviceAssetId: null, deviceId: null, fileCreatedAt: null, fileModifiedAt: null };

/** Uploads with all kinds of fields, and without a form. */
export const fieldCases: readonly UploadCase[] = [
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

  // By published descriptions of 3.x, where the development build that was recorded differs or was not asked.
  fields('date with +02:00', { fileCreatedAt: '2026-01-02T03:04:05+02:00' }, created),
  fields('duration field', { duration: '0:00:01.5' }, created, [
    400,
    ['[duration] Invalid input: expected number, received NaN'],
  ]),
];

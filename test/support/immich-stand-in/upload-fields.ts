import { type Dialect, type Issue, invalidFields } from './answers.js';

/** The text parts of an upload form, or what a JSON body had in their place. */
export type UploadFields = Readonly<Record<string, unknown>>;

const visibilities = ['archive', 'timeline', 'hidden', 'locked'];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const calendarDay = String.raw`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`;
const clockTime = String.raw`([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?`;
const zone = String.raw`(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)`;
/** 2.x takes any ISO 8601 date: with or without time, with or without zone. */
const looseDate = new RegExp(`^(\\d{4}(-(0[1-9]|1[0-2]))?|${calendarDay}([T ]${clockTime}${zone}?)?)$`);
/** 3.x wants date, time and zone. */
const zonedDate = new RegExp(`^${calendarDay}T${clockTime}${zone}$`);

/** Whether the text has the form of a UUID. */
export function isUuid(text: unknown): boolean {
  return typeof text === 'string' && uuid.test(text);
}

/**
 * Checks the fields of an upload by the rules of the dialect; `undefined` is a request without any body.
 * @throws ApiError 400 with the recorded words
 */
export function checkUploadFields(dialect: Dialect, fields: UploadFields | undefined): void {
  const complaints = dialect === 'v2' ? complaintsOf2(fields ?? {}) : issuesOf3(fields);
  if (complaints.length > 0) throw invalidFields(complaints);
}

function complaintsOf2(fields: UploadFields): string | string[] {
  for (const name of ['fileCreatedAt', 'fileModifiedAt']) {
    const value = fields[name];
    // Found while the form is read, before any rule is tested: so this is one sentence and hides the rest.
    if (value !== undefined && !looseDate.test(String(value))) return `${name} must be a date string`;
  }
  const { isFavorite, visibility, livePhotoVideoId, metadata } = fields;
  const complaints: string[] = [];
  for (const name of ['deviceAssetId', 'deviceId']) {
    if (typeof fields[name] !== 'string') complaints.push(`${name} must be a string`);
    if (fields[name] === undefined || fields[name] === '') complaints.push(`${name} should not be empty`);
  }
  for (const name of ['fileCreatedAt', 'fileModifiedAt']) {
    if (fields[name] === undefined) {
      complaints.push(`${name} must be a Date instance`, `${name} should not be empty`);
    }
  }
  if (!isBooleanText(isFavorite)) complaints.push('isFavorite must be a boolean value');
  if (!isVisibility(visibility)) {
    complaints.push(`visibility must be one of the following values: ${visibilities.join(', ')}`);
  }
  if (livePhotoVideoId !== undefined && !isUuid(livePhotoVideoId)) {
    complaints.push('livePhotoVideoId must be a UUID');
  }
  if (!isJsonText(metadata)) complaints.push('metadata must be valid JSON');
  return complaints;
}

function issuesOf3(fields: UploadFields | undefined): Issue[] {
  if (fields === undefined) {
    const message = 'Invalid input: expected object, received undefined';
    return [{ code: 'invalid_type', expected: 'object', path: [], message }];
  }
  const { isFavorite, visibility, livePhotoVideoId, metadata, duration } = fields;
  const issues: Issue[] = [];
  for (const name of ['fileCreatedAt', 'fileModifiedAt']) {
    const value = fields[name];
    if (typeof value === 'string' && zonedDate.test(value)) continue;
    const message = `Invalid input: expected ISO 8601 datetime string, received ${typeof value}`;
    issues.push({ code: 'invalid_type', path: [name], message });
  }
  if (duration !== undefined && Number.isNaN(Number(duration))) {
    const message = 'Invalid input: expected number, received NaN';
    issues.push({ expected: 'number', code: 'invalid_type', received: 'NaN', path: ['duration'], message });
  }
  if (!isBooleanText(isFavorite)) issues.push(wrongOption('isFavorite', ['true', 'false']));
  if (!isVisibility(visibility)) issues.push(wrongOption('visibility', visibilities));
  if (livePhotoVideoId !== undefined && !isUuid(livePhotoVideoId)) issues.push(wrongUuid('livePhotoVideoId'));
  if (!isJsonText(metadata)) {
    const message = 'Invalid input: expected JSON string, received string';
    issues.push({ code: 'invalid_type', path: ['metadata'], message });
  }
  return issues;
}

/** The 3.x issue for text that is no UUID. */
export function wrongUuid(name: string): Issue {
  return { code: 'invalid_format', format: 'uuid', path: [name], message: 'Invalid UUID' };
}

function wrongOption(name: string, values: readonly string[]): Issue {
  const expected = values.map((value) => `"${value}"`).join('|');
  const message = `Invalid option: expected one of ${expected}`;
  return { code: 'invalid_value', values, path: [name], message };
}

function isBooleanText(value: unknown): boolean {
  return value === undefined || value === 'true' || value === 'false';
}

function isVisibility(value: unknown): boolean {
  return value === undefined || visibilities.includes(String(value));
}

function isJsonText(value: unknown): boolean {
  if (value === undefined) return true;
  try {
    JSON.parse(String(value));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

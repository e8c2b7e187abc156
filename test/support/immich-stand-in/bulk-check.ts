import { type Answer, ApiError, type Dialect, type Issue, invalidFields } from './answers.js';
import { type AssetLibrary, readSha1 } from './asset-library.js';

/** More items than the database takes parameters for. */
const mostItems = 65_532;

interface Item {
  readonly id: string;
  readonly checksum: string;
}

/**
 * `POST /assets/bulk-upload-check`: tells for each SHA-1 whether the user has it, and whether it is in the trash.
 * @throws ApiError 400 for a wrong form, 500 for an empty list or a too long one
 */
export function bulkCheck(library: AssetLibrary, dialect: Dialect, body: object | undefined): Answer {
  const items = parseItems(dialect, body);
  if (items.length === 0 || items.length > mostItems) throw new ApiError(500, 'Failed to check bulk upload');
  const results = items.map(({ id, checksum }) => {
    const known = library.withSha1(readSha1(checksum) ?? '');
    if (known === undefined) return { id, action: 'accept' };
    return { id, action: 'reject', reason: 'duplicate', assetId: known.id, isTrashed: known.isTrashed };
  });
  return { status: 200, body: { results } };
}

function parseItems(dialect: Dialect, body: object | undefined): Item[] {
  const assets: unknown = body !== undefined && 'assets' in body ? body.assets : undefined;
  if (!Array.isArray(assets)) {
    throw invalidFields(
      dialect === 'v2' ? ['assets must be an array'] : [wrongType(['assets'], 'array', assets)],
    );
  }
  const complaints: string[] = [];
  const issues: Issue[] = [];
  const items = assets.map((asset: unknown, index): Item => {
    const given = typeof asset === 'object' && asset !== null ? (asset as Record<string, unknown>) : {};
    for (const name of ['id', 'checksum']) {
      const value = given[name];
      const path = ['assets', index, name];
      if (value === undefined || value === '') complaints.push(`${path.join('.')} should not be empty`);
      if (typeof value === 'string') continue;
      complaints.push(`${path.join('.')} must be a string`);
      issues.push(wrongType(path, 'string', value));
    }
    return { id: String(given.id), checksum: String(given.checksum) };
  });
  const problems = dialect === 'v2' ? complaints : issues;
  if (problems.length > 0) throw invalidFields(problems);
  return items;
}

function wrongType(path: readonly (string | number)[], expected: string, value: unknown): Issue {
  const message = `Invalid input: expected ${expected}, received ${typeof value}`;
  return { code: 'invalid_type', expected, path, message };
}

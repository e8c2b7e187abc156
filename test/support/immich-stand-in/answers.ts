import { randomInt } from 'node:crypto';
import { STATUS_CODES } from 'node:http';

/** The two ways in which Immich servers speak: 2.x and 3.x. */
export type Dialect = 'v2' | 'v3';

/** What is sent back: an object becomes JSON, text goes out as it is, no body is an empty one. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

/** The answer 200 with JSON. */
export function ok(body: object): Answer {
  return { status: 200, body };
}

/** One entry of the `errors` list of a 3.x answer. */
export interface Issue {
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly [detail: string]: unknown;
}

/** Thrown by a handler: becomes an error answer in the form of the dialect. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** One sentence, or the list of complaints about fields that 2.x sends. */
    readonly complaint: string | readonly string[],
    /** The complaints as 3.x sends them. */
    readonly issues: readonly Issue[] = [],
    /** False where Immich answers before it gave the request an id: bad JSON, or a path outside of /api. */
    readonly hasCorrelationId = true,
  ) {
    super(String(complaint));
  }
}

/** An error for invalid fields, in the words of 2.x or in the issues of 3.x. */
export function invalidFields(complaint: string | readonly string[] | readonly Issue[]): ApiError {
  if (typeof complaint === 'string') return new ApiError(400, complaint);
  const issues = complaint.filter((entry): entry is Issue => typeof entry !== 'string');
  if (issues.length > 0) return new ApiError(400, 'Validation failed', issues);
  return new ApiError(
    400,
    complaint.filter((entry) => typeof entry === 'string'),
  );
}

/** The answer for an error: 2.x names it three times and carries an id, 3.x lists issues and has the id in a header. */
export function errorAnswer(error: ApiError, dialect: Dialect): Answer {
  const { status, complaint, issues, hasCorrelationId } = error;
  const id = hasCorrelationId ? correlationId() : undefined;
  if (dialect === 'v2') {
    const body = { message: complaint, error: STATUS_CODES[status] ?? 'Error', statusCode: status };
    return { status, body: id === undefined ? body : { ...body, correlationId: id } };
  }
  const message = typeof complaint === 'string' ? complaint : complaint.join(', ');
  const body = { statusCode: status, message };
  return {
    status,
    headers: id === undefined ? {} : { 'X-Correlation-ID': id },
    body: issues.length === 0 ? body : { ...body, errors: issues },
  };
}

/** The message that Immich, or what stands before it, gives with a status; for faults that name none. */
export function usualMessage(status: number): string {
  const known: Record<number, string> = {
    401: 'Invalid API key',
    403: 'Missing required permission: asset.upload',
    500: 'Failed to upload asset',
  };
  return known[status] ?? STATUS_CODES[status] ?? 'Error';
}

function correlationId(): string {
  return Array.from({ length: 8 }, () => randomInt(36).toString(36)).join('');
}

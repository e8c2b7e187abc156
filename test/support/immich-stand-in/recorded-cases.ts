import { fieldCases } from './recorded-field-cases.js';
import { fileCases } from './recorded-file-cases.js';
import { formType, type Part } from './test-client.js';

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

export const uploadCases: readonly UploadCase[] = [...fieldCases, ...fileCases];

/** Headers of a case: a form unless it says otherwise. */
export function headersOf({ headers, body }: UploadCase): Record<string, string> {
  return { ...(body === undefined ? formType : {}), ...headers };
}

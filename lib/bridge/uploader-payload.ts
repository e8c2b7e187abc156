import { choiceOf, fieldsOf, flagOf, numberOf, numbersOf, recordOf, textOf, timeOf } from '../fields.js';
import type { UploadState } from '../upload/upload-state.js';
import { type AddressPayload, addressPayloads } from './address-payload.js';
import { type PayloadOptions, toldName, toldSentence } from './detail.js';

/** What an uploader may be doing. Publisher and Home Assistant's discovery share this list. */
export const UPLOADER_STATES = [
  'idle',
  'uploading',
  'paused',
  'backoff',
  'error',
] as const satisfies readonly UploadState['state'][];

/** How an uploader stands, as it goes over the wire. Every key is always there; null means unknown. */
export interface UploaderStatePayload {
  readonly v: 1;
  readonly ts: string;
  readonly state: (typeof UPLOADER_STATES)[number] | null;
  readonly paused: boolean | null;
  /** When the pause ends by itself, and when the quiet hours end; null when neither does. */
  readonly paused_until: string | null;
  readonly quiet_until: string | null;
  readonly concurrency: number | null;
  /** Files: `depth` is all in hand, `pending` those of them that wait, `active` those on their way. */
  readonly queue: {
    readonly depth: number | null;
    readonly pending: number | null;
    readonly active: number | null;
    /** Those of `pending` that are too large for the address in use. */
    readonly waiting_for_address: number | null;
  };
  readonly addresses: readonly AddressPayload[];
  /** Files that wait for a person. */
  readonly failed: number | null;
  readonly totals: {
    readonly files: number | null;
    readonly bytes: number | null;
    readonly duplicates: number | null;
  };
  /** Files since local midnight. */
  readonly today: { readonly uploaded: number | null; readonly failed: number | null };
  /** Of the files on their way, 0 to 100; null while nothing is sent, too. */
  readonly percent: number | null;
  readonly bytes_per_second: number | null;
  readonly last_upload_at: string | null;
  /** Base name; null when names are not told. */
  readonly last_file: string | null;
  /** Why all files wait, for machines and for people; null while none does. */
  readonly problem_code: string | null;
  readonly problem: string | null;
}

/** What the payload of an `upload/state` message says; undefined for no such record. Never throws. */
export function uploaderStatePayload(
  record: unknown,
  { detail = 'names', now = () => new Date() }: PayloadOptions = {},
): UploaderStatePayload | undefined {
  const fields = recordOf(record);
  if (fields === undefined) return undefined;
  const problem = fieldsOf(fields.problem);
  const pending = numberOf(fields.pending);
  const active = numberOf(fields.active);
  const lastFile = textOf(fields.lastFile);
  const sentence = textOf(problem.message);
  return {
    v: 1,
    ts: now().toISOString(),
    state: choiceOf(fields.state, UPLOADER_STATES),
    paused: flagOf(fields.isPaused),
    paused_until: timeOf(fields.pausedUntil),
    quiet_until: timeOf(fields.quietUntil),
    concurrency: numberOf(fields.concurrency),
    queue: {
      depth: pending === null || active === null ? null : pending + active,
      pending,
      active,
      waiting_for_address: numberOf(fields.waitingForAddress),
    },
    addresses: addressPayloads(fields.addresses),
    failed: numberOf(fields.failed),
    totals: numbersOf(fields.totals, { files: 'files', bytes: 'bytes', duplicates: 'duplicates' }),
    today: numbersOf(fields.today, { uploaded: 'uploaded', failed: 'failed' }),
    percent: numberOf(fields.percent),
    bytes_per_second: numberOf(fields.bytesPerSecond),
    last_upload_at: timeOf(fields.lastUploadAt),
    last_file: toldName(lastFile, detail),
    problem_code: textOf(problem.kind),
    problem: sentence && toldSentence(sentence, detail, { files: [lastFile] }),
  };
}

import type { SeenMessage } from '../support/broker.js';
import { type FaultWorld, ROOT_TOPIC } from './fault-world.js';

/** What the bridge has published, read as JSON. */
export interface UploaderSays {
  readonly state: UploaderState | undefined;
  readonly folder: { readonly state: string; readonly files: number } | undefined;
  readonly status: string | undefined;
  /** Events on uploads since the message of that number, each id once. */
  readonly events: readonly UploadEvent[];
}

export interface UploaderState {
  readonly state: string;
  readonly queue: { readonly depth: number; readonly pending: number; readonly active: number };
  readonly failed: number;
  readonly totals: { readonly files: number; readonly bytes: number; readonly duplicates: number };
  readonly problem: string | null;
}

export interface UploadEvent {
  readonly id: string;
  readonly event_type: string;
  readonly file: string | null;
  readonly sha1: string | null;
  readonly asset_id: string | null;
  readonly reason_code: string | null;
  readonly error: string | null;
}

export const UPLOADER_STATE = `${ROOT_TOPIC}/uploader/state`;
export const STATUS = `${ROOT_TOPIC}/status`;
export const FOLDER_STATE = /^immich-bridge\/faults\/watch\/[^/]+\/state$/;

/** Reads what was published up to now; events from the message of a number on. */
export function hear({ broker }: FaultWorld, fromMessage = 0): UploaderSays {
  const messages = broker.messages();
  const last = (isIt: (topic: string) => boolean) => messages.findLast(({ topic }) => isIt(topic))?.payload;
  return {
    state: parse<UploaderState>(last((topic) => topic === UPLOADER_STATE)),
    folder: parse(last((topic) => FOLDER_STATE.test(topic))),
    status: last((topic) => topic === STATUS),
    events: eventsIn(messages.slice(fromMessage)),
  };
}

/** The newest message of each topic that the broker should keep. */
export function hearStates({ broker }: FaultWorld): ReadonlyMap<string, string> {
  const states = broker
    .messages()
    .filter(({ topic }) => topic.startsWith(`${ROOT_TOPIC}/`) && !topic.includes('/gpu/'))
    .filter(({ topic }) => /\/(status|info|state)$/.test(topic));
  return new Map(states.map(({ topic, payload }) => [topic, payload]));
}

function eventsIn(messages: readonly SeenMessage[]): UploadEvent[] {
  const events = new Map<string, UploadEvent>();
  for (const { topic, payload } of messages) {
    if (topic !== `${ROOT_TOPIC}/event/upload`) continue;
    const event = parse<UploadEvent>(payload);
    if (event !== undefined && event.event_type !== 'batch_finished') events.set(event.id, event);
  }
  return [...events.values()];
}

function parse<Type>(text: string | undefined): Type | undefined {
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Type);
}

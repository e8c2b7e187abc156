import { fieldsOf, textOf } from '../fields.js';
import type { MqttMessage } from '../mqtt/mqtt-message.js';
import type { MqttSession } from '../mqtt/mqtt-session.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import { alertEvent } from './alert-event.js';
import { auditEvent, auditStatePayload } from './audit-event.js';
import { createBatchWatch } from './batch-summary.js';
import type { Detail } from './detail.js';
import { folderStatePayloads, watchNodeOf } from './folder-payload.js';
import { gpuStatePayload } from './gpu-payload.js';
import type { KnownParts, PartList } from './part-list.js';
import { serverStatePayload, serverUpdatePayload } from './server-payload.js';
import { batchEvent, isArchiveEvent, uploadEvent } from './upload-event.js';
import { uploaderStatePayload } from './uploader-payload.js';

export interface TellerOptions {
  readonly topics: BridgeTopics;
  readonly session: Pick<MqttSession, 'publishEvent' | 'publishState' | 'send'>;
  readonly detail: Detail;
  readonly parts: PartList;
  readonly signal: AbortSignal;
  /** No state goes out before this has resolved. */
  readonly ready: Promise<void>;
  /** Two uploaders are wired to one bridge, which can follow only one. */
  readonly onSecondUploader: () => void;
  /** There is a part that was not there before, or one less. Its states go out when this has resolved; it never rejects. */
  readonly onParts: (parts: KnownParts) => Promise<void>;
  readonly batchQuietMs?: number;
  readonly now?: () => number;
}

/** A GPU is looked at again and again: an old reading is worse than none. */
const READING_EXPIRES_SECONDS = 180;

/** What turns messages of the flow into states and events. */
export interface Teller {
  /** Tells what a message says, if it says something; never throws. */
  tell(msg: unknown): void;
  /** Tells the uploader's state once more, to somebody who believes another one. */
  repeatUploader(): void;
  /** The flows were started anew: whatever was wired before may be gone. */
  callRoll(): void;
}

/** Makes a teller. */
export function createTeller(options: TellerOptions): Teller {
  const { topics, session, parts, signal, now = Date.now } = options;
  const told = { detail: options.detail };
  let announced = options.ready;
  let followed: string | undefined;
  let hasSaidSecond = false;
  let lastUploader: MqttMessage | undefined;
  const batch = watchBatches(options, now, (message) => session.publishEvent([message], false));

  /** Sends a state, after the part that it belongs to was announced, and so was written down. */
  function state(
    isNewPart: boolean,
    messages: readonly Omit<MqttMessage, 'isRetained'>[],
    isRetained = true,
  ): void {
    const before = announced;
    if (isNewPart) announced = options.onParts(parts.known()).then(() => before);
    void announced.then(() => {
      for (const message of messages) session.publishState({ ...message, isRetained });
    });
  }

  function event(msg: unknown): void {
    const happened = uploadEvent(msg, told);
    if (happened === undefined) return;
    const payload = JSON.stringify(happened);
    const where = isArchiveEvent(happened, msg)
      ? [topics.uploadEvent, topics.archiveEvent]
      : [topics.uploadEvent];
    session.publishEvent(
      where.map((topic) => ({ topic, payload })),
      happened.event_type === 'failed',
    );
  }

  function alert(topic: string, payload: unknown): void {
    const happened = alertEvent(payload, told);
    if (happened !== undefined) session.publishEvent([{ topic, payload: JSON.stringify(happened) }], true);
  }

  function uploader(payload: unknown): void {
    const next = uploaderStatePayload(payload, told);
    if (next === undefined) return;
    const node = textOf(fieldsOf(payload).node) ?? '';
    followed ??= node;
    if (node !== followed) {
      if (!hasSaidSecond) options.onSecondUploader();
      hasSaidSecond = true;
      return;
    }
    lastUploader = { topic: topics.uploaderState, payload: JSON.stringify(next), isRetained: true };
    state(parts.seeUploader(), [lastUploader]);
    batch.see(payload);
  }

  function audit(msg: unknown): void {
    const happened = auditEvent(msg, told);
    if (happened === undefined) return;
    const last = auditStatePayload(fieldsOf(msg).payload, told);
    if (last !== undefined) state(false, [{ topic: topics.auditState, payload: JSON.stringify(last) }]);
    const isUrgent = happened.event_type !== 'clean';
    session.publishEvent([{ topic: topics.auditEvent, payload: JSON.stringify(happened) }], isUrgent);
  }

  function watch(payload: unknown): void {
    const folders = folderStatePayloads(payload, told);
    if (folders === undefined) return;
    const isNews = parts.seeFolders(watchNodeOf(payload) ?? '', folders);
    state(
      isNews,
      folders.map((folder) => ({ topic: topics.folderState(folder.id), payload: JSON.stringify(folder) })),
    );
  }

  function server(payload: unknown): void {
    const next = serverStatePayload(payload, told);
    const update = serverUpdatePayload(payload);
    if (next === undefined || update === undefined) return;
    state(parts.seeServer(next.url), [
      { topic: topics.serverState, payload: JSON.stringify(next) },
      { topic: topics.serverUpdate, payload: JSON.stringify(update) },
    ]);
  }

  function gpu(payload: unknown): void {
    const reading = gpuStatePayload(payload, told);
    if (reading === undefined) return;
    const message = { topic: topics.gpuState(reading.id), payload: JSON.stringify(reading), qos: 0 as const };
    const isNews = parts.seeGpu(reading.id, reading.index);
    state(isNews, [{ ...message, expirySeconds: READING_EXPIRES_SECONDS }], false);
  }

  return {
    repeatUploader() {
      if (lastUploader !== undefined) session.send(lastUploader);
    },
    callRoll() {
      followed = undefined;
      hasSaidSecond = false;
      parts.callRoll();
    },
    tell(msg) {
      if (signal.aborted) return;
      const { topic, payload, error } = fieldsOf(msg);
      // A caught error carries the message that failed: it is about the failure, whatever its topic. That of an audit is
      // about no file.
      if (topic === 'audit/report') audit(msg);
      else if (error !== undefined) event(msg);
      else if (topic === 'upload/state') uploader(payload);
      else if (topic === 'watch/state') watch(payload);
      else if (topic === 'immich/health') server(payload);
      else if (topic === 'immich/alert') alert(topics.serverEvent, payload);
      else if (topic === 'gpu/reading') gpu(payload);
      else if (topic === 'gpu/alert') alert(topics.gpuEvent, payload);
      else event(msg);
    },
  };
}

/** Follows the uploader's states and tells of each batch of files when it is through. */
function watchBatches(
  { topics, signal, batchQuietMs }: TellerOptions,
  now: () => number,
  publish: (message: MqttMessage) => void,
): { see(state: unknown): void } {
  const batches = createBatchWatch(batchQuietMs === undefined ? {} : { quietMs: batchQuietMs });
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(timer));
  const look = () => {
    const summary = batches.finish(now());
    if (summary !== undefined)
      publish({ topic: topics.uploadEvent, payload: JSON.stringify(batchEvent(summary)) });
    clearTimeout(timer);
    if (batches.endsAt !== null) timer = setTimeout(look, Math.max(1, batches.endsAt - now()));
  };
  return {
    see(state) {
      batches.see(state, now());
      look();
    },
  };
}

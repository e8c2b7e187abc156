import { ALERT_EVENT_TYPES } from '../../../lib/alert.js';
import { alertEvent } from '../../../lib/bridge/alert-event.js';
import { AUDIT_EVENT_TYPES, auditEvent, auditStatePayload } from '../../../lib/bridge/audit-event.js';
import { parseCommand, parseSetting } from '../../../lib/bridge/command.js';
import { folderStatePayloads } from '../../../lib/bridge/folder-payload.js';
import { gpuStatePayload } from '../../../lib/bridge/gpu-payload.js';
import type { KnownParts } from '../../../lib/bridge/part-list.js';
import { serverStatePayload, serverUpdatePayload } from '../../../lib/bridge/server-payload.js';
import {
  ARCHIVE_EVENT_TYPES,
  batchEvent,
  UPLOAD_EVENT_TYPES,
  uploadEvent,
} from '../../../lib/bridge/upload-event.js';
import { uploaderStatePayload } from '../../../lib/bridge/uploader-payload.js';
import type { BridgeTopics } from '../../../lib/mqtt/mqtt-topics.js';
import {
  auditReport,
  gpuReading,
  healthReport,
  storageAlert,
  uploadState,
} from '../bridge/sample-records.js';
import type { Published, Samples } from './discovery-case.js';

/** What the product says on its topics, made by its own functions from whole records and from empty ones. */
export function samplesOf(topics: BridgeTopics, parts: KnownParts): Samples {
  return { published: { ...states(topics, parts), ...events(topics) }, takes: takesCommand(topics) };
}

function states(topics: BridgeTopics, { folders, gpus }: KnownParts): Record<string, Published> {
  const retained = (...payloads: unknown[]): Published => ({ isRetained: true, payloads });
  const folder = { path: '/home/anna/Camera', state: 'watching', fileCount: 12 };
  return {
    [topics.status]: retained('online', 'offline'),
    [topics.uploaderState]: retained(uploaderStatePayload(uploadState), uploaderStatePayload({})),
    [topics.auditState]: retained(auditStatePayload(auditReport), auditStatePayload({ present: 0 })),
    [topics.serverState]: retained(serverStatePayload(healthReport), serverStatePayload({})),
    [topics.serverUpdate]: retained(serverUpdatePayload(healthReport), serverUpdatePayload({})),
    ...Object.fromEntries(
      folders.map(({ id }) => {
        const made = [{ ...folder, id }, { id }].flatMap((one) => folderStatePayloads({ folders: [one] }));
        return [topics.folderState(id), retained(...made)];
      }),
    ),
    ...Object.fromEntries(
      gpus.map(({ id }) => {
        const payloads = [gpuStatePayload({ ...gpuReading, id }), gpuStatePayload({ id })];
        return [topics.gpuState(id), { isRetained: false, payloads }];
      }),
    ),
  };
}

function events(topics: BridgeTopics): Record<string, Published> {
  const payload = { path: '/a.jpg', uploadOutcome: 'created' };
  const uploaded = uploadEvent({ topic: 'file/uploaded', payload });
  const archived = uploadEvent({ topic: 'file/archived', payload });
  const batch = batchEvent({ files: 1, bytes: 1, duplicates: 0, failed: 0, seconds: 1 });
  const alerts = [alertEvent(storageAlert), alertEvent({ alert: 'down', isRaised: false })];
  const told = (eventTypes: readonly string[], ...payloads: unknown[]): Published => ({
    isRetained: false,
    payloads,
    eventTypes,
  });
  return {
    [topics.uploadEvent]: told(UPLOAD_EVENT_TYPES, uploaded, archived, batch),
    [topics.archiveEvent]: told(ARCHIVE_EVENT_TYPES, archived),
    [topics.serverEvent]: told(ALERT_EVENT_TYPES, ...alerts),
    [topics.auditEvent]: told(AUDIT_EVENT_TYPES, auditEvent({ topic: 'audit/report', payload: auditReport })),
    [topics.gpuEvent]: told(ALERT_EVENT_TYPES, ...alerts),
  };
}

function takesCommand(topics: BridgeTopics): Samples['takes'] {
  const start = topics.command('');
  return (topic, payload) => {
    const bytes = Buffer.from(payload);
    if (topic === topics.pausedSet) return !('error' in parseSetting('paused', bytes));
    if (topic === topics.concurrencySet) return !('error' in parseSetting('concurrency', bytes));
    return topic.startsWith(start) && !('error' in parseCommand(topic.slice(start.length), bytes));
  };
}

import { randomUUID } from 'node:crypto';
import type { ALERT_EVENT_TYPES } from '../alert.js';
import { fieldsOf, numberOf, textOf, timeOf } from '../fields.js';
import { toldSentence } from './detail.js';
import { gpuIdOf } from './gpu-payload.js';
import type { EventOptions } from './upload-event.js';

/** That something crossed a limit or came back, as it goes over the wire. Every key is always there. */
export interface AlertEvent {
  readonly v: 1;
  readonly event_type: (typeof ALERT_EVENT_TYPES)[number];
  readonly id: string;
  readonly ts: string;
  /** One of HEALTH_ALERTS or GPU_ALERTS. */
  readonly alert: string;
  readonly message: string | null;
  readonly value: number | null;
  readonly limit: number | null;
  /** Which GPU, as in its topic; null for the server. */
  readonly gpu: string | null;
}

/**
 * The event that the payload of an `immich/alert` or `gpu/alert` message stands for; undefined when it does not say
 * what was raised or cleared. Never throws.
 */
export function alertEvent(record: unknown, options: EventOptions = {}): AlertEvent | undefined {
  const { detail = 'names', now = () => new Date(), newId = randomUUID } = options;
  const { alert, isRaised, message, value, limit, at, gpu } = fieldsOf(record);
  const name = textOf(alert);
  if (name === null || typeof isRaised !== 'boolean') return undefined;
  const sentence = textOf(message);
  return {
    v: 1,
    event_type: isRaised ? 'raised' : 'cleared',
    id: newId(),
    ts: timeOf(at) ?? now().toISOString(),
    alert: name,
    message: sentence && toldSentence(sentence, detail),
    value: numberOf(value),
    limit: numberOf(limit),
    gpu: gpuIdOf(gpu),
  };
}

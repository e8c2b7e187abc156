import { AUDIT_EVENT_TYPES } from '../bridge/audit-event.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import {
  attributes,
  CONFIG,
  type Components,
  count,
  DIAGNOSTIC,
  event,
  fromTopic,
  jsonValue,
  PRESS,
  trigger,
} from './component.js';

/** What Home Assistant shows of audits: what the last one came to, that one has ended, and a button that begins one. */
export function auditComponents({ auditState, auditEvent, command }: BridgeTopics): Components {
  const { sensor } = fromTopic(auditState);
  return {
    audit_missing: sensor('Missing in Immich', jsonValue('missing'), {
      ...count('files'),
      icon: 'mdi:image-broken-variant',
      ...DIAGNOSTIC,
      ...attributes(auditState, {
        audited_at: 'ended_at',
        present: 'present',
        trashed: 'trashed',
        changed: 'changed',
        unknown: 'unknown',
        unreadable: 'unreadable',
        requeued: 'requeued',
      }),
    }),
    audit_event: event('Audit', auditEvent, AUDIT_EVENT_TYPES, 'mdi:shield-search'),
    trigger_audit_missing: trigger(
      'audit_missing',
      'uploader',
      auditEvent,
      jsonValue('event_type'),
      'missing' satisfies (typeof AUDIT_EVENT_TYPES)[number],
    ),
    audit: {
      platform: 'button',
      name: 'Audit uploads',
      command_topic: command('audit'),
      payload_press: PRESS,
      icon: 'mdi:shield-search',
      ...CONFIG,
    },
  };
}

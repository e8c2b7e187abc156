import type { SessionStatus } from '../lib/mqtt/mqtt-session.js';
import type { Values } from './_node-status.js';
import type { NodeTools } from './_node-tools.js';

/** What shows the state of a bridge as status and log lines. */
export interface MqttReport {
  status(next: SessionStatus): void;
  /** The broker does not let us use a topic. */
  refused(topic: string, code: number): void;
  /** The broker takes a topic that it had refused. */
  accepted(topic: string): void;
  /** What was announced could not be remembered. */
  unsaved(error: Error): void;
  isConnected(): boolean;
}

/** Needs a person: the login, the certificate, or a name that somebody else uses. */
const RED = new Set<SessionStatus['kind']>(['login-refused', 'untrusted', 'taken-over']);

/** Makes a report; `values` are for the placeholders of its log lines. */
export function mqttReport<Options>(
  { status, log }: Pick<NodeTools<Options>, 'status' | 'log'>,
  values: Values,
): MqttReport {
  let last: SessionStatus = { kind: 'connecting', code: '', waiting: 0, dropped: 0 };
  const refused = new Set<string>();
  let hasSaidUnsaved = false;
  return {
    status(next) {
      show(status, next, refused.size > 0);
      if (next.kind !== last.kind) logKind(log, next, values);
      if (next.dropped > 0 && last.dropped === 0) log('warn', 'queue-full', values);
      if (next.dropped === 0 && last.dropped > 0) log('warn', 'dropped', { count: last.dropped });
      last = next;
    },
    refused(topic, code) {
      refused.add(topic);
      log('error', 'refused', { ...values, topic, code });
      show(status, last, true);
    },
    accepted(topic) {
      refused.delete(topic);
      show(status, last, refused.size > 0);
    },
    unsaved(error) {
      if (!hasSaidUnsaved) log('warn', 'unsaved', { reason: error.message });
      hasSaidUnsaved = true;
    },
    isConnected: () => last.kind === 'connected',
  };
}

function show(
  status: NodeTools<unknown>['status'],
  { kind, waiting, dropped }: SessionStatus,
  hasRefused: boolean,
): void {
  if (kind === 'closed') return;
  if (RED.has(kind)) status('red', kind);
  else if (kind === 'connected' && hasRefused) status('red', 'refused');
  else if (dropped > 0) status('yellow', 'lost', { count: dropped });
  else if (kind === 'connected') status('green', kind);
  else if (kind === 'offline' && waiting > 0) status('yellow', 'waiting', { count: waiting });
  else status('yellow', kind);
}

function logKind(
  log: NodeTools<unknown>['log'],
  { kind, code, waiting, dropped }: SessionStatus,
  values: Values,
): void {
  if (kind === 'connected') log('info', kind, values);
  if (kind === 'offline') log('warn', kind, { ...values, code });
  if (RED.has(kind)) log('error', kind, { ...values, code });
  if (kind === 'closed' && waiting + dropped > 0) log('warn', 'unsent', { count: waiting + dropped });
}

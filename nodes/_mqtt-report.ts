import type { SessionStatus } from '../lib/mqtt/mqtt-session.js';
import type { NodeTools, Values } from './_node-tools.js';

/** Makes what shows the state of a session as status and log lines; `values` are for the placeholders of the latter. */
export function mqttReport<Options>(
  { status, log }: Pick<NodeTools<Options>, 'status' | 'log'>,
  values: Values,
): (next: SessionStatus) => void {
  let last: SessionStatus = { kind: 'connecting', code: '', waiting: 0, dropped: 0 };
  return (next) => {
    show(status, next);
    if (next.kind !== last.kind) logKind(log, next, values);
    if (next.dropped > 0 && last.dropped === 0) log('warn', 'queue-full', values);
    if (next.dropped === 0 && last.dropped > 0) log('warn', 'dropped', { count: last.dropped });
    last = next;
  };
}

function show(status: NodeTools<unknown>['status'], { kind, waiting, dropped }: SessionStatus): void {
  if (kind === 'closed') return;
  if (kind === 'login-refused' || kind === 'untrusted') status('red', kind);
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
  if (kind === 'login-refused' || kind === 'untrusted') log('error', kind, { ...values, code });
  if (kind === 'closed' && waiting + dropped > 0) log('warn', 'unsent', { count: waiting + dropped });
}

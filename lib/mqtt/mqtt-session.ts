import { backoffMs, delay } from '../backoff.js';
import { atMostEvery } from '../throttle.js';
import { createEventDelivery, type DeliveryOptions, type EventDelivery } from './event-delivery.js';
import {
  type Connection,
  type ConnectionEnd,
  type ConnectionOptions,
  type MqttMessage,
  openConnection,
} from './mqtt-connection.js';

/** How a session is doing. */
export interface SessionStatus {
  readonly kind: 'connecting' | 'connected' | ConnectionEnd['kind'] | 'closed';
  /** Why it is not connected, for the log; empty when there is nothing to explain. */
  readonly code: string;
  /** Events that the broker has not acknowledged. */
  readonly waiting: number;
  /** Events dropped since the queue was last empty. */
  readonly dropped: number;
}

export interface SessionOptions
  extends Omit<ConnectionOptions, 'will'>,
    Pick<DeliveryOptions, 'queueSize' | 'windowSize'> {
  /** Where `online` and `offline` are published, retained. */
  readonly statusTopic: string;
  /** Ends the session: what waits is sent if that is quick, then it says `offline` and hangs up. */
  readonly signal: AbortSignal;
  /** Called at once for a new kind, and at most once in `statusEveryMs` for new numbers, always with the last ones. */
  readonly onStatus: (status: SessionStatus) => void;
  readonly statusEveryMs?: number;
  /** Wait after the first failure; it doubles up to `maxRetryMs`. */
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
  /** Wait after a refused login: long, because brokers lock out clients that keep guessing. */
  readonly refusedRetryMs?: number;
  /** Only a connection that lived this long makes the waits short again: two rivals for one name must calm down. */
  readonly settledMs?: number;
  /** What the end may take for the events that wait, and again for the acknowledgement of `offline`. */
  readonly closeMs?: number;
  readonly now?: () => number;
}

/** A session with a broker that comes back for ever. */
export interface MqttSession {
  /** Queues an event and returns at once: it arrives at least once, or is counted as dropped. */
  publish(message: MqttMessage, isFailure: boolean): void;
  /** Resolves when nothing of the session is left; only aborting its signal brings that about. */
  readonly ended: Promise<void>;
}

/** Starts a session: connects, says `online`, delivers events, and connects again whenever that ends. */
export function startMqttSession(options: SessionOptions): MqttSession {
  let kind: SessionStatus['kind'] = 'connecting';
  let code = '';
  const report = () => {
    options.onStatus({ kind, code, ...delivery.counts() });
  };
  const reportSoon = atMostEvery(options.statusEveryMs ?? 1_000, options.signal, report);
  const onChange = (isUrgent: boolean) => (isUrgent ? report() : reportSoon());
  const delivery = createEventDelivery({ ...options, onChange });
  const turn = (nextKind: SessionStatus['kind'], nextCode = '') => {
    const isNew = kind !== nextKind || code !== nextCode;
    kind = nextKind;
    code = nextCode;
    if (isNew) report();
  };
  report();
  return {
    publish(message, isFailure) {
      if (!options.signal.aborted) delivery.add(message, isFailure);
    },
    ended: stayConnected(options, delivery, turn),
  };
}

type Turn = (kind: SessionStatus['kind'], code?: string) => void;

async function stayConnected(options: SessionOptions, delivery: EventDelivery, turn: Turn): Promise<void> {
  const { signal, firstRetryMs: firstMs, maxRetryMs: maxMs = 60_000 } = options;
  const { refusedRetryMs = 60_000, settledMs = 30_000 } = options;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const { kind, code, openMs } = await connectOnce(options, delivery, turn);
    if (signal.aborted) break;
    turn(kind, code);
    if (openMs >= settledMs) attempt = 1;
    const waitMs = kind === 'login-refused' ? refusedRetryMs : backoffMs(attempt, { firstMs, maxMs });
    // It rejects only when the signal is aborted, and the loop looks at that itself.
    await delay(waitMs, signal).catch(() => {});
  }
  turn('closed');
}

/** One connection from beginning to end: why it ended, and how long it was open in milliseconds. */
async function connectOnce(
  options: SessionOptions,
  delivery: EventDelivery,
  turn: Turn,
): Promise<ConnectionEnd & { openMs: number }> {
  const { signal, statusTopic, now = Date.now } = options;
  const will = { topic: statusTopic, payload: 'offline', isRetained: true };
  const connection = openConnection({ ...options, will });
  let openedAt: number | undefined;
  const onAbort = () => {
    if (openedAt === undefined) connection.destroy();
    else void sayGoodbye(connection, delivery, will, options.closeMs);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if ((await connection.opened) && !signal.aborted) {
    openedAt = now();
    connection.publish({ ...will, payload: 'online' });
    turn('connected');
    delivery.start(connection);
  }
  const end = await connection.ended;
  signal.removeEventListener('abort', onAbort);
  delivery.stop();
  return { ...end, openMs: openedAt === undefined ? 0 : now() - openedAt };
}

/** The planned end: a clean good-bye makes the broker forget the will, so `offline` has to be there before it. */
async function sayGoodbye(
  connection: Connection,
  delivery: EventDelivery,
  will: MqttMessage,
  closeMs = 2_000,
): Promise<void> {
  const { ended } = connection;
  await atMost(closeMs, Promise.race([ended, delivery.emptied()]));
  delivery.stop();
  const acknowledged = new Promise<void>((resolve) => connection.publish(will, resolve));
  await atMost(closeMs, Promise.race([ended, acknowledged]));
  connection.close();
  await atMost(closeMs, ended);
  connection.destroy();
}

function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

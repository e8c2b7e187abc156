import { setImmediate as nextTurn } from 'node:timers/promises';
import { backoffMs, delay } from '../backoff.js';
import { atMostEvery } from '../throttle.js';
import type { ConnectionEnd, MqttVersion } from './mqtt-client.js';
import { type Connection, type ConnectionOptions, openConnection } from './mqtt-connection.js';
import type { MqttMessage } from './mqtt-message.js';
import { createOutbox, type Outbox, type OutboxOptions } from './mqtt-outbox.js';

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
  extends Omit<ConnectionOptions, 'will' | 'version'>,
    Omit<OutboxOptions, 'onChange'> {
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
  /** Wait after a refused login, or when somebody else uses our name: brokers lock out clients that keep trying. */
  readonly refusedRetryMs?: number;
  /** Only a connection that lived this long makes the waits short again: two rivals for one name must calm down. */
  readonly settledMs?: number;
  /** What the end may take for what waits, and again for the acknowledgement of `offline`. */
  readonly closeMs?: number;
}

/** A session with a broker that comes back for ever. Nothing in it throws, and nothing makes its caller wait. */
export interface MqttSession {
  /** Queues an event, told in one or more messages that go out together: it arrives at least once, or is counted as dropped. */
  publishEvent(messages: readonly MqttMessage[], isFailure: boolean): void;
  /**
   * Keeps the newest message of its topic and sends it, now or when the connection is back, unless it says what
   * was sent last. One with QoS 0 that is not retained is sent now or forgotten.
   */
  publishState(message: MqttMessage): void;
  /** Empties retained topics at the broker, now or when the connection is back, and forgets them. Resolves then, if ever. */
  clearStates(topics: readonly string[]): Promise<void>;
  /** Sends `online` and every state once more: the first topic, then the others as they were first published. */
  republish(): void;
  /** Sends now, or not at all and answers false: for somebody who asks now. */
  send(message: MqttMessage): boolean;
  /** The session will empty its status topic at its end instead of saying `offline`; until then it clears states. */
  forget(): void;
  /** Resolves when nothing of the session is left; only aborting its signal brings that about. */
  readonly ended: Promise<void>;
}

/** What the parts of one session share. */
interface Life {
  readonly options: SessionOptions;
  readonly outbox: Outbox;
  turn(kind: SessionStatus['kind'], code?: string): void;
  status(payload: string): MqttMessage;
  /** What the status topic says when all is over. */
  lastWord(): string;
}

/** One connection that is over. */
interface Past extends ConnectionEnd {
  readonly version: MqttVersion;
  /** Undefined when the broker never accepted it. */
  readonly openMs: number | undefined;
  /** Nothing was on its way when it ended. */
  readonly wasIdle: boolean;
}

/** So many connections in a row have to be cut off until we blame somebody who uses our name. */
const MANY_CUTS = 3;

/** Starts a session: connects, says `online`, tells states and events, and connects again whenever that ends. */
export function startMqttSession(options: SessionOptions): MqttSession {
  const { signal, statusTopic } = options;
  let kind: SessionStatus['kind'] = 'connecting';
  let code = '';
  let isForgotten = false;
  const report = () => options.onStatus({ kind, code, ...outbox.counts() });
  const reportSoon = atMostEvery(options.statusEveryMs ?? 1_000, signal, report);
  const onChange = (isUrgent: boolean) => (isUrgent ? report() : reportSoon());
  const outbox = createOutbox({ ...options, onChange });
  const turn: Life['turn'] = (nextKind, nextCode = '') => {
    const isNew = kind !== nextKind || code !== nextCode;
    kind = nextKind;
    code = nextCode;
    if (isNew) report();
  };
  const status = (payload: string) => ({ topic: statusTopic, payload, isRetained: true });
  const untilAborted = (work: () => void) => {
    if (!signal.aborted) work();
  };
  report();
  return {
    publishEvent: (messages, isFailure) => untilAborted(() => outbox.addEvent(messages, isFailure)),
    publishState: (message) => untilAborted(() => outbox.putState(message)),
    clearStates: outbox.clearStates,
    republish: () => untilAborted(() => outbox.repeat(status('online'))),
    send: (message) => !signal.aborted && outbox.send(message),
    forget() {
      isForgotten = true;
    },
    ended: stayConnected({ options, outbox, turn, status, lastWord: () => (isForgotten ? '' : 'offline') }),
  };
}

async function stayConnected(life: Life): Promise<void> {
  const { signal, firstRetryMs: firstMs, maxRetryMs: maxMs = 60_000 } = life.options;
  const { refusedRetryMs = 60_000, settledMs = 30_000 } = life.options;
  let version: MqttVersion = 5;
  let cuts = 0;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const past = await connectInAnyVersion(life, version);
    if (signal.aborted) break;
    if (past.openMs !== undefined) version = past.version;
    if (past.openMs !== undefined && past.openMs >= settledMs) attempt = 1;
    cuts = isCutOff(past, settledMs) ? cuts + 1 : 0;
    const kind = cuts >= MANY_CUTS ? 'taken-over' : past.kind;
    life.turn(kind, past.code);
    const isSlow = kind === 'login-refused' || kind === 'taken-over';
    // It rejects only when the signal is aborted, and the loop looks at that itself.
    await delay(isSlow ? refusedRetryMs : backoffMs(attempt, { firstMs, maxMs }), signal).catch(() => {});
  }
  life.turn('closed');
}

/** Speaks the version that worked last, and at once the other one to a broker that refuses it. */
async function connectInAnyVersion(life: Life, version: MqttVersion): Promise<Past> {
  const past = await connectOnce(life, version);
  if (!past.isVersionRefused || life.options.signal.aborted) return past;
  return connectOnce(life, version === 5 ? 4 : 5);
}

/**
 * Few brokers say that they give our name to another client (mosquitto 2.0 does not): they go without a word,
 * soon after we came. Some do the same over a message that they do not want, but that is still on its way then.
 */
function isCutOff({ kind, code, openMs, wasIdle }: Past, settledMs: number): boolean {
  const isWordless = kind === 'offline' && (code === 'closed' || code === 'ECONNRESET');
  return isWordless && wasIdle && openMs !== undefined && openMs < settledMs;
}

/** One connection from beginning to end. */
async function connectOnce(life: Life, version: MqttVersion): Promise<Past> {
  const { options, outbox, turn, status } = life;
  const { signal, now = () => performance.now() } = options;
  const connection = openConnection({ ...options, version, will: status('offline') });
  let openedAt: number | undefined;
  const onAbort = () => {
    if (openedAt === undefined) connection.destroy();
    else void sayGoodbye(connection, life);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if ((await connection.opened) && !signal.aborted) {
    openedAt = now();
    turn('connected');
    outbox.start(connection, status('online'));
  }
  const end = await connection.ended;
  signal.removeEventListener('abort', onAbort);
  const wasIdle = outbox.isIdle;
  outbox.stop();
  return { ...end, version, openMs: openedAt === undefined ? undefined : now() - openedAt, wasIdle };
}

/** The planned end: a clean good-bye makes the broker forget the will, so `offline` has to be there before it. */
async function sayGoodbye(connection: Connection, life: Life): Promise<void> {
  const { closeMs = 2_000 } = life.options;
  const { ended } = connection;
  // Whoever ends the session may now clear what it has said.
  await nextTurn();
  await atMost(closeMs, Promise.race([ended, life.outbox.emptied()]));
  life.outbox.stop();
  const answered = new Promise((resolve) => connection.publish(life.status(life.lastWord()), resolve));
  await atMost(closeMs, Promise.race([ended, answered]));
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

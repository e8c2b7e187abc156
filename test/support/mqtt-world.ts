import { onTestFinished, vi } from 'vitest';
import { parseBrokerAddress } from '../../lib/mqtt/mqtt-address.js';
import {
  type MqttSession,
  type SessionOptions,
  type SessionStatus,
  startMqttSession,
} from '../../lib/mqtt/mqtt-session.js';
import { type BareBroker, type BareBrokerOptions, startBareBroker } from './bare-broker.js';
import { type Broker, type BrokerOptions, type Listener, listenTo, startBroker } from './broker.js';
import { type Mosquitto, type MosquittoOptions, startMosquitto } from './mosquitto.js';

/** The topics of the sessions of a test. */
export const STATUS = 'immich-bridge/test/status';
export const EVENT = 'immich-bridge/test/event/upload';

/** What a session says at its beginning and at its end, as a broker sees it. */
export const online = { topic: STATUS, payload: 'online', retain: true, qos: 1 };
export const offline = { ...online, payload: 'offline' };

/** A session of a test's own. */
export interface Running extends MqttSession {
  readonly statuses: SessionStatus[];
  /** Topics and filters that the broker refused, with the codes. */
  readonly refused: [string, number][];
  /** Tells ordinary events of one message. */
  tell(...payloads: string[]): void;
  /** Tells failures of one message. */
  fail(...payloads: string[]): void;
  stop(): Promise<void>;
  /** Aborts the session's signal. */
  abort(): void;
}

/** Waits for a condition, with patience for a busy machine. */
export const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 2 });

/** A broker of this test's own, stopped after it. */
export async function brokerWith(options: BrokerOptions = {}): Promise<Broker> {
  const broker = await startBroker(options);
  onTestFinished(() => broker.stop());
  return broker;
}

/** A broker that says what it is told to, stopped after this test. */
export async function bareBrokerWith(options: BareBrokerOptions = {}): Promise<BareBroker> {
  const broker = await startBareBroker(options);
  onTestFinished(() => broker.stop());
  return broker;
}

/** A mosquitto of this test's own, stopped after it. */
export async function mosquittoWith(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const mosquitto = await startMosquitto(options);
  onTestFinished(() => mosquitto.stop());
  return mosquitto;
}

/** Somebody who hears everything that a broker says, until this test ends. */
export async function listenerAt(...args: Parameters<typeof listenTo>): Promise<Listener> {
  const listener = await listenTo(...args);
  onTestFinished(() => listener.stop());
  return listener;
}

/** A session with times short enough for a test and no gap between events, ended after it. */
export function sessionWith(url: string, options: Partial<SessionOptions> = {}): Running {
  const closing = new AbortController();
  const statuses: SessionStatus[] = [];
  const refused: [string, number][] = [];
  const session = startMqttSession({
    address: parseBrokerAddress(url),
    clientId: 'immich-bridge-test-1',
    statusTopic: STATUS,
    signal: closing.signal,
    onStatus: (status) => statuses.push(status),
    onRefused: (topic, code) => refused.push([topic, code]),
    statusEveryMs: 5,
    firstRetryMs: 10,
    maxRetryMs: 20,
    eventGapMs: 0,
    closeMs: 300,
    ...options,
  });
  const stop = () => {
    closing.abort();
    return session.ended;
  };
  onTestFinished(stop);
  const tell = (payloads: string[], isFailure: boolean) => {
    for (const payload of payloads) session.publishEvent([{ topic: EVENT, payload }], isFailure);
  };
  return {
    ...session,
    statuses,
    refused,
    stop,
    abort: () => closing.abort(),
    tell: (...payloads) => tell(payloads, false),
    fail: (...payloads) => tell(payloads, true),
  };
}

/** The events that a broker or a listener saw. */
export const events = (seen: Pick<Broker, 'messages'>): string[] => payloadsOn(seen, EVENT);

/** What a broker or a listener saw on a topic. */
export const payloadsOn = ({ messages }: Pick<Broker, 'messages'>, wanted: string): string[] =>
  messages.filter(({ topic }) => topic === wanted).map(({ payload }) => payload);

/** `topic payload` of each message that a broker or a listener saw. */
export const lines = ({ messages }: Pick<Broker, 'messages'>): string[] =>
  messages.map(({ topic, payload }) => `${topic} ${payload}`.trim());

/** Numbers as texts, both ends included. */
export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** The kinds of a session's statuses, each once in a row. */
export const kinds = ({ statuses }: Running): string[] =>
  statuses.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const broker = await startBroker();
  await broker.stop();
  return broker.port;
}

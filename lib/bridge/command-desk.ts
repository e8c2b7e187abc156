import type { MqttMessage, ReceivedMessage } from '../mqtt/mqtt-connection.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import { type Command, parseCommand, parseSetting } from './command.js';

export interface CommandDeskOptions {
  readonly topics: BridgeTopics;
  readonly signal: AbortSignal;
  /** Passes a valid command on to whoever can do it. */
  readonly forward: (command: Command) => void;
  readonly send: (message: MqttMessage) => void;
  /** Somebody set a value that does not work: he is to see the true one again. */
  readonly onBadSetting: () => void;
  /** A retained command was left alone, because nobody knows how old it is. */
  readonly onIgnored: (topic: string) => void;
  /** How long whoever does the command may take to answer. */
  readonly patienceMs?: number;
}

/** What a node answers to a command. */
export interface CommandAnswer {
  readonly name: string;
  /** Null when the command came from a wire. */
  readonly id: string | null;
  readonly isOk: boolean;
  readonly error: string | null;
}

/** Takes commands in from MQTT and brings the answers out: exactly one each. */
export interface CommandDesk {
  take(message: ReceivedMessage): void;
  answer(answer: CommandAnswer): void;
}

interface Open {
  readonly from: ReceivedMessage;
  readonly timer: NodeJS.Timeout;
}

/** QoS 1 may deliver twice: so many ids are remembered. */
const REMEMBERED_IDS = 200;

/** Answers are for somebody who waits now. */
const ANSWER_EXPIRES_SECONDS = 60;

/** Opens a desk. Nothing that comes over the wire makes it throw. */
export function openCommandDesk(options: CommandDeskOptions): CommandDesk {
  const { topics, signal, forward, send, patienceMs = 5_000 } = options;
  const open = new Map<string, Open>();
  const ids = new Set<string>();
  const commandStart = topics.command('');
  signal.addEventListener('abort', () => {
    for (const { timer } of open.values()) clearTimeout(timer);
    open.clear();
  });

  function isNew(id: string): boolean {
    if (ids.has(id)) return false;
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > REMEMBERED_IDS && oldest !== undefined) ids.delete(oldest);
    return true;
  }

  function reply(name: string, id: string | null, error: string | null, from?: ReceivedMessage): void {
    const payload = JSON.stringify({ v: 1, id, ok: error === null, error });
    const message = { payload, expirySeconds: ANSWER_EXPIRES_SECONDS };
    send({ ...message, topic: topics.response(name) });
    // MQTT 5: where the asker wants it, with the mark by which he knows it again.
    const { responseTopic, correlationData } = from ?? {};
    if (responseTopic === undefined || /[#+]/.test(responseTopic) || responseTopic === topics.response(name))
      return;
    send({ ...message, topic: responseTopic, ...(correlationData && { correlationData }) });
  }

  function takeCommand(name: string, from: ReceivedMessage): void {
    const command = parseCommand(name, from.payload);
    if ('error' in command) reply(name, command.id, command.error, from);
    else if (isNew(command.id)) pass(name, command, from);
  }

  function pass(name: string, command: Command, from: ReceivedMessage): void {
    const timer = setTimeout(() => {
      open.delete(command.id);
      reply(
        name,
        command.id,
        'Nobody took this command: the output of the MQTT bridge has to be wired to a node that does.',
        from,
      );
    }, patienceMs);
    open.set(command.id, { from, timer });
    forward(command);
  }

  function takeSetting(setting: 'paused' | 'concurrency', payload: Buffer): void {
    const command = parseSetting(setting, payload);
    if ('error' in command) options.onBadSetting();
    else forward(command);
  }

  return {
    take(message) {
      const { topic, isRetained, payload } = message;
      const isSetting = topic === topics.pausedSet || topic === topics.concurrencySet;
      // A topic that ends in a slash has no name to answer to.
      if (!isSetting && !(topic.startsWith(commandStart) && topic.length > commandStart.length)) return;
      if (isRetained) options.onIgnored(topic);
      else if (isSetting) takeSetting(topic === topics.pausedSet ? 'paused' : 'concurrency', payload);
      else takeCommand(topic.slice(commandStart.length), message);
    },
    answer({ name, id, isOk, error }) {
      const waiting = id === null ? undefined : open.get(id);
      if (id !== null && waiting === undefined) return;
      clearTimeout(waiting?.timer);
      if (id !== null) open.delete(id);
      reply(name, id, isOk ? null : (error ?? 'It did not work.'), waiting?.from);
    },
  };
}

import type { MqttMessage, ReceivedMessage } from '../mqtt/mqtt-message.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import { say } from '../say.js';
import { type Command, parseCommand, parseSetting } from './command.js';
import { type Detail, toldSentence } from './detail.js';

export interface CommandDeskOptions {
  readonly topics: BridgeTopics;
  readonly signal: AbortSignal;
  readonly detail: Detail;
  /** Passes a valid command on to whoever can do it. */
  readonly forward: (command: Command) => void;
  readonly send: (message: MqttMessage) => void;
  /** Somebody set a value that does not work: he is to see the true one again. */
  readonly onBadSetting: () => void;
  /** A retained command was left alone, because nobody knows how old it is. */
  readonly onIgnored: (topic: string) => void;
  /** Topics that an answer may not go to, wherever it is wanted: those that mean something here. */
  readonly isReserved: (topic: string) => boolean;
  /** How long whoever does the command may take to answer. */
  readonly patienceMs?: number;
  readonly now?: () => number;
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

/** A command and what became of it. */
interface Case {
  readonly from: ReceivedMessage;
  readonly at: number;
  /** Undefined once it was answered. */
  timer: NodeJS.Timeout | undefined;
  error: string | null;
}

/** QoS 1 may deliver twice: within this time the same command with the same id is done once. */
const SAME_WITHIN_MS = 10_000;

/** Commands that wait for their answers; more are refused. */
const MOST_OPEN = 100;

/** Commands that are remembered: in a flood the oldest are forgotten before their time. */
const MOST_KNOWN = 1_000;

/** Answers are for somebody who waits now. */
const ANSWER_EXPIRES_SECONDS = 60;

const nobody = () =>
  say`Nobody took this command: the output of the MQTT bridge has to be wired to a node that does.`;

/** Opens a desk. Nothing that comes over the wire makes it throw. */
export function openCommandDesk(options: CommandDeskOptions): CommandDesk {
  const { topics, signal, detail, forward, send, patienceMs = 5_000, now = Date.now } = options;
  const cases = new Map<string, Case>();
  const commandStart = topics.command('');
  let openCount = 0;
  signal.addEventListener('abort', () => {
    for (const { timer } of cases.values()) clearTimeout(timer);
    cases.clear();
  });

  function reply(name: string, id: string | null, error: string | null, from?: ReceivedMessage): void {
    const told = error === null ? null : toldSentence(error, detail);
    const payload = JSON.stringify({ v: 1, id, ok: error === null, error: told });
    const message = { payload, expirySeconds: ANSWER_EXPIRES_SECONDS };
    send({ ...message, topic: topics.response(name) });
    // MQTT 5: where the asker wants it, with the mark by which he knows it again.
    const { responseTopic, correlationData } = from ?? {};
    if (responseTopic === undefined || !isFit(responseTopic) || options.isReserved(responseTopic)) return;
    send({ ...message, topic: responseTopic, ...(correlationData && { correlationData }) });
  }

  function takeCommand(name: string, from: ReceivedMessage): void {
    const command = parseCommand(name, from.payload);
    const { id } = command;
    forgetOld();
    const known = cases.get(keyOf(name, id));
    if ('error' in command) reply(name, id, command.error, from);
    else if (known !== undefined) repeat(name, id, known, from);
    else if (openCount < MOST_OPEN) pass(command, from);
    else reply(name, id, say`Too many commands at a time. Try again in some seconds.`, from);
  }

  /** They are in the order in which they came, so it is enough to look at the oldest. */
  function forgetOld(): void {
    for (const [key, { at, timer }] of cases) {
      const isOld = now() - at > SAME_WITHIN_MS;
      if (!isOld && cases.size <= MOST_KNOWN) return;
      if (timer === undefined) cases.delete(key);
    }
  }

  /** The same command came once more: if it was answered, so is this one. */
  function repeat(name: string, id: string, { timer, error }: Case, from: ReceivedMessage): void {
    if (timer === undefined) reply(name, id, error, from);
  }

  function pass(command: Command, from: ReceivedMessage): void {
    const { name, id } = command;
    const timer = setTimeout(() => settle(name, id, nobody()), patienceMs);
    cases.set(keyOf(name, id), { from, at: now(), timer, error: null });
    openCount += 1;
    forward(command);
  }

  function settle(name: string, id: string, error: string | null): void {
    const open = cases.get(keyOf(name, id));
    if (open?.timer === undefined) return;
    clearTimeout(open.timer);
    openCount -= 1;
    open.timer = undefined;
    open.error = error;
    reply(name, id, error, open.from);
  }

  return {
    take(message) {
      const { topic, isRetained, payload } = message;
      const setting = settingOf(topics, topic);
      const name = topic.startsWith(commandStart) ? topic.slice(commandStart.length) : '';
      if (setting === undefined && !isName(name)) return;
      if (isRetained) {
        // An empty one is how a retained command is taken away.
        if (payload.length > 0) options.onIgnored(topic);
      } else if (setting === undefined) takeCommand(name, message);
      else {
        const command = parseSetting(setting, payload);
        if ('error' in command) options.onBadSetting();
        else forward(command);
      }
    },
    answer({ name, id, isOk, error }) {
      if (!isName(name)) return;
      const reason = isOk ? null : (error ?? say`It did not work.`);
      if (id === null) reply(name, null, reason);
      else settle(name, id, reason);
    },
  };
}

function settingOf(topics: BridgeTopics, topic: string): 'paused' | 'concurrency' | undefined {
  if (topic === topics.pausedSet) return 'paused';
  return topic === topics.concurrencySet ? 'concurrency' : undefined;
}

const keyOf = (name: string, id: string) => `${name} ${id}`;

/** What a broker may hang up on (MQTT 5, section 1.5.4), and what would begin a new line in a log. */
const UNFIT = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u2028\u2029]/u;

/** A name that an answer can carry in its topic. */
function isName(name: string): boolean {
  return /^[^/#+]{1,64}$/u.test(name) && !UNFIT.test(name);
}

/** A topic that every broker takes, and that is not the broker's own. */
function isFit(topic: string): boolean {
  return /^(?!\$)[^#+]{1,256}$/.test(topic) && !UNFIT.test(topic);
}

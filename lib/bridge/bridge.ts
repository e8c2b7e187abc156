import { fieldsOf, textOf } from '../fields.js';
import type { Announced } from '../home-assistant/announced.js';
import { createAnnouncer } from '../home-assistant/announcer.js';
import { discoveryDocument, discoveryTopic } from '../home-assistant/discovery-document.js';
import type { JsonFile } from '../json-file.js';
import { type SessionOptions, startMqttSession } from '../mqtt/mqtt-session.js';
import { type BridgeTopics, bridgeTopics } from '../mqtt/mqtt-topics.js';
import type { Command } from './command.js';
import { type CommandAnswer, openCommandDesk } from './command-desk.js';
import type { Detail } from './detail.js';
import { isNameless } from './folder-payload.js';
import { type BridgeFacts, infoPayload } from './info-payload.js';
import { createPartList, type KnownParts } from './part-list.js';
import { createTeller } from './teller.js';

type SessionPart = Omit<SessionOptions, 'statusTopic' | 'subscriptions' | 'onMessage' | 'firstTopic'>;

export interface BridgeOptions extends SessionPart, Omit<BridgeFacts, 'discoveryTopic'> {
  readonly baseTopic: string;
  /** Where Home Assistant looks for devices; null turns discovery off. */
  readonly discoveryPrefix: string | null;
  readonly detail: Detail;
  readonly memory: JsonFile<Announced>;
  readonly onCommand: (command: Command) => void;
  /** A retained command was left alone. */
  readonly onIgnored: (topic: string) => void;
  readonly onUnsaved: (error: Error) => void;
  /** Two uploaders are wired to one bridge: only the first is followed. */
  readonly onSecondUploader: () => void;
  /** A part that has not spoken for so long after a roll call is gone, in milliseconds. */
  readonly unseenMs?: number;
  /** How long a node may take to answer a command. */
  readonly patienceMs?: number;
  readonly batchQuietMs?: number;
  readonly birthDelayMs?: () => number;
  readonly gatherMs?: number;
}

/** All that goes over the wire for one instance. Nothing in it throws, and nothing makes its caller wait. */
export interface Bridge {
  /** Tells what a message of the flow says, if it says something. */
  take(msg: unknown): void;
  /** The flows were started: whoever does not speak from now on is gone. */
  callRoll(): void;
  /** To be called right after the signal was aborted; takes everything back if the bridge is no more. */
  close(isRemoved: boolean): Promise<void>;
}

/** Starts a bridge: states, events, commands and Home Assistant's document over one session with a broker. */
export function startBridge(options: BridgeOptions): Bridge {
  const { discoveryPrefix, instance, memory, detail, signal, unseenMs = 600_000 } = options;
  const topics = bridgeTopics(options.baseTopic, instance);
  const document = discoveryPrefix === null ? null : discoveryTopic(discoveryPrefix, instance);
  // What means something here: no answer may go there.
  const reserved = [topics.root, ...(discoveryPrefix === null ? [] : [discoveryPrefix])].map(
    (start) => `${start}/`,
  );
  const birthTopic = discoveryPrefix === null ? null : `${discoveryPrefix}/status`;
  const parts = createPartList(tellable(memory.initial?.parts, detail));
  const session = startMqttSession({
    ...options,
    statusTopic: topics.status,
    ...(document !== null && { firstTopic: document }),
    subscriptions: subscriptionsOf(topics, birthTopic),
    onMessage: (message) => {
      if (message.topic !== birthTopic) desk.take(message);
      else if (message.payload.toString() === 'online') announcer.welcome();
    },
  });
  const announcer = createAnnouncer(
    {
      ...options,
      session,
      discoveryTopic: document,
      documentOf: (known) => discoveryDocument(known, { ...options, topics }),
      retainedOf: (known) => retainedTopics(topics, known),
    },
    parts.known(),
  );
  const desk = openCommandDesk({
    ...options,
    topics,
    forward: options.onCommand,
    send: session.send,
    onBadSetting: () => teller.repeatUploader(),
    isReserved: (topic) => reserved.some((start) => topic.startsWith(start)),
  });
  const { ready, update: onParts } = announcer;
  const teller = createTeller({ ...options, topics, session, parts, ready, onParts });
  const info = infoPayload({ ...options, discoveryTopic: document }, { detail });
  void ready.then(() =>
    session.publishState({ topic: topics.info, payload: JSON.stringify(info), isRetained: true }),
  );
  let roll: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(roll));

  return {
    take(msg) {
      const answer = answerIn(msg);
      if (answer === undefined) teller.tell(msg);
      else desk.answer(answer);
    },
    callRoll() {
      teller.callRoll();
      clearTimeout(roll);
      roll = setTimeout(() => parts.forgetUnseen() && void announcer.update(parts.known()), unseenMs);
    },
    async close(isRemoved) {
      if (isRemoved) {
        session.forget();
        await announcer.withdraw();
      }
      await Promise.all([session.ended, announcer.settled()]);
    },
  };
}

/** What may be told of the parts that are remembered: names that were told before are forgotten when they no longer may. */
function tellable(parts: KnownParts | undefined, detail: Detail): KnownParts | undefined {
  if (parts === undefined || detail !== 'none') return parts;
  return { ...parts, folders: parts.folders.filter(({ id, name }) => name === null && isNameless(id)) };
}

function subscriptionsOf(topics: BridgeTopics, birthTopic: string | null): string[] {
  const own = [topics.anyCommand, topics.pausedSet, topics.concurrencySet];
  return birthTopic === null ? own : [...own, birthTopic];
}

function retainedTopics(topics: BridgeTopics, { hasUploader, server, folders }: KnownParts): string[] {
  return [
    topics.status,
    topics.info,
    ...(hasUploader ? [topics.uploaderState, topics.auditState] : []),
    ...(server === null ? [] : [topics.serverState, topics.serverUpdate]),
    ...folders.map(({ id }) => topics.folderState(id)),
  ];
}

/** The answer to a command, when a message is one. */
function answerIn(msg: unknown): CommandAnswer | undefined {
  const { topic, payload, error } = fieldsOf(msg);
  if (topic !== 'command/response' || error !== undefined) return undefined;
  const { name, id, isOk, error: reason } = fieldsOf(payload);
  if (typeof name !== 'string' || typeof isOk !== 'boolean') return undefined;
  return { name, id: textOf(id), isOk, error: textOf(reason) };
}

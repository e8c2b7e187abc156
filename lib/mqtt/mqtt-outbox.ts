import { createEventDelivery, type DeliveryOptions, type EventDelivery } from './event-delivery.js';
import type { Connection } from './mqtt-connection.js';
import type { MqttMessage, Outgoing, Refusal } from './mqtt-message.js';
import { createStateBoard } from './state-board.js';

/** What an outbox needs of a connection. */
export type Wire = Pick<Connection, 'publish' | 'subscribe' | 'receiveMaximum' | 'isCongested'>;

export interface OutboxOptions extends Omit<DeliveryOptions, 'onDue'> {
  /** Messages on their way at the same time; fewer when the broker wants fewer. */
  readonly windowSize?: number;
  /** The state that goes out before all other states. */
  readonly firstTopic?: string;
  /** What is asked for at the beginning of every connection. */
  readonly subscriptions?: readonly string[];
  /** Called once for a topic, or a filter, that the broker refuses, and again only after it was taken meanwhile. */
  readonly onRefused?: (topic: string, code: number) => void;
  /** Called when a refused topic was taken after all. */
  readonly onAccepted?: (topic: string) => void;
}

/** All that a bridge says: what is urgent goes first, then states, then events; it outlives connections. */
export interface Outbox extends Pick<EventDelivery, 'counts'> {
  addEvent: EventDelivery['add'];
  /** Keeps the newest message of its topic; one that may get lost is sent now or forgotten. */
  putState(message: MqttMessage): void;
  /** Resolves when the broker has emptied them, and never if that never happens. */
  clearStates(topics: readonly string[]): Promise<void>;
  /**
   * Sends over the connection that is there, or not at all: then it answers false. A refusal is told to nobody,
   * because whoever asks may name any topic for the answer.
   */
  send(message: MqttMessage): boolean;
  /** Says all states once more, after this message. */
  repeat(greeting: MqttMessage): void;
  /** Begins a connection: it asks for messages, greets, says all states, and then delivers events. */
  start(wire: Wire, greeting: MqttMessage): void;
  /** Ends the delivery over the connection; what it did not acknowledge goes out again over the next one. */
  stop(): void;
  /** Hurries, and resolves when everything has been answered. */
  emptied(): Promise<void>;
  /** True when nothing is on its way. */
  readonly isIdle: boolean;
}

/** Answers that wait for a broker that acknowledges nothing; nobody waits for more of them. */
const MOST_URGENT = 1_000;

/** Makes an empty outbox. Its memory is bounded by the number of topics and the size of the queue. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { windowSize = 20, firstTopic, subscriptions = [], onRefused, onAccepted } = options;
  const board = createStateBoard(firstTopic);
  const delivery = createEventDelivery({ ...options, onDue: () => pump() });
  const refused = new Set<string>();
  let wire: Wire | undefined;
  let greetings: MqttMessage[] = [];
  let answers: MqttMessage[] = [];
  let areEventsDue = false;
  let onTheirWay = 0;
  let onEmptied = () => {};

  function pump(): void {
    while (wire !== undefined && onTheirWay < Math.min(windowSize, wire.receiveMaximum)) {
      const answer = greetings.length === 0 ? answers.shift() : undefined;
      const next = answer === undefined ? takeNext() : { message: answer };
      if (next === undefined) break;
      transmit(wire, next, answer === undefined);
    }
    if (isEmpty()) onEmptied();
  }

  function takeNext(): Outgoing | undefined {
    const message = greetings.shift();
    if (message !== undefined) return { message };
    return board.take() ?? (areEventsDue ? delivery.take() : undefined);
  }

  function transmit(over: Wire, { message, onAnswered }: Outgoing, isNoted: boolean): void {
    onTheirWay += 1;
    over.publish(message, (code) => {
      if (over !== wire) return;
      onTheirWay -= 1;
      if (isNoted) note({ topic: message.topic, code });
      onAnswered?.();
      pump();
    });
  }

  /** A refused message counts as delivered: it would be refused again, and hold up all others for ever. */
  function note({ topic, code }: Refusal): void {
    if (code < 128) {
      if (refused.delete(topic)) onAccepted?.(topic);
    } else if (!refused.has(topic)) {
      refused.add(topic);
      onRefused?.(topic, code);
    }
  }

  const isEmpty = () =>
    onTheirWay === 0 &&
    greetings.length + answers.length === 0 &&
    board.waiting === 0 &&
    delivery.counts().waiting === 0;

  return {
    addEvent(messages, isFailure) {
      delivery.add(messages, isFailure);
      pump();
    },
    putState(message) {
      const mayGetLost = message.qos === 0 && !message.isRetained;
      if (!mayGetLost) board.put(message);
      else if (wire !== undefined && !wire.isCongested)
        wire.publish(message, (code) => note({ ...message, code }));
      pump();
    },
    clearStates(topics) {
      const cleared = board.clear(topics);
      pump();
      return cleared;
    },
    send(message) {
      if (wire === undefined || answers.length >= MOST_URGENT) return false;
      answers.push(message);
      pump();
      return true;
    },
    repeat(greeting) {
      if (wire === undefined) return;
      greetings = [greeting];
      board.rewind();
      pump();
    },
    start(next, greeting) {
      wire = next;
      greetings = [greeting];
      answers = [];
      board.rewind();
      areEventsDue = subscriptions.length === 0;
      if (!areEventsDue) {
        void next.subscribe(subscriptions).then((refusals) => {
          if (wire !== next) return;
          refusals.forEach(note);
          areEventsDue = true;
          pump();
        });
      }
      pump();
    },
    stop() {
      wire = undefined;
      onTheirWay = 0;
      delivery.rewind();
    },
    emptied: () =>
      new Promise((resolve) => {
        delivery.hurry();
        onEmptied = resolve;
        pump();
      }),
    counts: delivery.counts,
    get isIdle() {
      return onTheirWay === 0;
    },
  };
}

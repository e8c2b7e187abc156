import type { MqttMessage, Outgoing } from './mqtt-message.js';

/**
 * The newest message of each topic that has a state, and which of them the broker has still to be told. Its size
 * is the number of topics, however often they change.
 */
export interface StateBoard {
  /** Puts up a state. There is nothing to tell when it says what was sent last. */
  put(message: MqttMessage): void;
  /**
   * Empties topics at the broker, also such as were never put up, and forgets them when that is done. Resolves
   * then, or when something new was put up instead; never when neither ever happens.
   */
  clear(topics: readonly string[]): Promise<void>;
  /** The next state to tell; undefined when all have been told. */
  take(): Outgoing | undefined;
  /** All of it has to be told once more: the first topic, then the others as they were first put up. */
  rewind(): void;
  /** Topics that have not been told yet. */
  readonly waiting: number;
  /** Topics that are known. */
  readonly size: number;
}

interface State {
  message: MqttMessage;
  /** What was told since the last rewind. */
  sent: MqttMessage | undefined;
  /** Who waits for it to be emptied: all share one promise, however often they ask. */
  emptied: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
}

/** Makes an empty board. `firstTopic` is told before everything else that waits. */
export function createStateBoard(firstTopic?: string): StateBoard {
  const states = new Map<string, State>();
  const waiting = new Set<string>();

  function put(message: MqttMessage): State {
    const { topic } = message;
    const state = states.get(topic) ?? { message, sent: undefined, emptied: undefined };
    state.message = message;
    states.set(topic, state);
    if (isSame(message, state.sent)) waiting.delete(topic);
    else waiting.add(topic);
    if (message.payload !== '') settle(state);
    return state;
  }

  function settle(state: State): void {
    state.emptied?.resolve();
    state.emptied = undefined;
  }

  /** An empty message removes a retained one: once that is done there is nothing to remember. */
  function forget(topic: string): void {
    const state = states.get(topic);
    if (state?.message.payload !== '' || waiting.has(topic)) return;
    states.delete(topic);
    settle(state);
  }

  return {
    put: (message) => void put(message),
    async clear(topics) {
      const emptied = topics.map((topic) => {
        const state = put({ topic, payload: '', isRetained: true });
        state.emptied ??= deferred();
        return state.emptied.promise;
      });
      await Promise.all(emptied);
    },
    take() {
      const isFirst = firstTopic !== undefined && waiting.has(firstTopic);
      const topic = isFirst ? firstTopic : waiting.values().next().value;
      const state = topic === undefined ? undefined : states.get(topic);
      if (topic === undefined || state === undefined) return undefined;
      const { message } = state;
      state.sent = message;
      waiting.delete(topic);
      return { message, onAnswered: message.payload === '' ? () => forget(topic) : undefined };
    },
    rewind() {
      waiting.clear();
      for (const [topic, state] of states) {
        state.sent = undefined;
        waiting.add(topic);
      }
    },
    get waiting() {
      return waiting.size;
    },
    get size() {
      return states.size;
    },
  };
}

function isSame(message: MqttMessage, other: MqttMessage | undefined): boolean {
  return message.payload === other?.payload && message.isRetained === other.isRetained;
}

function deferred(): NonNullable<State['emptied']> {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

import { createEventQueue } from './event-queue.js';
import type { Connection, MqttMessage } from './mqtt-connection.js';

export interface DeliveryOptions {
  /** Events held at most; beyond that the oldest are dropped, failures last. */
  readonly queueSize?: number;
  /** Events on their way at the same time. */
  readonly windowSize?: number;
  /** Called after every change of the numbers; `isUrgent` when somebody should see exactly these. */
  readonly onChange: (isUrgent: boolean) => void;
}

/** Events that wait for a connection, go out over it in order, and wait again if it ends too early. */
export interface EventDelivery {
  add(message: MqttMessage, isFailure: boolean): void;
  start(connection: Pick<Connection, 'publish'>): void;
  /** Ends the delivery over the connection; what it did not acknowledge goes out again over the next one. */
  stop(): void;
  /** Resolves when everything has been acknowledged. */
  emptied(): Promise<void>;
  /** Events that were not acknowledged, and events dropped since the queue was last empty. */
  counts(): { waiting: number; dropped: number };
}

/** Makes a delivery with nothing in it. Memory is bounded by `queueSize`, whatever the broker does. */
export function createEventDelivery(options: DeliveryOptions): EventDelivery {
  const { queueSize = 1_000, windowSize = 20, onChange } = options;
  const queue = createEventQueue<MqttMessage>(queueSize);
  let connection: Pick<Connection, 'publish'> | undefined;
  let dropped = 0;
  let onEmptied = () => {};

  function pump(): void {
    while (connection !== undefined && queue.sent < windowSize) {
      const queued = queue.take();
      if (queued === undefined) return;
      connection.publish(queued.item, () => {
        queue.confirm(queued);
        pump();
        if (queue.length === 0) settle();
        else onChange(false);
      });
    }
  }

  /** Everything has arrived: what was dropped meanwhile is shown once more, and then forgotten. */
  function settle(): void {
    onEmptied();
    const hadDropped = dropped > 0;
    if (hadDropped) onChange(true);
    dropped = 0;
    onChange(hadDropped);
  }

  return {
    add(message, isFailure) {
      const before = dropped;
      dropped += queue.add(message, isFailure);
      onChange(before === 0 && dropped > 0);
      pump();
    },
    start(next) {
      connection = next;
      pump();
    },
    stop() {
      connection = undefined;
      queue.rewind();
    },
    emptied: () =>
      new Promise((resolve) => {
        onEmptied = resolve;
        if (queue.length === 0) resolve();
      }),
    counts: () => ({ waiting: queue.length, dropped }),
  };
}

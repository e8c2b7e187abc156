import { createEventQueue, type Queued } from './event-queue.js';
import type { MqttMessage, Outgoing } from './mqtt-message.js';

export interface DeliveryOptions {
  /** Events held at most; beyond that the oldest are dropped, failures last. */
  readonly queueSize?: number;
  /** At least so many milliseconds lie between two events: Home Assistant tells them apart by their time alone. */
  readonly eventGapMs?: number;
  /** Called after every change of the numbers; `isUrgent` when somebody should see exactly these. */
  readonly onChange: (isUrgent: boolean) => void;
  /** Called when `take` has something again after it had to wait for the gap. */
  readonly onDue: () => void;
  /** Milliseconds of a clock that nobody sets. */
  readonly now?: () => number;
}

/** Events that wait for a connection, go out over it in order and not too fast, and again if it ends too early. */
export interface EventDelivery {
  /** One event; it may be told in several messages, which go out together. */
  add(messages: readonly MqttMessage[], isFailure: boolean): void;
  /** The next message whose time has come. */
  take(): Outgoing | undefined;
  /** The connection ended: what it did not acknowledge goes out again over the next one. */
  rewind(): void;
  /** From now on there is no gap between events. */
  hurry(): void;
  /** Events that were not acknowledged, and events dropped since the queue was last empty. */
  counts(): { waiting: number; dropped: number };
}

/** An event on its way: how many of its messages were taken, and how many were answered. */
interface Begun {
  readonly queued: Queued<readonly MqttMessage[]>;
  taken: number;
  answered: number;
}

/** Makes a delivery with nothing in it. Memory is bounded by `queueSize`, whatever the broker does. */
export function createEventDelivery(options: DeliveryOptions): EventDelivery {
  const { queueSize = 10_000, onChange, onDue, now = () => performance.now() } = options;
  const queue = createEventQueue<readonly MqttMessage[]>(queueSize);
  let gapMs = options.eventGapMs ?? 10;
  let lastAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let begun: Begun | undefined;
  let dropped = 0;

  /** Everything has arrived: what was dropped meanwhile is shown once more, and then forgotten. */
  function settle(): void {
    const hadDropped = dropped > 0;
    if (hadDropped) onChange(true);
    dropped = 0;
    onChange(hadDropped);
  }

  function answer(event: Begun): void {
    event.answered += 1;
    if (event.answered < event.queued.item.length) return;
    queue.confirm(event.queued);
    if (queue.length === 0) settle();
    else onChange(false);
  }

  function begin(): Begun | undefined {
    if (timer !== undefined || queue.length === queue.sent) return undefined;
    const waitMs = lastAt + gapMs - now();
    if (waitMs > 0) {
      timer = setTimeout(() => {
        timer = undefined;
        onDue();
      }, Math.ceil(waitMs));
      timer.unref();
      return undefined;
    }
    lastAt = now();
    const queued = queue.take();
    return queued && { queued, taken: 0, answered: 0 };
  }

  return {
    add(messages, isFailure) {
      if (messages.length === 0) return;
      const before = dropped;
      dropped += queue.add(messages, isFailure);
      onChange(before === 0 && dropped > 0);
    },
    take() {
      begun ??= begin();
      const event = begun;
      const message = event?.queued.item[event.taken];
      if (event === undefined || message === undefined) return undefined;
      event.taken += 1;
      if (event.taken === event.queued.item.length) begun = undefined;
      return { message, onAnswered: () => answer(event) };
    },
    rewind() {
      begun = undefined;
      clearTimeout(timer);
      timer = undefined;
      queue.rewind();
    },
    hurry() {
      gapMs = 0;
      clearTimeout(timer);
      timer = undefined;
    },
    counts: () => ({ waiting: queue.length, dropped }),
  };
}

import mqtt, { type MqttClient } from 'mqtt';
import { say } from '../say.js';
import {
  type ClientOptions,
  type ConnectionEnd,
  clientOptions,
  describeFailure,
  LARGEST_PACKET,
} from './mqtt-client.js';
import type { MqttMessage, ReceivedMessage, Refusal } from './mqtt-message.js';
import { createPacketLimit } from './packet-limit.js';

export interface ConnectionOptions extends ClientOptions {
  /** Takes what comes in. Whatever it throws is dropped: one strange message must not end the rest. */
  readonly onMessage?: (message: ReceivedMessage) => unknown;
}

/** One connection, from the first byte to the last. There is no second life in it: for that, open another. */
export interface Connection {
  /** True once the broker accepted us, false when the connection ended instead. */
  readonly opened: Promise<boolean>;
  readonly ended: Promise<ConnectionEnd>;
  /** How many messages with QoS 1 the broker lets wait for their acknowledgement; for one more it would hang up. */
  readonly receiveMaximum: number;
  /** True while the network does not keep up with us. */
  readonly isCongested: boolean;
  /**
   * Sends a message. `onAnswered` is called when the broker has it (code below 128) or refuses it (128 and
   * above), and never if the connection ends before. With QoS 0 there is no answer: sent is all that is known.
   */
  publish(message: MqttMessage, onAnswered?: (code: number) => void): void;
  /** Asks for the messages of all filters; resolves with those filters that were refused, or when it ended. */
  subscribe(filters: readonly string[]): Promise<readonly Refusal[]>;
  /** Says good-bye, so that the broker forgets the will. */
  close(): void;
  /** Hangs up, so that the broker publishes the will. */
  destroy(): void;
}

/** What a broker wants us to keep to (MQTT 5, section 3.2.2.3). In MQTT 3.1.1 no broker says so. */
interface Limits {
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
}

/** MQTT 5, section 2.4: "Packet too large". */
const TOO_LARGE = 149;

/** What may wait for the network before messages get lost that may get lost, in bytes. */
const CONGESTED_BYTES = 65_536;

/**
 * Connects to a broker. It neither throws nor connects again, and keeps nothing of its own in memory: whoever
 * publishes knows what was acknowledged.
 */
export function openConnection(options: ConnectionOptions): Connection {
  try {
    return follow(mqtt.connect(clientOptions(options)), options);
  } catch (error) {
    // Certificates and keys that nobody can read are found before the first byte.
    return neverOpened(describeFailure(error));
  }
}

function follow(client: MqttClient, { onMessage = () => {} }: ConnectionOptions): Connection {
  let failure: ConnectionEnd | undefined;
  let limits: Limits | undefined;
  const fail = (error: unknown) => {
    failure ??= describeFailure(error);
    // After an error nobody can tell where the next packet begins, and after a broker's good-bye there is none.
    client.stream.destroy();
  };
  client.on('error', fail);
  const isTooLong = createPacketLimit(LARGEST_PACKET);
  client.stream.on('data', (piece: Uint8Array) => {
    if (isTooLong(piece)) fail({ code: say`a packet that is too large` });
  });
  client.on('disconnect', ({ reasonCode }) => fail({ code: reasonCode || 'closed' }));
  client.once('connect', ({ properties = {} }) => {
    limits = properties;
  });
  client.on('message', (topic, payload, { retain: isRetained, properties = {} }) => {
    const { responseTopic, correlationData } = properties;
    void receive({ topic, payload, isRetained, responseTopic, correlationData }, onMessage);
  });
  return {
    opened: new Promise((resolve) => {
      client.once('connect', () => resolve(true));
      client.once('close', () => resolve(false));
    }),
    ended: new Promise((resolve) => {
      client.once('close', () => {
        const end = failure ?? describeFailure({ code: 'closed' });
        resolve(limits === undefined ? end : { ...end, isVersionRefused: false });
      });
    }),
    get receiveMaximum() {
      return limits?.receiveMaximum ?? 65_535;
    },
    get isCongested() {
      return client.stream.writableLength > CONGESTED_BYTES;
    },
    publish(message, onAnswered) {
      const isTooLarge = sizeOf(message) > (limits?.maximumPacketSize ?? Number.POSITIVE_INFINITY);
      if (isTooLarge) queueMicrotask(() => onAnswered?.(TOO_LARGE));
      else publish(client, message, onAnswered);
    },
    subscribe: (filters) => subscribe(client, filters),
    // mqtt.js would wait for ever for what is not acknowledged.
    close: () => void client.end(Object.keys(client.outgoing).length > 0),
    destroy: () => void client.stream.destroy(),
  };
}

function publish(client: MqttClient, message: MqttMessage, onAnswered?: (code: number) => void): void {
  const { topic, payload, isRetained = false, qos = 1, expirySeconds, correlationData } = message;
  const properties = {
    ...(expirySeconds !== undefined && { messageExpiryInterval: expirySeconds }),
    ...(correlationData && { correlationData }),
  };
  client.publish(topic, payload, { qos, retain: isRetained, properties }, (error) => {
    if (!error) onAnswered?.(0);
    // An error without a number is the end of the connection.
    else if ('code' in error && typeof error.code === 'number') onAnswered?.(error.code);
  });
}

function subscribe(client: MqttClient, filters: readonly string[]): Promise<readonly Refusal[]> {
  return new Promise((resolve) => {
    // Retain as published (MQTT 5): a message that was sent with the flag is known by it, stored or not.
    client.subscribe([...filters], { qos: 1, rap: true }, (_error, _asked, suback) => {
      const answers = filters.map((topic, index) => ({ topic, code: Number(suback?.granted[index] ?? 0) }));
      resolve(answers.filter(({ code }) => code >= 128));
    });
  });
}

/** Hands a message on. The handler reports its own errors; here they only must not reach mqtt.js or Node. */
async function receive(message: ReceivedMessage, onMessage: (message: ReceivedMessage) => unknown) {
  try {
    await onMessage(message);
  } catch {
    // See above.
  }
}

/** At least as much as the message takes on the wire, in bytes; at most twenty more. */
function sizeOf({ topic, payload, correlationData }: MqttMessage): number {
  const text = Buffer.byteLength(topic) + Buffer.byteLength(payload);
  // Fixed header 5, length of the topic 2, packet id 2, properties 4 + 5 + 3 (MQTT 5, section 3.3).
  return text + (correlationData?.length ?? 0) + 21;
}

function neverOpened(end: ConnectionEnd): Connection {
  const nothing = () => {};
  return {
    opened: Promise.resolve(false),
    ended: Promise.resolve(end),
    receiveMaximum: 0,
    isCongested: false,
    publish: nothing,
    subscribe: () => Promise.resolve([]),
    close: nothing,
    destroy: nothing,
  };
}

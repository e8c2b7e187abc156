import type { ConnectionOptions as TlsOptions } from 'node:tls';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { BrokerAddress } from './mqtt-address.js';

/** One message on its way to a broker. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
  readonly isRetained?: boolean;
}

/** Why a connection did not come about or ended, by what helps: waiting, another login, another certificate. */
export interface ConnectionEnd {
  readonly kind: 'offline' | 'login-refused' | 'untrusted';
  /** Code of the socket, of TLS or of the broker's refusal; 'closed' when the broker just went. */
  readonly code: string;
}

export interface ConnectionOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  /** What the broker publishes for us when we vanish without a word. */
  readonly will: MqttMessage;
  readonly username?: string;
  /** Goes with a user only: MQTT 3.1.1 has no password alone. */
  readonly password?: string;
  /** What an encrypted connection needs besides the address: own authority, client certificate, no check. */
  readonly tls?: TlsOptions;
  /** How long a broker may take to answer, in milliseconds. */
  readonly connectTimeoutMs?: number;
  /** A silent connection is asked for a sign of life this often; the will comes after one and a half times this. */
  readonly keepaliveSeconds?: number;
}

/** One connection, from the first byte to the last. There is no second life in it: for that, open another. */
export interface Connection {
  /** True once the broker accepted us, false when the connection ended instead. */
  readonly opened: Promise<boolean>;
  readonly ended: Promise<ConnectionEnd>;
  /** Sends with QoS 1. `onAcknowledged` is called when the broker has it, and never if the connection ends before. */
  publish(message: MqttMessage, onAcknowledged?: () => void): void;
  /** Says good-bye, so that the broker forgets the will. */
  close(): void;
  /** Hangs up, so that the broker publishes the will. */
  destroy(): void;
}

/** The one place that says which MQTT we speak: 4 is MQTT 3.1.1, which every broker understands. */
const PROTOCOL_VERSION = 4;

/** CONNACK codes for a login: 4 and 5 in MQTT 3.1.1 (table 3.1), 134 and 135 in MQTT 5 (section 3.2.2.2). */
const LOGIN_REFUSALS = new Set<unknown>([4, 5, 134, 135]);

/**
 * Connects to a broker. It neither throws nor connects again, and keeps nothing of its own in memory: whoever
 * publishes knows what was acknowledged.
 */
export function openConnection(options: ConnectionOptions): Connection {
  try {
    return follow(mqtt.connect(clientOptions(options)));
  } catch (error) {
    // Certificates and keys that nobody can read are found before the first byte.
    return neverOpened(describeFailure(error));
  }
}

function follow(client: MqttClient): Connection {
  let failure: ConnectionEnd | undefined;
  client.on('error', (error) => {
    failure ??= describeFailure(error);
  });
  return {
    opened: new Promise((resolve) => {
      client.once('connect', () => resolve(true));
      client.once('close', () => resolve(false));
    }),
    ended: new Promise((resolve) => {
      client.once('close', () => resolve(failure ?? { kind: 'offline', code: 'closed' }));
    }),
    publish({ topic, payload, isRetained = false }, onAcknowledged) {
      client.publish(topic, payload, { qos: 1, retain: isRetained }, (error) => {
        if (!error) onAcknowledged?.();
      });
    },
    // mqtt.js would wait for ever for what is not acknowledged.
    close: () => void client.end(Object.keys(client.outgoing).length > 0),
    destroy: () => void client.stream.destroy(),
  };
}

function neverOpened(end: ConnectionEnd): Connection {
  const nothing = () => {};
  return {
    opened: Promise.resolve(false),
    ended: Promise.resolve(end),
    publish: nothing,
    close: nothing,
    destroy: nothing,
  };
}

function clientOptions(options: ConnectionOptions): IClientOptions {
  const { address, clientId, will, username, password, tls = {} } = options;
  const { connectTimeoutMs = 15_000, keepaliveSeconds = 30 } = options;
  const { protocol, host, port, path } = address;
  const plain: IClientOptions = {
    protocol,
    host,
    port,
    path,
    username,
    // As bytes: with DEBUG set, mqtt-packet writes every text that it sends to stderr.
    password: password === undefined ? undefined : Buffer.from(password),
    clientId,
    clean: true,
    protocolVersion: PROTOCOL_VERSION,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: will.isRetained ?? false },
    connectTimeout: connectTimeoutMs,
    keepalive: keepaliveSeconds,
    reconnectPeriod: 0,
    queueQoSZero: false,
    // With DEBUG set, mqtt.js writes whole packets.
    log: () => {},
  };
  if (protocol === 'mqtts') return Object.assign(plain, tls);
  return protocol === 'wss' ? { ...plain, wsOptions: { ...tls } } : plain;
}

function describeFailure(error: unknown): ConnectionEnd {
  const code = isCoded(error) ? error.code : undefined;
  if (LOGIN_REFUSALS.has(code)) return { kind: 'login-refused', code: String(code) };
  const text = String(code ?? (error instanceof Error ? error.message : error));
  return { kind: /CERT|SIGNATURE|OSSL|not authorized/.test(text) ? 'untrusted' : 'offline', code: text };
}

function isCoded(error: unknown): error is { code: unknown } {
  return typeof error === 'object' && error !== null && 'code' in error;
}

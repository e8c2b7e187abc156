import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { IClientOptions } from 'mqtt';
import type { BrokerAddress } from './mqtt-address.js';
import type { MqttMessage } from './mqtt-message.js';

/** The versions of MQTT as they are numbered on the wire: 4 is MQTT 3.1.1. */
export type MqttVersion = 4 | 5;

export interface ClientOptions {
  readonly address: BrokerAddress;
  readonly version: MqttVersion;
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

/** Why a connection did not come about or ended, by what helps: waiting, another login, certificate or name. */
export interface ConnectionEnd {
  readonly kind: 'offline' | 'login-refused' | 'untrusted' | 'taken-over';
  /** Code of the socket, of TLS or of the broker's refusal; 'closed' when the broker just went. */
  readonly code: string;
  /** The broker does not speak our version, or hung up as some do that do not. */
  readonly isVersionRefused: boolean;
}

/** The largest packet that we let a broker send us, in bytes: commands are far smaller. */
export const LARGEST_PACKET = 65_536;

/** Refusals of a login: 4 and 5 in MQTT 3.1.1 (table 3.1), 134 and 135 in MQTT 5 (section 2.4). */
const LOGIN_REFUSALS = new Set<unknown>([4, 5, 134, 135]);

/** Refusals of a version: 1 in MQTT 3.1.1, 132 in MQTT 5; a broker that knows neither code hangs up. */
const VERSION_REFUSALS = new Set<unknown>([1, 132, 'closed', 'ECONNRESET', 'EPIPE']);

/** MQTT 5, section 2.4: another client came under our name. */
const TAKEN_OVER = 142;

/** What mqtt.js is asked for: one connection, nothing kept, nothing written to the console. */
export function clientOptions(options: ClientOptions): IClientOptions {
  const { address, version, clientId, will, username, password, tls = {} } = options;
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
    protocolVersion: version,
    ...(version === 5 && {
      properties: {
        sessionExpiryInterval: 0,
        maximumPacketSize: LARGEST_PACKET,
        requestProblemInformation: true,
      },
    }),
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

/** What an error of mqtt.js, of a socket or of TLS means; only its code, or else its message, is kept. */
export function describeFailure(error: unknown): ConnectionEnd {
  const code = isCoded(error) ? error.code : undefined;
  const text = String(code ?? (error instanceof Error ? error.message : error));
  return { kind: kindOf(code, text), code: text, isVersionRefused: VERSION_REFUSALS.has(code) };
}

function kindOf(code: unknown, text: string): ConnectionEnd['kind'] {
  if (LOGIN_REFUSALS.has(code)) return 'login-refused';
  if (code === TAKEN_OVER) return 'taken-over';
  return /CERT|SIGNATURE|OSSL|not authorized/.test(text) ? 'untrusted' : 'offline';
}

function isCoded(error: unknown): error is { code: unknown } {
  return typeof error === 'object' && error !== null && 'code' in error;
}

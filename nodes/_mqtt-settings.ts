import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { type BrokerAddress, parseBrokerAddress } from '../lib/mqtt/mqtt-address.js';
import { say } from '../lib/say.js';
import { SettingError, settingSecret, settingText } from '../lib/settings.js';
import { tlsOptions } from './_tls-options.js';

/** Where the broker is and how we enter. */
export interface BrokerSettings {
  readonly address: BrokerAddress;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsOptions | undefined;
}

/** Which fields of the editor say so. */
export interface BrokerConfig {
  /** Id of a core mqtt-broker node, which then says everything. */
  broker?: string;
  url?: string;
  /** Id of a tls-config node. */
  tls?: string;
}

export type FindNode = (id: string) => unknown;

/**
 * The broker from a core mqtt-broker node if one is chosen, else from our own fields and MQTT_USERNAME and
 * MQTT_PASSWORD or MQTT_PASSWORD_FILE; undefined when no address is set.
 * @throws SettingError for what cannot be used
 */
export function parseBroker(
  config: BrokerConfig,
  credentials: Record<string, string | undefined>,
  findNode: FindNode,
): BrokerSettings | undefined {
  const broker = settingText(config.broker);
  if (broker !== undefined) return brokerOf(findNode(broker));
  const url = settingText(config.url);
  if (url === undefined) return undefined;
  const tls = settingText(config.tls);
  const address = parseBrokerAddress(url, tls !== undefined);
  const username =
    settingText(credentials.username) ?? address.username ?? settingText(process.env.MQTT_USERNAME);
  const password = settingSecret('MQTT_PASSWORD', settingText(credentials.password) ?? address.password);
  if (username === undefined && password !== undefined) {
    throw new SettingError(
      say`User: it is empty, but a password is set. Type the user or set MQTT_USERNAME, or remove the password.`,
    );
  }
  return { address, username, password, tls: tls === undefined ? undefined : tlsOptions(findNode(tls)) };
}

/** What a core mqtt-broker node makes of its settings (Node-RED's 10-mqtt.js). */
interface BrokerNode {
  readonly brokerurl: string;
  readonly username?: string;
  readonly password?: string;
  readonly options?: Record<string, unknown>;
}

/** The options for its connection that concern TLS; all others (client id, will) are ours to choose. */
const TLS_KEYS = ['ca', 'cert', 'key', 'passphrase', 'rejectUnauthorized', 'servername', 'ALPNProtocols'];

function brokerOf(node: unknown): BrokerSettings {
  if (!isBrokerNode(node)) {
    throw new SettingError(
      say`Broker: the chosen one is missing or disabled. Choose another, or type an address.`,
    );
  }
  const address = parseBrokerAddress(node.brokerurl);
  const isEncrypted = address.protocol === 'mqtts' || address.protocol === 'wss';
  const tls = Object.entries(node.options ?? {}).filter(([key]) => TLS_KEYS.includes(key));
  return {
    address,
    username: settingText(node.username) ?? address.username,
    password: settingText(node.password) ?? address.password,
    tls: isEncrypted ? Object.fromEntries(tls) : undefined,
  };
}

function isBrokerNode(node: unknown): node is BrokerNode {
  return (
    typeof node === 'object' && node !== null && 'brokerurl' in node && typeof node.brokerurl === 'string'
  );
}

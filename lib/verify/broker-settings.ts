import type { ConnectionOptions } from 'node:tls';
import { type BrokerAddress, parseBrokerAddress } from '../mqtt/mqtt-address.js';
import { parseBaseTopic, parseDiscoveryPrefix, parseInstance } from '../mqtt/mqtt-topics.js';
import { say } from '../say.js';
import { SettingError, settingSecret, settingText } from '../settings.js';

/** The broker and the topics that the environment names. */
export interface BrokerSettings {
  readonly address: BrokerAddress;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Own certificates and authorities, for an encrypted connection. */
  readonly tls?: ConnectionOptions | undefined;
  readonly baseTopic: string;
  readonly instance: string;
  readonly discoveryPrefix: string;
}

/**
 * Reads them as the shipped flow does; undefined when no broker is named.
 * @throws SettingError with the field and what to type instead
 */
export function parseBrokerSettings(env: NodeJS.ProcessEnv): BrokerSettings | undefined {
  const url = settingText(env.MQTT_URL);
  if (url === undefined) return undefined;
  const address = parseBrokerAddress(url);
  const username = address.username ?? settingText(env.MQTT_USERNAME);
  const password = settingSecret('MQTT_PASSWORD', address.password, env);
  if (username === undefined && password !== undefined) {
    throw new SettingError(
      say`MQTT_USERNAME: it is empty, but a password is set. Set it, or remove the password.`,
    );
  }
  return {
    address,
    username,
    password,
    baseTopic: parseBaseTopic(env.MQTT_BASE_TOPIC),
    instance: parseInstance(env.MQTT_INSTANCE),
    discoveryPrefix: parseDiscoveryPrefix(env.HA_DISCOVERY_PREFIX),
  };
}

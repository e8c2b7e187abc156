import { type BrokerAddress, parseBrokerAddress } from '../lib/mqtt/mqtt-address.js';
import { startMqttSession } from '../lib/mqtt/mqtt-session.js';
import { bridgeTopics, parseBaseTopic, parseInstance } from '../lib/mqtt/mqtt-topics.js';
import { uploadEvent } from '../lib/mqtt/upload-event.js';
import { SettingError, settingBoolean, settingNumber, settingSecret, settingText } from '../lib/settings.js';
import { defineNode } from './_define-node.js';
import { mqttReport } from './_mqtt-report.js';
import { tlsOptions } from './_tls-options.js';

interface Config {
  url?: string;
  baseTopic?: string;
  instance?: string;
  hasPaths?: string | boolean;
  queueSize?: string;
  tls?: string;
}

interface Broker {
  address: BrokerAddress;
  username: string | undefined;
  password: string | undefined;
  /** Id of the tls-config node. */
  tls: string | undefined;
}

interface Options {
  /** Undefined when no address is set: then there is nothing to do. */
  broker: Broker | undefined;
  baseTopic: string;
  instance: string;
  hasPaths: boolean;
  queueSize: number;
}

export default defineNode<Config, Options>('mqtt-bridge', {
  credentials: { username: { type: 'text' }, password: { type: 'password' } },
  parse: (config, credentials) => ({
    broker: parseBroker(config, credentials),
    baseTopic: parseBaseTopic(config.baseTopic),
    instance: parseInstance(config.instance),
    hasPaths: settingBoolean('Full paths', config.hasPaths, false),
    queueSize: settingNumber('Waiting events', config.queueSize, 1_000, {
      min: 1,
      max: 10_000,
      isWhole: true,
    }),
  }),
  create(tools) {
    const { broker, baseTopic, instance, hasPaths, queueSize } = tools.options;
    if (broker === undefined) {
      tools.status('grey', 'no-broker');
      return {};
    }
    const { address, username, password, tls } = broker;
    const topics = bridgeTopics(baseTopic, instance);
    const session = startMqttSession({
      address,
      username,
      password,
      tls: tls === undefined ? undefined : tlsOptions(tools.configNode(tls)),
      // The same after a restart, so that the broker ends what is left of our last connection, and its will, first.
      clientId: `immich-bridge-${instance}-${tools.id}`,
      statusTopic: topics.status,
      queueSize,
      signal: tools.signal,
      onStatus: mqttReport(tools, { broker: address.label, instance, limit: queueSize }),
    });
    return {
      onInput(msg) {
        const event = uploadEvent(msg, { hasPaths });
        if (event === undefined) return undefined;
        const payload = JSON.stringify(event);
        session.publish({ topic: topics.uploadEvent, payload }, event.event_type === 'failed');
        return undefined;
      },
      close: () => session.ended,
    };
  },
});

function parseBroker(config: Config, credentials: Record<string, string | undefined>): Broker | undefined {
  const url = settingText(config.url);
  if (url === undefined) return undefined;
  const tls = settingText(config.tls);
  const address = parseBrokerAddress(url, tls !== undefined);
  const username =
    settingText(credentials.username) ?? address.username ?? settingText(process.env.MQTT_USERNAME);
  const password = settingSecret('MQTT_PASSWORD', settingText(credentials.password) ?? address.password);
  if (username === undefined && password !== undefined) {
    throw new SettingError(
      'User: it is empty, but a password is set. Type the user or set MQTT_USERNAME, or remove the password.',
    );
  }
  return { address, username, password, tls };
}

import type { NodeAPI } from 'node-red';
import { type Fields, textOf } from '../lib/fields.js';
import { parseBaseTopic, parseDiscoveryPrefix, parseInstance } from '../lib/mqtt/mqtt-topics.js';
import { say } from '../lib/say.js';
import { SettingError } from '../lib/settings.js';
import { brokerFindings } from '../lib/verify/broker-findings.js';
import { storedCredential } from './_editor-credential.js';
import { editorEndpoint } from './_editor-endpoint.js';
import { resolved } from './_editor-values.js';
import { parseBroker } from './_mqtt-settings.js';

const LIMITS = { connectMs: 8_000, answerMs: 4_000 };

/** Test broker: connects with the settings of a dialog as they are typed, and tries what the bridge does there. */
export function offerBrokerTest(RED: NodeAPI): void {
  editorEndpoint(RED, 'broker', async (body) => {
    const config = resolved(RED, body);
    const credentials = {
      username: storedCredential(RED, body, 'mqtt-bridge', 'username'),
      password: storedCredential(RED, body, 'mqtt-bridge', 'password'),
    };
    const broker = parseBroker(chosen(config), credentials, (id) => RED.nodes.getNode(id));
    if (broker === undefined)
      throw new SettingError(say`Broker: no address is set. Type it, or set MQTT_URL.`);
    const topics = {
      baseTopic: parseBaseTopic(textOf(config.baseTopic) ?? undefined),
      instance: parseInstance(textOf(config.instance) ?? undefined),
      discoveryPrefix: parseDiscoveryPrefix(textOf(config.discoveryPrefix) ?? undefined),
    };
    return { findings: await brokerFindings({ ...broker, ...topics }, LIMITS) };
  });
}

/** The fields that say where the broker is; `_ADD_` stands for no config node. */
function chosen({ broker, url, tls }: Fields) {
  const idOf = (value: unknown) => (value === '_ADD_' ? undefined : (textOf(value) ?? undefined));
  return { broker: idOf(broker), url: textOf(url) ?? undefined, tls: idOf(tls) };
}

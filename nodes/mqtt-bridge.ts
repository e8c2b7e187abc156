import { startBridge } from '../lib/bridge/bridge.js';
import type { Command } from '../lib/bridge/command.js';
import { DETAILS, type Detail } from '../lib/bridge/detail.js';
import { asAnnounced } from '../lib/home-assistant/announced.js';
import { openJsonFile } from '../lib/json-file.js';
import { parseBaseTopic, parseDiscoveryPrefix, parseInstance } from '../lib/mqtt/mqtt-topics.js';
import { say } from '../lib/say.js';
import { settingBoolean, settingChoice, settingNumber } from '../lib/settings.js';
import { claimName, clientIdOf } from './_bridge-name.js';
import { defineNode } from './_define-node.js';
import { offerBrokerTest } from './_editor-broker-test.js';
import { memoryPath } from './_memory-path.js';
import { mqttReport } from './_mqtt-report.js';
import { type BrokerConfig, type BrokerSettings, type FindNode, parseBroker } from './_mqtt-settings.js';
import { packVersion } from './_versions.js';

interface Config extends BrokerConfig {
  baseTopic?: string;
  instance?: string;
  discovery?: string | boolean;
  discoveryPrefix?: string;
  detail?: string;
  queueSize?: string;
}

interface Options {
  /** Undefined when no address is set: then there is nothing to do. */
  findBroker(findNode: FindNode): BrokerSettings | undefined;
  baseTopic: string;
  instance: string;
  discoveryPrefix: string | null;
  detail: Detail;
  queueSize: number;
}

export default defineNode<Config, Options>('mqtt-bridge', {
  offer: offerBrokerTest,
  credentials: { username: { type: 'text' }, password: { type: 'password' } },
  parse: (config, credentials) => ({
    findBroker: (findNode) => parseBroker(config, credentials, findNode),
    baseTopic: parseBaseTopic(config.baseTopic),
    instance: parseInstance(config.instance),
    discoveryPrefix: settingBoolean(say`Home Assistant`, config.discovery, true)
      ? parseDiscoveryPrefix(config.discoveryPrefix)
      : null,
    detail: settingChoice(say`Tell`, config.detail, DETAILS, 'names'),
    queueSize: settingNumber(say`Waiting events`, config.queueSize, 10_000, {
      min: 1,
      max: 100_000,
      isWhole: true,
    }),
  }),
  create(tools) {
    const { findBroker, ...options } = tools.options;
    const broker = findBroker(tools.configNode);
    if (broker === undefined) {
      tools.status('grey', 'no-broker');
      return {};
    }
    const { label } = broker.address;
    const report = mqttReport(tools, { broker: label, instance: options.instance, limit: options.queueSize });
    claimName(`${label} ${options.baseTopic}/${options.instance}`, options.instance, tools);
    const memory = openJsonFile(memoryPath(tools, 'mqtt'), asAnnounced);
    if (memory.problem !== undefined) tools.log('warn', 'memory-damaged', { reason: memory.problem });
    const bridge = startBridge({
      ...options,
      ...broker,
      version: packVersion(),
      nodeVersion: process.versions.node,
      nodeRedVersion: tools.nodeRedVersion,
      // The same after a restart, so that the broker ends what is left of our last connection, and its will, first.
      // Two bridges that want the same topics have the same name, so that the broker and we notice it.
      clientId: clientIdOf(options),
      memory,
      signal: tools.signal,
      onStatus: report.status,
      onRefused: report.refused,
      onAccepted: report.accepted,
      onSecondUploader: () => tools.log('warn', 'second-uploader'),
      onCommand: (command) => tools.send(messageOf(command)),
      onIgnored: (topic) => tools.log('warn', 'ignored', { topic }),
      onUnsaved: report.unsaved,
    });
    tools.onStateWanted(bridge.callRoll);
    tools.askForStates();
    return {
      onInput(msg) {
        bridge.take(msg);
        return undefined;
      },
      async close(isRemoved) {
        const isDeleted = isRemoved && !tools.isInFlow();
        if (isDeleted && !report.isConnected()) tools.log('warn', 'left-behind', { broker: label });
        await bridge.close(isDeleted);
      },
    };
  },
});

function messageOf({ name, value, id }: Command) {
  return { topic: `command/${name}`, payload: value, command: { id } };
}

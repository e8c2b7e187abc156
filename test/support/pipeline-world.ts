import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, type BrokerOptions, startBroker } from './broker.js';
import { whenOver } from './ending.js';
import type { StandIn, StandInOptions } from './immich-stand-in.js';
import { type NodeRedProcess, projectRoot, startNodeRedProcess } from './node-red-process.js';
import { standIn, tempFolder } from './world.js';

/** How long a flow on a slow machine may take. */
export const PATIENCE = { timeout: 60_000, interval: 50 };

/** A folder to watch, an Immich, a broker and the settings that join them. */
export interface PipelineWorld {
  readonly server: StandIn;
  readonly broker: Broker;
  readonly inbox: string;
  readonly archive: string;
  readonly userDir: string;
  readonly env: Record<string, string>;
}

/** Makes the world of one test; `env` adds to the settings. */
export async function pipelineWorld(
  options: StandInOptions & { readonly broker?: BrokerOptions } = {},
  env: Record<string, string> = {},
): Promise<PipelineWorld> {
  const folder = tempFolder();
  const [inbox, archive] = [join(folder, 'inbox'), join(folder, 'archive')];
  mkdirSync(inbox);
  const server = await standIn(options);
  const broker = await startBroker(options.broker);
  whenOver(() => broker.stop());
  return {
    server,
    broker,
    inbox,
    archive,
    userDir: join(folder, 'node-red'),
    env: {
      IMMICH_API_URL: server.url,
      IMMICH_API_KEY: server.apiKey,
      WATCH_DIRECTORIES: inbox,
      ARCHIVE_DIRECTORY: archive,
      FILE_STABILITY_WAIT_SECONDS: '0.5',
      FILE_STABILITY_CHECK_INTERVAL: '0.1',
      MQTT_URL: broker.url,
      MQTT_INSTANCE: 'test',
      ...env,
    },
  };
}

/** Starts the shipped flow in it. */
export function startShippedFlow({ userDir, env }: PipelineWorld): Promise<NodeRedProcess> {
  return startNodeRedProcess({ userDir, env, flowFile: join(projectRoot, 'flows/immich-bridge.json') });
}

/** The upload events that the broker has seen. */
export const eventsOf = ({ broker }: PipelineWorld) =>
  broker.messages
    .filter(({ topic }) => topic === 'immich-bridge/test/event/upload')
    .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);

/** What the broker last heard of the bridge: online, offline, or nothing. */
export function lastStatusOf({ broker }: PipelineWorld): string | undefined {
  return broker.messages.findLast(({ topic }) => topic.endsWith('/status'))?.payload;
}

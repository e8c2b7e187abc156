import { constants, copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorCode } from '../lib/file-io.js';
import { type Broker, startBroker } from '../test/support/broker.js';
import { type StandIn, startImmichStandIn } from '../test/support/immich-stand-in.js';

/** The stand-ins that make the pipeline run where there is neither Immich nor a broker. */
export interface Demo {
  readonly immich: StandIn;
  /** Undefined when a real one was named. */
  readonly broker: Broker | undefined;
  stop(): Promise<void>;
}

/** Starts a stand-in for Immich and, unless one was named, a broker, and tells the flow of both. */
export async function startDemo(env: NodeJS.ProcessEnv): Promise<Demo> {
  const immich = await startImmichStandIn();
  env.IMMICH_API_URL = immich.url;
  env.IMMICH_API_KEY = immich.apiKey;
  const broker = env.MQTT_URL ? undefined : await startBroker();
  if (broker !== undefined) env.MQTT_URL = broker.url;
  return {
    immich,
    broker,
    async stop() {
      await broker?.stop();
      await immich.stop();
    },
  };
}

const SAMPLE = resolve(import.meta.dirname, '../../test/fixtures/photo.jpg');

/** Puts a first picture into the watched folder, so that one sees it travel; never over another file. */
export async function dropSample(folder: string): Promise<string | undefined> {
  const sample = join(folder, 'sample.jpg');
  try {
    await copyFile(SAMPLE, sample, constants.COPYFILE_EXCL);
    return sample;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined;
    throw error;
  }
}

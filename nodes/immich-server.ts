import type { ConnectionOptions } from 'node:tls';
import { parseApiKey } from '../lib/immich/api-key.js';
import { createImmichClient, type ImmichClient } from '../lib/immich/immich-client.js';
import { createSendLimit } from '../lib/immich/send-limit.js';
import { apiBases } from '../lib/immich/server-address.js';
import { say } from '../lib/say.js';
import { SettingError, settingNumber, settingText } from '../lib/settings.js';
import { serverId } from '../lib/store/server-id.js';
import { defineNode, type NodeWork } from './_define-node.js';
import { offerCommands } from './_editor-command.js';
import { offerServerTest } from './_editor-server-test.js';
import { offerValues } from './_editor-values.js';
import { tlsOptions } from './_tls-options.js';

interface Config {
  url?: string;
  tls?: string;
  connectSeconds?: string;
  stallSeconds?: string;
  limitMbit?: string;
  /** The variable that holds the key when none is typed; for a second server. */
  keyVariable?: string;
}

interface Options {
  baseUrl: string;
  otherBaseUrls: readonly string[];
  apiKey: string | undefined;
  tls: string | undefined;
  connectMs: number;
  stallMs: number;
  limitMbit: number;
}

/** What other nodes get of a server: its client, and the kinds of files that it takes. */
export interface ImmichServer extends NodeWork {
  readonly client: ImmichClient;
  /** Whether a key is set at all. */
  readonly hasKey: boolean;
  /** Names the library of the key's user, as `serverId` makes it. */
  readonly libraryId: string;
  /** Extensions with a dot, lower case; undefined while the server does not answer. Asked once. */
  mediaExtensions(): Promise<readonly string[] | undefined>;
}

const BYTES_PER_MBIT = 125_000;

export default defineNode<Config, Options, ImmichServer>('immich-server', {
  offer(RED) {
    offerValues(RED);
    offerCommands(RED);
    offerServerTest(RED);
  },
  credentials: { apiKey: { type: 'password' } },
  parse(config, credentials) {
    const url = settingText(config.url) ?? settingText(process.env.IMMICH_API_URL);
    if (url === undefined) {
      throw new SettingError(
        say`Immich address: it is empty. Type it, or set IMMICH_API_URL, as in http://192.168.1.10:2283.`,
      );
    }
    return {
      ...apiBases(url),
      apiKey: parseApiKey(credentials.apiKey, process.env, settingText(config.keyVariable)),
      tls: settingText(config.tls),
      connectMs: settingNumber(say`Connect timeout`, config.connectSeconds, 10, { min: 1, max: 600 }) * 1_000,
      stallMs: settingNumber(say`Stall timeout`, config.stallSeconds, 60, { min: 1, max: 3_600 }) * 1_000,
      limitMbit: settingNumber(say`Upload limit`, config.limitMbit, 0, { min: 0, max: 100_000 }),
    };
  },
  create({ options, configNode }) {
    const { baseUrl, otherBaseUrls, apiKey, connectMs, stallMs, limitMbit } = options;
    const tls: ConnectionOptions | undefined =
      options.tls === undefined ? undefined : tlsOptions(configNode(options.tls));
    const answerMs = Math.max(180_000, stallMs);
    const limit = limitMbit > 0 ? createSendLimit(limitMbit * BYTES_PER_MBIT) : undefined;
    const client = createImmichClient({
      baseUrl,
      otherBaseUrls,
      apiKey,
      connectMs,
      stallMs,
      answerMs,
      tls,
      limit,
    });
    let extensions: readonly string[] | undefined;
    return {
      client,
      hasKey: apiKey !== undefined,
      libraryId: serverId(client.origin, apiKey),
      async mediaExtensions() {
        // Not an error: whoever asks has a built-in list and asks again later.
        extensions ??= await client.mediaExtensions().catch(() => undefined);
        return extensions;
      },
      close: () => client.close(),
    };
  },
});

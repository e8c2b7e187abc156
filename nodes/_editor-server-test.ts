import type { NodeAPI } from 'node-red';
import { textOf } from '../lib/fields.js';
import { parseApiKey } from '../lib/immich/api-key.js';
import { createImmichClient } from '../lib/immich/immich-client.js';
import { apiBases } from '../lib/immich/server-address.js';
import { say } from '../lib/say.js';
import { SettingError, settingList } from '../lib/settings.js';
import { type ServerFinding, testServer } from '../lib/verify/server-test.js';
import { storedCredential } from './_editor-credential.js';
import { editorEndpoint } from './_editor-endpoint.js';
import { resolved } from './_editor-values.js';
import { tlsOptions } from './_tls-options.js';

/** Shorter than in the node: somebody sits there and waits. */
const LIMITS = { connectMs: 8_000, stallMs: 15_000, answerMs: 15_000 };
const MOST_ADDRESSES = 8;

/** Test connection: looks at the addresses of a server dialog as they are typed, each for itself. */
export function offerServerTest(RED: NodeAPI): void {
  editorEndpoint(RED, 'server', async (body, signal) => {
    const config = resolved(RED, body);
    const given = settingList(config.url);
    const addresses = given.length > 0 ? given : settingList(process.env.IMMICH_API_URL);
    if (addresses.length === 0) throw new SettingError(say`Immich address: it is empty. Type it first.`);
    if (addresses.length > MOST_ADDRESSES) throw new SettingError(say`Immich address: these are too many.`);
    const apiKey = parseApiKey(storedCredential(RED, body, 'immich-server', 'apiKey'));
    const tlsId = textOf(config.tls);
    const isChosen = tlsId !== null && tlsId !== '_ADD_';
    const tls = isChosen ? tlsOptions(RED.nodes.getNode(tlsId)) : undefined;
    const findings: ServerFinding[] = [];
    for (const address of addresses) {
      findings.push(...(await testAddress(address, { apiKey, tls }, signal)));
    }
    return { findings };
  });
}

type Access = Pick<Parameters<typeof createImmichClient>[0], 'apiKey' | 'tls'>;

async function testAddress(address: string, access: Access, signal: AbortSignal): Promise<ServerFinding[]> {
  signal.throwIfAborted();
  const client = createImmichClient({ ...apiBases(address), ...access, ...LIMITS });
  try {
    return await testServer(client, access.apiKey !== undefined, signal);
  } finally {
    client.close();
  }
}

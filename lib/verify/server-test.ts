import { fieldsOf, textOf } from '../fields.js';
import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import { askAccount, askStorage } from '../immich/server-facts.js';
import { printable, shortened } from '../printable.js';
import { say } from '../say.js';
import { type Finding, findingsIn } from './finding.js';
import { size } from './folder-trouble.js';
import { lookAtKey } from './key-findings.js';
import { lookAtServer } from './server-findings.js';

/** As a finding, or a permission that the key lacks and need not have. */
export type ServerFinding = Omit<Finding, 'verdict'> & { readonly verdict: Finding['verdict'] | 'missing' };

type Client = Pick<ImmichClient, 'origin' | 'ping' | 'ask' | 'check'>;

const finding = findingsIn('Immich');

/**
 * Looks at one address of Immich as the editor shows it: whether it answers, its version, whose the key is, what the
 * key may do, and what room there is. It changes nothing there.
 */
export async function testServer(
  client: Client,
  hasKey: boolean,
  signal: AbortSignal,
): Promise<ServerFinding[]> {
  const { isThere, findings } = await lookAtServer(client, signal);
  if (!isThere) return [...findings];
  if (!hasKey) {
    const advice = say`Make one in Immich under Account settings > API keys; asset.upload is enough.`;
    return [...findings, finding(say`API key`, 'problem', say`is not set`, advice)];
  }
  const key = await lookAtKey(client, signal);
  if (!key.mayUpload) return [...findings, ...key.findings];
  const facts = await Promise.all([userFinding(client, signal), storageFinding(client, signal)]);
  const rights = key.findings.map((right) =>
    key.lacking.has(right) ? { ...right, verdict: 'missing' as const } : right,
  );
  return [...findings, ...facts.flat(), ...rights];
}

async function userFinding({ ask }: Client, signal: AbortSignal): Promise<Finding[]> {
  return unlessRefused(async () => {
    const me = fieldsOf(await ask('/users/me', signal));
    const { limitBytes, usedBytes } = await askAccount(async () => me, signal);
    const name = shortened(printable(textOf(me.name) ?? textOf(me.email) ?? say`without a name`), 60);
    if (limitBytes === null || usedBytes === null) return finding(say`user`, 'ok', name);
    const isFull = usedBytes >= limitBytes;
    const quota = say`${name}; ${size(usedBytes)} of ${size(limitBytes)} are used`;
    return finding(
      say`user`,
      isFull ? 'problem' : 'ok',
      quota,
      isFull ? say`Give the user more room.` : undefined,
    );
  });
}

async function storageFinding({ ask }: Client, signal: AbortSignal): Promise<Finding[]> {
  return unlessRefused(async () => {
    const { totalBytes, freeBytes } = await askStorage(ask, signal);
    if (totalBytes === null || freeBytes === null) return undefined;
    return finding(say`storage`, 'ok', say`${size(freeBytes)} of ${size(totalBytes)} are free`);
  });
}

/** What a key may not see is told with its permissions; here it is left out. */
async function unlessRefused(look: () => Promise<Finding | undefined>): Promise<Finding[]> {
  try {
    const found = await look();
    return found === undefined ? [] : [found];
  } catch (error) {
    if (error instanceof ImmichError) return [];
    throw error;
  }
}

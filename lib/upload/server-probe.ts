import type { ImmichClient } from '../immich/immich-client.js';
import type { ImmichError } from '../immich/immich-error.js';

const NO_FILE = '0'.repeat(40);

/**
 * One small request that shows whether the trouble is over: it asks about a checksum that no file has, which
 * needs the connection, the key and its permission. For a full quota it looks at the user's storage, if the
 * key may see it.
 * @throws ImmichError with what is wrong now
 */
export async function probeServer(
  client: Pick<ImmichClient, 'check' | 'quota'>,
  trouble: ImmichError,
): Promise<void> {
  await client.check(NO_FILE);
  if (trouble.kind !== 'quota') return;
  const quota = await client.quota();
  if (quota !== undefined && quota.sizeBytes !== null && quota.usedBytes >= quota.sizeBytes) throw trouble;
}

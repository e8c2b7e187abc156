import { join } from 'node:path';
import type { NodeTools } from './_node-tools.js';

/**
 * Where a node keeps what it remembers of one kind over restarts: a file of its own in Node-RED's folder; undefined
 * where there is no such folder.
 */
export function memoryPath(
  { id, userDir }: Pick<NodeTools<unknown>, 'id' | 'userDir'>,
  kind: string,
): string | undefined {
  // An id that a person wrote into a flow may hold anything, slashes too.
  const name = id.replace(/[^\w-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return userDir === undefined ? undefined : join(userDir, 'immich-bridge', `${kind}-${name}.json`);
}

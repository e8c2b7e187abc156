import { createHash } from 'node:crypto';
import { say } from '../lib/say.js';
import { SettingError } from '../lib/settings.js';
import type { NodeTools } from './_node-tools.js';

/** Names in use in this Node-RED, by the node that has them. */
const claims = new Map<string, string>();

/**
 * Takes a name for as long as the node lives.
 * @throws SettingError when another bridge has it: each would take back what the other one tells
 */
export function claimName(
  name: string,
  instance: string,
  { id, signal }: Pick<NodeTools<unknown>, 'id' | 'signal'>,
): void {
  if (claims.has(name)) {
    throw new SettingError(
      say`Instance: another MQTT bridge in these flows is called "${instance}" already. Type another name, or delete one of the two.`,
    );
  }
  claims.set(name, id);
  signal.addEventListener('abort', () => claims.delete(name));
}

/** The name under which a broker knows a bridge: the same for two that want the same topics, so that it notices. */
export function clientIdOf({ baseTopic, instance }: { baseTopic: string; instance: string }): string {
  const mark = createHash('sha1').update(baseTopic).digest('hex').slice(0, 6);
  return `immich-bridge-${instance}-${mark}`;
}

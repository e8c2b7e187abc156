import { say } from '../lib/say.js';
import { SettingError } from '../lib/settings.js';
import type { NodeTools } from './_node-tools.js';
import type { ImmichServer } from './immich-server.js';

/**
 * The server that an immich-upload node sends to.
 * @throws SettingError when none is chosen, or the chosen one cannot be asked
 */
export function serverOf(tools: NodeTools<{ readonly server: string | undefined }>): ImmichServer {
  const { server } = tools.options;
  const work = server === undefined ? undefined : tools.workOf<Partial<ImmichServer>>(server);
  if (work?.client === undefined) {
    throw new SettingError(
      say`Immich server: none is chosen, or its settings are wrong. Open this node and choose or repair it.`,
    );
  }
  if (!work.hasKey) {
    throw new SettingError(
      say`API key: none is set. Type it in the settings of the Immich server, or set IMMICH_API_KEY or IMMICH_API_KEY_FILE.`,
    );
  }
  return work as ImmichServer;
}

import { say } from '../say.js';
import { SettingError, settingSecret } from '../settings.js';

/**
 * The API key from the credential of a node, the variable `name` or the file that `<name>_FILE` names; undefined
 * when there is none.
 * @throws SettingError for a file that cannot be read and for what no header can carry; the key is not in it
 */
export function parseApiKey(
  credential: unknown,
  env: NodeJS.ProcessEnv = process.env,
  name = 'IMMICH_API_KEY',
): string | undefined {
  const apiKey = settingSecret(name, credential, env);
  if (apiKey === undefined || /^[\x21-\x7e]+$/.test(apiKey)) return apiKey;
  throw new SettingError(
    say`API key: it holds a blank or an invisible character. Copy it from Immich once more.`,
  );
}

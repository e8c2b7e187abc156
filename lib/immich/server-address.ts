import { say } from '../say.js';
import { SettingError, settingList } from '../settings.js';

/**
 * Base of the API for an Immich address in any spelling: `photos.lan`, `photos.lan:2283`, with or without
 * `/api`, a slash at the end or the path of a page copied from the browser. Immich lives at the root of its
 * host, so every path is dropped. A name alone means http, and https on port 443.
 * @returns for example `http://photos.lan:2283/api`
 * @throws SettingError with what to type instead
 */
export function apiBase(address: string): string {
  const text = address.trim();
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = parse(hasScheme ? text : `http://${text}`);
  const example = say`Type it as in http://192.168.1.10:2283 or https://photos.example.org.`;
  if (url === undefined || url.hostname === '') {
    throw new SettingError(say`Immich address: "${text}" is no address. ${example}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new SettingError(
      say`Immich address: "${url.protocol}//" cannot be used, only http:// or https://. ${example}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new SettingError(say`Immich address: leave out the name and password before the host. ${example}`);
  }
  if (!hasScheme && url.port === '443') url.protocol = 'https:';
  return `${url.origin}/api`;
}

/**
 * The bases of the addresses of one server, with commas between them: the first one is preferred.
 * @throws SettingError as `apiBase` does
 */
export function apiBases(addresses: string): { baseUrl: string; otherBaseUrls: string[] } {
  const bases = [...new Set(settingList(addresses).map(apiBase))];
  const [baseUrl = apiBase(addresses), ...otherBaseUrls] = bases;
  return { baseUrl, otherBaseUrls };
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    // Not a URL: the caller says so in words.
    return undefined;
  }
}

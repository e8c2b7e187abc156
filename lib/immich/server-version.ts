import { isObject } from './immich-answer.js';

/**
 * The version in an answer of `/server/version`, as in `2.7.5` or `3.0.0-rc.1`; null when there is none. Immich 3
 * adds `prerelease`, a number or null.
 */
export function versionText(body: unknown): string | null {
  if (!isObject(body)) return null;
  const numbers = [body.major, body.minor, body.patch];
  if (!numbers.every((part) => Number.isSafeInteger(part))) return null;
  const { prerelease } = body;
  return numbers.join('.') + (Number.isSafeInteger(prerelease) ? `-rc.${prerelease}` : '');
}

/** The version in a name such as `v2.8.0`; null for anything that is none. */
export function versionOfName(name: unknown): string | null {
  return typeof name === 'string' && name.length <= 32
    ? (/^v?(\d+\.\d+\.\d+(-[\w.]+)?)$/.exec(name.trim())?.[1] ?? null)
    : null;
}

/** Where Immich's notes of a version are. */
export function releaseUrl(version: string): string {
  return `https://github.com/immich-app/immich/releases/tag/v${version}`;
}

/** Whether `latest` comes after `installed`; null when one of them is unknown. */
export function isNewerVersion(latest: string | null, installed: string | null): boolean | null {
  const [left, right] = [latest, installed].map((version) =>
    /^(\d+)\.(\d+)\.(\d+)(-.+)?$/.exec(version ?? ''),
  );
  if (!left || !right) return null;
  for (const part of [1, 2, 3]) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference > 0;
  }
  const [ofLatest = '', ofInstalled = ''] = [left[4], right[4]];
  // The release itself comes after all that went before it.
  if (ofLatest === '' || ofInstalled === '') return ofLatest === '' && ofInstalled !== '';
  return ofLatest.localeCompare(ofInstalled, 'en', { numeric: true }) > 0;
}

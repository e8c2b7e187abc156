import { parseEnv } from 'node:util';
import type { FormerSettings, FormerValue } from './former-settings.js';

const REFERENCE = /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * Reads a `.env` as the Python uploader did, where a value may name other ones as `${NAME}` or `${NAME:-default}`. Of
 * the environment only HOME and USER are taken, because anything else could be a secret.
 */
export function readEnv(text: string, env: NodeJS.ProcessEnv = process.env): FormerSettings {
  const raw = parseEnv(text);
  const resolve = (value: string, depth: number): string | undefined => {
    let isWhole = depth < 8;
    const filled = value.replace(REFERENCE, (_, name: string, fallback: string | undefined) => {
      const named = raw[name] ?? (name === 'HOME' || name === 'USER' ? env[name] : undefined) ?? fallback;
      const resolved = named === undefined || !isWhole ? undefined : resolve(named, depth + 1);
      isWhole &&= resolved !== undefined;
      return resolved ?? '';
    });
    return isWhole ? filled : undefined;
  };
  const entries = Object.entries(raw).map(([name, value = '']): [string, FormerValue] => {
    const resolved = resolve(value, 0);
    return [name, resolved === undefined ? { isUnresolved: true } : { text: resolved }];
  });
  return { values: new Map(entries), options: new Map() };
}

/** One line of a `.env` that Node.js, systemd and Docker Compose read back as the same value. */
export function envLine(name: string, value: string): string {
  if (/^[\w./:@%+,~-]*$/.test(value)) return `${name}=${value}`;
  const quote = ["'", '"', '`'].find((mark) => !value.includes(mark)) ?? "'";
  return `${name}=${quote}${value}${quote}`;
}

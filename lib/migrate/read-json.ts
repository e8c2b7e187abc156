import { fieldsOf } from '../fields.js';
import type { FormerSettings, FormerValue } from './former-settings.js';

/**
 * Reads what `nix eval --json` prints of the former module, or of its `settings` or `environment` alone; undefined when
 * the text is no JSON object.
 */
export function readNixJson(text: string): FormerSettings | undefined {
  const whole = parseObject(text);
  if (whole === undefined) return undefined;
  const isVariable = (name: string) => /^[A-Z_]+$/.test(name);
  const module = Object.entries(whole).filter(([name]) => !isVariable(name));
  const variables = { ...whole, ...fieldsOf(whole.settings), ...fieldsOf(whole.environment) };
  const values = Object.entries(variables).flatMap(([name, value]): [string, FormerValue][] =>
    isVariable(name) && value !== null ? [[name, { text: String(value) }]] : [],
  );
  const options = module.flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' && value !== '' ? [[name, value]] : [],
  );
  return { values: new Map(values), options: new Map(options) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? fieldsOf(value) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

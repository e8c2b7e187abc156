import { readFileSync } from 'node:fs';
import { say } from './say.js';

/** Thrown for a setting that cannot be used. The sentence names the field and says what to type instead. */
export class SettingError extends Error {
  readonly code = 'setting';
  override toString(): string {
    return this.message;
  }
}

/**
 * Trimmed text of a setting; undefined when it is unset: empty, missing, or a `${VAR}` that Node-RED
 * left as it is because the environment has no such variable.
 */
export function settingText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = String(value).trim();
  return text === '' || /^\$\{[^}]+\}$/.test(text) ? undefined : text;
}

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  readonly isWhole?: boolean;
}

/**
 * A number from a setting, or `fallback` when it is unset.
 * @throws SettingError when it is no number or lies outside of the range
 */
export function settingNumber(
  field: string,
  value: unknown,
  fallback: number,
  range: NumberRange = {},
): number {
  const text = settingText(value);
  if (text === undefined) return fallback;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, isWhole = false } = range;
  const number = Number(text);
  if (Number.isFinite(number) && number >= min && number <= max && (!isWhole || Number.isInteger(number))) {
    return number;
  }
  throw new SettingError(
    say`${field}: "${text}" does not work here. Type ${describeRange(range)}, for example ${fallback}.`,
  );
}

/**
 * A yes or no from a setting, in any common spelling, or `fallback` when it is unset.
 * @throws SettingError for any other word
 */
export function settingBoolean(field: string, value: unknown, fallback: boolean): boolean {
  if (typeof value === 'boolean') return value;
  const text = settingText(value)?.toLowerCase();
  if (text === undefined) return fallback;
  if (['true', 'yes', 'on', '1'].includes(text)) return true;
  if (['false', 'no', 'off', '0'].includes(text)) return false;
  throw new SettingError(say`${field}: "${text}" does not work here. Type true or false.`);
}

/** The entries of a list: an array, or text with commas, semicolons or line breaks between them; empty when unset. */
export function settingList(value: unknown): string[] {
  const entries = Array.isArray(value) ? value : (settingText(value) ?? '').split(/[,;\n]/);
  return entries.flatMap((entry) => settingText(entry) ?? []);
}

/**
 * One of several words, whatever their case, or `fallback` when it is unset.
 * @throws SettingError for any other word
 */
export function settingChoice<Choice extends string>(
  field: string,
  value: unknown,
  choices: readonly Choice[],
  fallback: Choice,
): Choice {
  const text = settingText(value)?.toLowerCase();
  if (text === undefined) return fallback;
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new SettingError(say`${field}: "${text}" does not work here. Type one of ${choices.join(', ')}.`);
}

/**
 * A secret from the first place that has one: the node's credential, the variable `name`, or the file that
 * the variable `name_FILE` names (Docker secrets, systemd credentials). Line breaks around it are cut.
 * @throws SettingError when the file cannot be read; the secret itself is in no error
 */
export function settingSecret(
  name: string,
  credential: unknown,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const given = settingText(credential) ?? settingText(env[name]);
  if (given !== undefined) return given;
  const file = settingText(env[`${name}_FILE`]);
  if (file === undefined) return undefined;
  try {
    return settingText(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? say`unknown reason`;
    throw new SettingError(
      say`${name}_FILE: the file "${file}" cannot be read (${reason}). Check the path and its rights.`,
    );
  }
}

function describeRange({ min, max, isWhole }: NumberRange): string {
  if (min !== undefined && max !== undefined) {
    return isWhole ? say`a whole number from ${min} to ${max}` : say`a number from ${min} to ${max}`;
  }
  if (min !== undefined)
    return isWhole ? say`a whole number of at least ${min}` : say`a number of at least ${min}`;
  if (max !== undefined)
    return isWhole ? say`a whole number of at most ${max}` : say`a number of at most ${max}`;
  return isWhole ? say`a whole number` : say`a number`;
}

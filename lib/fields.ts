/** What a message may carry: nothing is known of it yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a record; undefined for what is none: text, numbers, lists, bytes. */
export function recordOf(value: unknown): Fields | undefined {
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** The fields of a part of a record, empty where there is no such part. */
export function fieldsOf(value: unknown): Fields {
  return recordOf(value) ?? {};
}

/** Text that is not empty. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A number that JSON can say. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function flagOf(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

/** A moment, ISO 8601 in UTC. */
export function timeOf(value: unknown): string | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** Numbers of a part of a record under their names on the wire: `{ used_bytes: 'usedBytes' }`. */
export function numbersOf<Key extends string>(
  value: unknown,
  names: Readonly<Record<Key, string>>,
): Record<Key, number | null>;
export function numbersOf(value: unknown, names: Readonly<Record<string, string>>) {
  const fields = fieldsOf(value);
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, numberOf(fields[name])]));
}

/** The address of a web page, without a login; null for anything that is none. */
export function webPageOf(value: unknown): string | null {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return null;
  url.username = '';
  url.password = '';
  return url.pathname === '/' && url.search === '' && url.hash === '' ? url.origin : url.href;
}

/** One of several words. */
export function choiceOf<Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | null {
  return choices.find((choice) => choice === value) ?? null;
}

/** The words of a list, at most 32: one message must stay small whatever somebody wired. */
export function textsOf(value: unknown): string[] | null {
  return listOf(value)?.flatMap((entry) => textOf(entry) ?? []) ?? null;
}

/** A list, cut after 32 entries. */
export function listOf(value: unknown): unknown[] | null {
  return Array.isArray(value) ? value.slice(0, 32) : null;
}

/** Which of these alerts are raised; null where that is not known. */
export function alertsOf<Alert extends string>(
  value: unknown,
  names: readonly Alert[],
): Record<Alert, boolean | null>;
export function alertsOf(value: unknown, names: readonly string[]) {
  const alerts = fieldsOf(value);
  return Object.fromEntries(names.map((name) => [name, flagOf(alerts[name])]));
}

import { randomUUID } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { type Fields, recordOf } from '../fields.js';
import { say } from '../say.js';
import { CONCURRENCY_RANGE } from '../upload/command.js';
import { isPauseMinutes, PAUSE_RANGE } from '../upload/pause.js';

/** What can be asked of a bridge, as in the topic `cmd/<name>`. */
export const COMMAND_NAMES = [
  'pause',
  'resume',
  'retry',
  'dismiss',
  'rescan',
  'concurrency',
  'audit',
] as const;

export type CommandName = (typeof COMMAND_NAMES)[number];

/** A command that can be passed on. */
export interface Command {
  readonly name: CommandName;
  /**
   * pause: for how many minutes; concurrency: how many files at a time; rescan: 'all' passes on anew all that lies there;
   * retry, dismiss: which file; audit: whether what is missing is uploaded again; else ''.
   */
  readonly value: number | '' | 'all' | { readonly path: string } | { readonly requeue: true };
  /** From whoever sent it, or made here. */
  readonly id: string;
}

/** A command that cannot be passed on. */
export interface CommandRefusal {
  /** The name as it came. */
  readonly name: string;
  readonly id: string;
  /** A sentence for a person. */
  readonly error: string;
}

export type NewId = () => string;

/** No command is longer. */
const MOST_BYTES = 4_096;

const LONGEST_ID = 128;

/** The arguments that each command takes, besides `v` and `id`. */
const ARGUMENTS: Record<CommandName, readonly string[]> = {
  pause: ['minutes'],
  resume: [],
  retry: ['path'],
  dismiss: ['path'],
  rescan: ['all'],
  concurrency: ['value'],
  // Not of a folder: whoever may send commands need not learn what lies on this machine.
  audit: ['requeue'],
};

const { min, max } = CONCURRENCY_RANGE;
const range = () => say`a whole number from ${min} to ${max}`;

/**
 * Reads what came on `cmd/<name>`: a JSON object with `v` (1), `id` (text or a number) and the arguments of the
 * command (the `minutes` of a pause, `all` of rescan, `path` of retry and dismiss, `requeue` of audit), none of which has
 * to be there except the `value` of concurrency and the `path` of dismiss; nothing at all stands for `{}`. Never throws.
 */
export function parseCommand(
  name: string,
  payload: Buffer,
  newId: NewId = randomUUID,
): Command | CommandRefusal {
  const fields = parseFields(payload);
  const id = (typeof fields === 'string' ? undefined : idOf(fields.id)) ?? newId();
  const refuse = (error: string): CommandRefusal => ({ name, id, error });
  if (!isCommandName(name)) {
    return refuse(say`There is no command "${brief(name)}". There are ${COMMAND_NAMES.join(', ')}.`);
  }
  if (typeof fields === 'string') return refuse(say`${name}: ${fields}`);
  const error = envelopeError(fields) ?? argumentError(name, fields);
  if (error !== undefined) return refuse(say`${name}: ${error}`);
  return { name, id, value: argumentOf(name, fields) };
}

/** What a command is passed on with; its arguments are those that it takes. */
function argumentOf(name: CommandName, { value, minutes, all, path, requeue }: Fields): Command['value'] {
  if (name === 'concurrency') return Number(value);
  if (name === 'pause' && minutes !== undefined) return Number(minutes);
  if (name === 'rescan' && all === true) return 'all';
  if (name === 'audit' && requeue === true) return { requeue };
  return typeof path === 'string' ? { path } : '';
}

/**
 * Reads what came on one of the topics that Home Assistant sets: `ON` or `OFF` for paused, a whole number for
 * concurrency. Never throws.
 */
export function parseSetting(
  setting: 'paused' | 'concurrency',
  payload: Buffer,
  newId: NewId = randomUUID,
): Command | CommandRefusal {
  const id = newId();
  const text = payload.byteLength > MOST_BYTES ? '' : payload.toString().trim();
  if (setting === 'paused') {
    if (/^on$/i.test(text)) return { name: 'pause', id, value: '' };
    if (/^off$/i.test(text)) return { name: 'resume', id, value: '' };
    return { name: 'paused', id, error: say`paused: it must be ON or OFF.` };
  }
  // Home Assistant may write 4 as 4.0.
  const value = /^\d+(\.0+)?$/.test(text) ? Number(text) : undefined;
  if (isConcurrency(value)) return { name: 'concurrency', id, value };
  return { name: 'concurrency', id, error: say`concurrency: it must be ${range()}.` };
}

/** The object in a payload, or a sentence that says why there is none. */
function parseFields(payload: Buffer): Fields | string {
  if (payload.byteLength > MOST_BYTES) return say`it has more than ${MOST_BYTES} bytes.`;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload).trim();
    const content: unknown = text === '' ? {} : JSON.parse(text);
    return recordOf(content) ?? say`it must be a JSON object such as {"v": 1}, or nothing.`;
  } catch {
    // TextDecoder and JSON.parse fail for nothing but what they are given.
    return say`this is no JSON. Send an object such as {"v": 1}, or nothing.`;
  }
}

function envelopeError({ v, id }: Fields): string | undefined {
  if (v !== undefined && v !== 1) return say`"v" must be 1, the only version there is.`;
  if (id === undefined || idOf(id) !== undefined) return undefined;
  return say`"id" must be a text of 1 to ${LONGEST_ID} characters, or a number.`;
}

function argumentError(name: CommandName, fields: Fields): string | undefined {
  const known = ['v', 'id', ...ARGUMENTS[name]];
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    return say`it takes no "${brief(unknown)}", only ${known.map((key) => `"${key}"`).join(', ')}.`;
  }
  const isFlag = (value: unknown) => value === undefined || typeof value === 'boolean';
  if (name === 'rescan' && !isFlag(fields.all)) return say`"all" must be true or false.`;
  if (name === 'audit' && !isFlag(fields.requeue)) return say`"requeue" must be true or false.`;
  const isPathWanted = name === 'dismiss' || (name === 'retry' && fields.path !== undefined);
  if (isPathWanted && !(typeof fields.path === 'string' && isAbsolute(fields.path))) {
    return say`"path" must be the full path of a failed file, as in {"path": "/photos/a.jpg"}.`;
  }
  if (name === 'concurrency' && !isConcurrency(fields.value)) {
    return say`"value" must be ${range()}, for example {"value": ${min + 3}}.`;
  }
  if (name === 'pause' && fields.minutes !== undefined && !isPauseMinutes(fields.minutes)) {
    return say`"minutes" must be a number from ${PAUSE_RANGE.min} to ${PAUSE_RANGE.max}.`;
  }
  return undefined;
}

function isCommandName(name: string): name is CommandName {
  return COMMAND_NAMES.some((known) => known === name);
}

function isConcurrency(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function idOf(id: unknown): string | undefined {
  if (typeof id === 'number' && Number.isFinite(id)) return String(id);
  return typeof id === 'string' && id !== '' && id.length <= LONGEST_ID ? id : undefined;
}

function brief(text: string): string {
  return text.length <= 32 ? text : `${text.slice(0, 31)}…`;
}

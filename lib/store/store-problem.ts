import { errorCode } from '../file-io.js';
import { say } from '../say.js';

/**
 * What is wrong with the store: it is `locked` by another program, cannot be written or opened (`unusable`: a full disk,
 * a missing right), or was `damaged` and set aside. All three cost nothing but memory.
 */
export type StoreTrouble = 'locked' | 'unusable' | 'damaged';

/** A trouble and the sentence for the log. */
export interface StoreProblem {
  readonly kind: StoreTrouble;
  readonly message: string;
}

/** What LevelDB says when the disk or the system is at fault, and not what lies on it. */
const OUTER_REASONS =
  /No space left|quota|Permission denied|Read-only|Too many open files|Input\/output|memory|Stale|not connected|No locks/i;
const DAMAGE_CODES = ['LEVEL_CORRUPTION', 'LEVEL_IO_ERROR', 'EEXIST'];

/** Which trouble an error of the database is a sign of. What is no clear sign of damage is none. */
export function troubleOf(error: unknown): StoreTrouble {
  const reason = rootOf(error);
  const code = errorCode(reason) ?? '';
  if (code === 'LEVEL_LOCKED') return 'locked';
  return DAMAGE_CODES.includes(code) && !OUTER_REASONS.test(textOf(reason)) ? 'damaged' : 'unusable';
}

/** The sentence about a trouble; `place` is the folder, or where a damaged one was put. */
export function sayTrouble(kind: StoreTrouble, place: string, error: unknown): StoreProblem {
  const reason = reasonOf(error);
  const sentences: Record<StoreTrouble, string> = {
    locked: say`The memory in "${place}" is in use by another Node-RED or command with the same user directory. This one works without it: it may ask Immich again about files that are known. Give each its own user directory.`,
    unusable: say`The memory in "${place}" cannot be used (${reason}). Everything works without it, and files that are known may be asked about again. It is tried again by itself.`,
    damaged: say`The memory was damaged (${reason}) and has been set aside as "${place}". No photo is lost: a new one is built from Immich's answers as the files are seen again. You may delete the old one.`,
  };
  return { kind, message: sentences[kind] };
}

function reasonOf(error: unknown): string {
  const reason = rootOf(error);
  const code = errorCode(reason);
  if (code !== undefined && !code.startsWith('LEVEL_')) return code;
  const said = OUTER_REASONS.exec(textOf(reason))?.[0];
  return said ?? textOf(reason).replace(/^(?:IO error|Corruption): /, '');
}

/** abstract-level wraps what happened while opening. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The sentence about single records that were damaged while the rest of the store is whole. */
export function sayLost(place: string): StoreProblem {
  return {
    kind: 'damaged',
    message: say`Some of what was remembered in "${place}" was damaged and is forgotten. No photo is lost: Immich is asked again about those files.`,
  };
}

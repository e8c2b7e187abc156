import { createHash } from 'node:crypto';
import { choiceOf, fieldsOf, numberOf, recordOf, textOf } from '../fields.js';
import { type PayloadOptions, toldName, toldPath } from './detail.js';

/** What a watched folder may be doing. Publisher and Home Assistant's discovery share this list. */
export const FOLDER_STATES = ['watching', 'scanning', 'missing', 'unreadable', 'skipped', 'paused'] as const;

/** States of a folder that need somebody: no file is found in it. */
export const FOLDER_PROBLEMS = [
  'missing',
  'unreadable',
  'skipped',
] as const satisfies readonly (typeof FOLDER_STATES)[number][];

/** How a watched folder stands, as it goes over the wire. Every key is always there; null means unknown. */
export interface FolderStatePayload {
  readonly v: 1;
  readonly ts: string;
  /** As in its topic, `[a-z0-9_-]+`. */
  readonly id: string;
  /** Base name; null when names are not told. */
  readonly name: string | null;
  /** Full path, only when paths are asked for. */
  readonly path: string | null;
  readonly state: (typeof FOLDER_STATES)[number] | null;
  /** Files of the right kind that lie in it. */
  readonly files: number | null;
  /** Those of them that wait in it until others have gone on. */
  readonly waiting: number | null;
}

/**
 * What the payload of a `watch/state` message says of each folder; undefined for no such record. A folder without an
 * id has no topic, and is left out. Never throws.
 */
export function folderStatePayloads(
  record: unknown,
  { detail = 'names', now = () => new Date() }: PayloadOptions = {},
): FolderStatePayload[] | undefined {
  const { state: watchState, folders } = recordOf(record) ?? {};
  if (!Array.isArray(folders)) return undefined;
  return folders.map(fieldsOf).flatMap((folder) => {
    const id = textOf(folder.id);
    if (id === null || !/^[a-z0-9_-]{1,64}$/.test(id)) return [];
    const path = textOf(folder.path);
    const toldId = detail === 'none' ? namelessId(id) : id;
    return {
      v: 1,
      ts: now().toISOString(),
      id: toldId,
      name: toldName(path, detail),
      path: toldPath(path, detail),
      state: stateOf(folder.state, watchState),
      files: numberOf(folder.fileCount),
      waiting: numberOf(folder.waiting),
    };
  });
}

/** A folder's id begins with its name; only the digits at its end tell it apart where names are not told. */
function namelessId(id: string): string {
  return `folder-${/[0-9a-f]{6}$/.exec(id)?.[0] ?? createHash('sha1').update(id).digest('hex').slice(0, 6)}`;
}

/** Whether an id says nothing of the folder's name. */
export function isNameless(id: string): boolean {
  return /^folder-[0-9a-f]{6}$/.test(id);
}

/** The node that told of these folders: it tells of all its folders at once. Null where it does not say. */
export function watchNodeOf(record: unknown): string | null {
  return textOf(fieldsOf(record).node);
}

/** Whatever the watch does as a whole, a folder in trouble stays in trouble. */
function stateOf(own: unknown, ofWatch: unknown): FolderStatePayload['state'] {
  const isOwn = choiceOf(own, FOLDER_PROBLEMS) !== null || ofWatch !== 'paused';
  return choiceOf(isOwn ? own : ofWatch, FOLDER_STATES);
}

import { FOLDER_PROBLEMS, FOLDER_STATES } from '../bridge/folder-payload.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import { type Components, count, DIAGNOSTIC, fromTopic, jsonValue } from './component.js';

const PROBLEMS = FOLDER_PROBLEMS.map((state) => `'${state}'`).join(', ');

/** What Home Assistant shows of a watched folder, under a name that no other folder has. */
export function folderComponents(topics: BridgeTopics, id: string, name: string): Components {
  const { sensor, binarySensor } = fromTopic(topics.folderState(id));
  return {
    files: sensor(`Folder ${name} files`, jsonValue('files'), {
      ...count('files'),
      icon: 'mdi:folder-image',
    }),
    state: sensor(`Folder ${name} state`, jsonValue('state'), {
      device_class: 'enum',
      options: FOLDER_STATES,
      icon: 'mdi:folder-eye-outline',
      ...DIAGNOSTIC,
    }),
    problem: binarySensor(
      `Folder ${name} problem`,
      `{{ 'ON' if value_json.state in [${PROBLEMS}] else 'OFF' if value_json.state else None }}`,
      { device_class: 'problem', ...DIAGNOSTIC },
    ),
  };
}

/**
 * A name for each folder, by id: its own, or its place in the order of ids where names are not told. Folders of the
 * same name, whatever their case, get a number.
 */
export function folderNames(
  folders: readonly { readonly id: string; readonly name: string | null }[],
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const sorted = [...folders].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const [index, { id, name }] of sorted.entries()) {
    const wanted = readable(name) ?? String(index + 1);
    let given = wanted;
    for (let number = 2; taken.has(given.toLowerCase()); number += 1) given = `${wanted} ${number}`;
    taken.add(given.toLowerCase());
    names.set(id, given);
  }
  return names;
}

/** A folder's name as one short line. */
function readable(name: string | null): string | undefined {
  const line = Array.from((name ?? '').replace(/[\p{C}\s]+/gu, ' ').trim());
  if (line.length === 0) return undefined;
  return line.length <= 40 ? line.join('') : `${line.slice(0, 39).join('')}…`;
}

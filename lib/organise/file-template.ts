import { basename, dirname } from 'node:path';
import type { FoundFile } from '../media-file.js';
import { say } from '../say.js';
import { SettingError } from '../settings.js';
import { type WallTime, wallTime } from './time-zone.js';

/** A name with places that each file fills in: `{folder}`, `{path}`, `{watched}`, `{yyyy}`, `{mm}`, `{dd}`, `{session}`. */
export type FileTemplate = readonly (string | Place)[];

interface Place {
  readonly name: (typeof PLACES)[number];
  /** Between the folders of a path; undefined for the usual one. */
  readonly joiner: string | undefined;
}

const PLACES = ['folder', 'path', 'watched', 'yyyy', 'mm', 'dd', 'session'] as const;

/** What the places of a template are filled with, beside the file. */
export interface FillOptions {
  /** Between the folders of a path, where the template names nothing else. */
  readonly joiner: string;
  /** When the file was taken or written, in milliseconds since 1970. */
  readonly dateMs: number;
  readonly timeZone: string;
  /** When the flow was started, as text. */
  readonly session: string;
}

/**
 * Reads a template. `{path: - }` joins folders by ` - `.
 * @throws SettingError that names the field, for a place that there is not
 */
export function parseTemplate(field: string, text: string): FileTemplate {
  return text.split(/(\{[^{}]*\})/).flatMap((piece): FileTemplate => {
    if (piece === '') return [];
    if (!piece.startsWith('{') || !piece.endsWith('}')) return [piece];
    const [word = '', ...after] = piece.slice(1, -1).split(':');
    const name = PLACES.find((place) => place === word.trim().toLowerCase());
    const joiner = after.length === 0 ? undefined : after.join(':');
    if (name !== undefined && (joiner === undefined || name === 'path')) return [{ name, joiner }];
    const known = PLACES.map((place) => `{${place}}`).join(', ');
    throw new SettingError(say`${field}: "${piece}" does not work here. There are ${known}.`);
  });
}

/**
 * The name that a template gives a file; undefined when one of its places stays empty, as `{folder}` does for a file
 * that lies in the watched folder itself.
 */
export function fillTemplate(
  template: FileTemplate,
  file: Pick<FoundFile, 'folder' | 'relativePath'>,
  options: FillOptions,
): string | undefined {
  const folders = dirname(file.relativePath)
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.');
  const date = template.some(isOfDate) ? wallTime(options.dateMs, options.timeZone) : undefined;
  let name = '';
  for (const piece of template) {
    const text = typeof piece === 'string' ? piece : fill(piece, file, folders, date, options);
    if (text === '') return undefined;
    name += text;
  }
  return name.replace(/\p{Cc}+/gu, ' ').trim() || undefined;
}

function fill(
  { name, joiner }: Place,
  { folder }: Pick<FoundFile, 'folder'>,
  folders: readonly string[],
  date: WallTime | undefined,
  options: FillOptions,
): string {
  switch (name) {
    case 'folder':
      return folders.at(-1) ?? '';
    case 'path':
      return folders.join(joiner ?? options.joiner);
    case 'watched':
      return basename(folder);
    case 'session':
      return options.session;
    case 'yyyy':
      return String(date?.year ?? '').padStart(4, '0');
    case 'mm':
      return String(date?.month ?? '').padStart(2, '0');
    case 'dd':
      return String(date?.day ?? '').padStart(2, '0');
  }
}

function isOfDate(piece: string | Place): boolean {
  return typeof piece !== 'string' && ['yyyy', 'mm', 'dd'].includes(piece.name);
}

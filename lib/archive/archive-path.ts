import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { basename, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { FoundFile } from '../media-file.js';
import { say } from '../say.js';
import { SettingError, settingText } from '../settings.js';
import { ArchiveError } from './archive-error.js';

/** What a template may name. Dates are those of the file's mtime, in the local time zone. */
const PLACEHOLDERS = ['yyyy', 'MM', 'dd', 'folder', 'path', 'name', 'ext'] as const;

/** The longest file name, in bytes of UTF-8, that common file systems take. */
const MAX_NAME_BYTES = 255;

/**
 * The archive folder from a setting, absolute; undefined when it is unset. `~` means the home folder.
 * @throws SettingError for a name with a NUL character in it
 */
export function parseArchiveFolder(field: string, value: unknown, home = homedir()): string | undefined {
  const text = settingText(value);
  if (text === undefined) return undefined;
  if (text.includes('\0')) throw new SettingError(say`${field}: a folder name cannot hold a NUL character.`);
  return resolve(text === '~' || /^~[\\/]/.test(text) ? join(home, text.slice(1)) : text);
}

/**
 * The template of the path below the archive folder from a setting; empty means: keep the folder tree.
 * @throws SettingError for an unknown placeholder, and for a template that leads out of the archive folder
 */
export function parseTemplate(field: string, value: unknown): string {
  const template = settingText(value) ?? '';
  const known = PLACEHOLDERS.map((name) => `{${name}}`).join(', ');
  const refuse = (why: string) =>
    new SettingError(say`${field}: "${template}" does not work here: ${why}. Known placeholders: ${known}.`);
  for (const [whole, name] of template.matchAll(/\{([^{}]*)\}/g)) {
    if (!PLACEHOLDERS.some((placeholder) => placeholder === name)) throw refuse(say`there is no ${whole}`);
  }
  if (/[{}]/.test(template.replace(/\{[^{}]*\}/g, ''))) throw refuse(say`a brace has no partner`);
  if (isAbsolute(template) || /^~(?:$|[\\/])/.test(template)) {
    throw refuse(say`it must not start at the root or the home folder, but below the archive folder`);
  }
  if (segmentsOf(template).includes('..')) throw refuse(say`".." would leave the archive folder`);
  if (template.includes('\0')) throw refuse(say`a path cannot hold a NUL character`);
  return template;
}

export interface ArchivePathInput {
  /** Absolute. */
  readonly archiveFolder: string;
  /** As parseTemplate gave it; empty keeps the folder tree below the watched folder. */
  readonly template: string;
  readonly file: Pick<FoundFile, 'path' | 'folder' | 'relativePath' | 'mtimeMs'>;
  /** Dates a file whose mtime is not known. */
  readonly now?: Date;
}

/**
 * Where a file goes in the archive, absolute. Says nothing about whether that name is free.
 * @throws ArchiveError `outside-archive` when that would not be below the archive folder
 */
export function archivePath({
  archiveFolder,
  template,
  file: found,
  now = new Date(),
}: ArchivePathInput): string {
  const file = { ...found, relativePath: withoutAside(found.relativePath) };
  const below = template === '' ? file.relativePath : fillTemplate(template, file, now);
  const target = resolve(archiveFolder, join('.', below));
  const parts = [below, file.relativePath, template];
  const isHonest = parts.every((part) => !isAbsolute(part) && !segmentsOf(part).includes('..'));
  if (!isHonest || !isBelow(archiveFolder, target) || below.includes('\0')) {
    throw new ArchiveError(
      'outside-archive',
      say`"${file.path}" stays where it is: its place in the archive, "${below}", would lie outside of the archive folder "${archiveFolder}". Check the template and where the file was found.`,
    );
  }
  return target;
}

/** Whether a path lies below a folder, going by the names alone; both absolute. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function fillTemplate(template: string, file: ArchivePathInput['file'], now: Date): string {
  const fileName = basename(file.relativePath);
  const extension = extname(fileName);
  const values = valuesOf(file, fileName, extension, now);
  const text = extension === '' ? template.replaceAll('.{ext}', '') : template;
  const filled = text.replace(/\{([^{}]*)\}/g, (_whole, name: string) => values[name] ?? '');
  const last = segmentsOf(template).at(-1) ?? '';
  const isNamed = last.includes('{name}');
  const path = isNamed ? filled + (last.includes('{ext}') ? '' : extension) : `${filled}/${fileName}`;
  return segmentsOf(path).filter(Boolean).join(sep);
}

function valuesOf(
  file: ArchivePathInput['file'],
  fileName: string,
  extension: string,
  now: Date,
): Record<string, string> {
  const modified = new Date(file.mtimeMs);
  const date = file.mtimeMs > 0 && !Number.isNaN(modified.getTime()) ? modified : now;
  return {
    yyyy: String(date.getFullYear()).padStart(4, '0'),
    MM: twoDigits(date.getMonth() + 1),
    dd: twoDigits(date.getDate()),
    folder: basename(file.folder),
    path: segmentsOf(file.relativePath).slice(0, -1).join(sep),
    name: basename(fileName, extension),
    ext: extension.slice(1),
  };
}

/**
 * The nth name for a file whose own is taken: `IMG_1.jpg`, `IMG_1 (2).jpg`, … The stem gives way where the
 * number would make the name longer than 255 bytes.
 */
export function numberedPath(path: string, number: number): string {
  return number <= 1 ? path : withSuffix(path, ` (${number})`);
}

const ASIDE = /\.immich-bridge-[0-9a-f]{16}(?=(\.[^.]*)?$)/;

/**
 * A name that nobody else has, in the same folder, for a file that is about to be removed. It keeps the extension, so
 * that folder-watch finds the file if it is left there by a power cut.
 */
export function asidePath(path: string): string {
  return withSuffix(path, `.immich-bridge-${randomBytes(8).toString('hex')}`);
}

/** Whether a path is one that `asidePath` gave. */
export function isAside(path: string): boolean {
  return ASIDE.test(path);
}

/** The path that a file had before it stepped aside. */
export function withoutAside(path: string): string {
  return path.replace(ASIDE, '');
}

function withSuffix(path: string, addition: string): string {
  const name = basename(path);
  const found = extname(name);
  const extension = Buffer.byteLength(found) > 32 ? '' : found;
  const suffix = `${addition}${extension}`;
  const stem = shorten(basename(name, extension), MAX_NAME_BYTES - Buffer.byteLength(suffix));
  return join(path, '..', `${stem}${suffix}`);
}

function shorten(text: string, maxBytes: number): string {
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}

function segmentsOf(path: string): string[] {
  return path.split(sep === '\\' ? /[\\/]/ : '/');
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

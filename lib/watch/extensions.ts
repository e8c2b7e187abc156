import { extname } from 'node:path';
import { say } from '../say.js';
import { SettingError } from '../settings.js';

const images =
  'avif bmp gif jpeg jpg png webp heic heif hif insp jp2 jpe jxl svg tif tiff ' +
  '3fr ari arw cap cin cr2 cr3 crw dcr dng erf fff iiq k25 kdc mrw nef nrw orf ori pef psd raf raw rw2 rwl sr2 srf srw x3f';
const videos = '3gp 3gpp avi flv insv m2t m2ts m4v mkv mov mp4 mpe mpeg mpg mts mxf ts vob webm wmv';

/**
 * What Immich takes, lower-case with the dot, as long as the server has not said it itself.
 * Source: `GET /server/media-types` of Immich 2.7.5, without sidecars.
 */
export const builtInExtensions: ReadonlySet<string> = mediaExtensions(`${images} ${videos}`.split(' '));

/** The extension of a file name, lower-case with the dot; empty when it has none. */
export function extensionOf(name: string): string {
  return extname(name).toLowerCase();
}

/**
 * Extensions as people and servers write them (`jpg`, `.JPG`, `*.jpg`), as a set to look up. The sidecar `xmp` is
 * left out: it travels with its photo and is none itself.
 */
export function mediaExtensions(written: Iterable<string>): ReadonlySet<string> {
  const extensions = new Set([...written].map((entry) => `.${entry.replace(/^\*?\./, '').toLowerCase()}`));
  extensions.delete('.xmp');
  return extensions;
}

/**
 * The extensions of a setting; undefined when it is unset.
 * @throws SettingError for an entry that can be no extension
 */
export function parseExtensions(field: string, entries: readonly string[]): ReadonlySet<string> | undefined {
  for (const entry of entries) {
    if (/^(\*?\.)?[^\s./\\*?]+$/u.test(entry)) continue;
    throw new SettingError(
      say`${field}: "${entry}" is no file extension. Type a list such as jpg, heic, mp4.`,
    );
  }
  return entries.length > 0 ? mediaExtensions(entries) : undefined;
}

/** The extensions that count at the moment. */
export interface CurrentExtensions {
  get(): ReadonlySet<string>;
  /** Asks the server unless it has answered; never waits for it. */
  ask(): void;
}

/**
 * Keeps to the `chosen` extensions if there are any. Else starts with the built-in ones and takes the server's list
 * once it answers, which `onChange` is told.
 */
export function currentExtensions(
  chosen: ReadonlySet<string> | undefined,
  askServer: (() => Promise<readonly string[] | undefined>) | undefined,
  onChange: () => void,
): CurrentExtensions {
  let extensions = chosen ?? builtInExtensions;
  let isSettled = chosen !== undefined || askServer === undefined;
  let isAsking = false;
  const ask = async () => {
    isAsking = true;
    const answer = await askServer?.().catch(() => undefined); // No answer: it is asked again at the next re-scan.
    isAsking = false;
    if (answer === undefined || answer.length === 0) return;
    isSettled = true;
    extensions = mediaExtensions(answer);
    onChange();
  };
  return {
    get: () => extensions,
    ask: () => {
      if (!isSettled && !isAsking) void ask();
    },
  };
}

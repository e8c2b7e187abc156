import { sep } from 'node:path';

/**
 * Whether an entry of a watched folder is passed over. `relativePath` lies below the watched folder; the
 * folders above it were asked about before.
 */
export type IgnoreRule = (relativePath: string, isFolder: boolean) => boolean;

/** What is no photo, or not one yet. Written like a person's own patterns: see `compileIgnoreRules`. */
export const defaultIgnorePatterns: readonly string[] = [
  // Hidden: dotfiles, .DS_Store, ._*, .stversions, .stfolder, .syncthing.*.tmp, .@__thumb, rsync's .name.XXXXXX
  '.*',
  // Not yet complete: browsers, download managers, editors, file transfer
  ...['*.part', '*.partial', '*.filepart', '*.crdownload', '*.download', '*.opdownload', '*.aria2'],
  ...['*.tmp', '*.temp', '*.swp', '*~', '~$*', '*.!qb', '*.!ut', '*.!sync', '~syncthing~*'],
  // Synology, QNAP and other storage boxes
  ...['@eaDir/', '@__thumb/', '@Recycle/', '@Recently-Snapshot/', '@tmp/', '@SynoResource', '#recycle/'],
  ...['#snapshot/', 'SYNOFILE_THUMB_*', 'SYNOPHOTO_THUMB_*', 'lost+found/'],
  // Small copies that cameras and photo programs make
  ...['thumbnails/', 'THMBNL/', 'Thumbs.db', 'ehthumbs*.db', '*.lrdata/', 'Lightroom Catalog/'],
  // Waste of systems and programs
  ...['$RECYCLE.BIN/', 'System Volume Information/', 'desktop.ini', '__MACOSX/', 'Recently Deleted/'],
  ...['Temporary Items/', 'Network Trash Folder/'],
];

/**
 * Makes one rule of patterns. `*` stands for any characters but `/`, `?` for one of them, and a part that is `**`
 * for any number of folders. A pattern without `/` fits a name at any depth, one with `/` the whole path below the
 * watched folder; with `/` at its end it fits folders only. Upper and lower case are the same.
 */
export function compileIgnoreRules(patterns: readonly string[]): IgnoreRule {
  const rules = patterns.map((pattern) => {
    const parts = pattern.toLowerCase().split(sep).join('/').split('/');
    const isFoldersOnly = parts.length > 1 && parts.at(-1) === '';
    if (isFoldersOnly) parts.pop();
    const isAnywhere = parts.length === 1;
    if (parts[0] === '') parts.shift();
    return { parts, isAnywhere, isFoldersOnly };
  });
  return (relativePath, isFolder) => {
    const path = relativePath.toLowerCase().split(sep);
    const name = path.slice(-1);
    return rules.some(
      ({ parts, isAnywhere, isFoldersOnly }) =>
        (isFolder || !isFoldersOnly) && fits(parts, isAnywhere ? name : path, '**', fitsName),
    );
  };
}

function fitsName(pattern: string, name: string): boolean {
  const last = pattern.at(-1);
  // Most names fail at the last letter, and 50,000 of them are asked.
  if (last !== '*' && last !== '?' && last !== name.at(-1)) return false;
  return fits(pattern, name, '*', (wanted, character) => wanted === '?' || wanted === character);
}

/**
 * Whether a pattern fits, item by item; `star` stands for any number of items. Only the last star is ever taken
 * back, which is enough, so the work is at most both lengths multiplied: no pattern can hang it.
 */
function fits(
  pattern: ArrayLike<string>,
  items: ArrayLike<string>,
  star: string,
  isFit: (wanted: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let afterStar = -1;
  let retryFrom = 0;
  while (item < items.length) {
    const wanted = pattern[at];
    if (wanted === star) {
      afterStar = ++at;
      retryFrom = item;
    } else if (wanted !== undefined && isFit(wanted, items[item] ?? '')) {
      at++;
      item++;
    } else if (afterStar >= 0) {
      at = afterStar;
      item = ++retryFrom;
    } else return false;
  }
  while (pattern[at] === star) at++;
  return at === pattern.length;
}

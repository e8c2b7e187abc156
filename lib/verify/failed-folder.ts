import { isBelow } from '../archive/archive-path.js';
import { say } from '../say.js';
import { type Finding, findingsIn } from './finding.js';
import { checkArchiveFolder } from './folder-check.js';
import { rightAdvice, writeTrouble } from './folder-trouble.js';

/** What a folder-watch looks into. Paths are absolute. */
export interface Watch {
  readonly folders: readonly string[];
  readonly isRecursive: boolean;
  /** Not looked into. */
  readonly failedFolder: string | undefined;
}

export interface FailedFolderOptions {
  readonly watches: readonly Watch[];
  readonly archiveFolder?: string | undefined;
  /** Writes a small file there and removes it; without it the rights are looked at alone. */
  readonly isTried?: boolean;
}

const finding = findingsIn('Folders');

/** Says of a folder for failed files whether it is there or can be made, and whether somebody would find them again. */
export async function checkFailedFolder(
  path: string,
  { watches, archiveFolder, isTried = false }: FailedFolderOptions,
): Promise<Finding> {
  const finder = watches.map((watch) => finderOf(path, watch)).find((folder) => folder !== undefined);
  if (finder !== undefined) {
    const found = say`lies in the watched folder ${finder}, where failed files would be found again`;
    const advice = say`Choose another one, or name it in the node folder watch as folder of failed files, too.`;
    return finding(path, 'problem', found, advice);
  }
  const place = await checkArchiveFolder(path);
  if (place.verdict === 'ok' && isTried) {
    const refusal = await writeTrouble(path);
    if (refusal !== undefined)
      return finding(path, 'problem', say`nothing can be written there (${refusal})`, rightAdvice('write'));
  }
  if (place.verdict === 'problem' || archiveFolder === undefined || !isIn(archiveFolder, path)) return place;
  const found = say`lies in the archive: an audit counts what is in it as never uploaded`;
  return finding(path, 'warning', found, say`Choose a folder beside the archive.`);
}

/** The watched folder through which the files would be found again. */
function finderOf(path: string, { folders, isRecursive, failedFolder }: Watch): string | undefined {
  if (failedFolder !== undefined && isIn(failedFolder, path)) return undefined;
  return folders.find((folder) => folder === path || (isRecursive && isBelow(folder, path)));
}

function isIn(folder: string, path: string): boolean {
  return folder === path || isBelow(folder, path);
}

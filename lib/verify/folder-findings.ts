import { stat, statfs } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { isBelow } from '../archive/archive-path.js';
import { say } from '../say.js';
import { type Finding, findingsIn } from './finding.js';
import { type FolderTree, readTree } from './folder-tree.js';
import {
  folderTrouble,
  missingArchive,
  rightAdvice,
  size,
  type Trouble,
  writeTrouble,
} from './folder-trouble.js';
import { isShare, type Mount, mountOf, mountTable } from './mount.js';
import { watchLimitFinding } from './watch-limit.js';

export interface FolderSettings {
  /** Absolute. */
  readonly watchFolders: readonly string[];
  /** Absolute. */
  readonly archiveFolder: string;
  /** Absolute; undefined when failed files stay where they are. */
  readonly failedFolder?: string | undefined;
  readonly isRecursive: boolean;
}

interface Watched {
  readonly path: string;
  readonly tree: FolderTree;
  readonly mount: Mount | undefined;
}

const finding = findingsIn('Folders');
/** With less than this an archive on another disk is nearly full. */
const LITTLE_BYTES = 1_000_000_000;

/** Looks at the folders, and writes one small file into the archive, which it removes. */
export async function folderFindings(settings: FolderSettings, signal: AbortSignal): Promise<Finding[]> {
  const { watchFolders, archiveFolder } = settings;
  const table = await mountTable();
  const findings: Finding[] = [];
  const watched: Watched[] = [];
  for (const path of new Set(watchFolders)) {
    const trouble =
      (await folderTrouble(path)) ?? overlap(path, archiveFolder) ?? overlapOfFailed(path, settings);
    if (trouble !== undefined) {
      findings.push(finding(path, 'problem', ...trouble));
      continue;
    }
    const tree = await readTree(path, { ...settings, signal });
    const mount = table === undefined ? undefined : await mountOf(path, table);
    watched.push({ path, tree, mount });
    findings.push(watchedFinding(path, tree), ...shareFinding(path, mount), ...layerFinding(path, mount));
  }
  const folderCount = watched.reduce((sum, { tree }) => sum + tree.folderCount, 0);
  findings.push(await watchLimitFinding(folderCount));
  findings.push(...(await archiveFindings(archiveFolder, watched, table)));
  return findings;
}

function overlap(path: string, archiveFolder: string): Trouble | undefined {
  const below = relative(archiveFolder, path);
  const isInside = below === '' || !(below === '..' || below.startsWith(`..${sep}`));
  if (!isInside) return undefined;
  return ['is the archive, or lies in it: it is not watched', 'Choose another ARCHIVE_DIRECTORY.'];
}

function overlapOfFailed(path: string, { failedFolder }: FolderSettings): Trouble | undefined {
  if (failedFolder === undefined || (failedFolder !== path && !isBelow(failedFolder, path))) return undefined;
  return [
    say`is the folder of failed files, or lies in it: it is not watched`,
    say`Choose another FAILED_DIRECTORY.`,
  ];
}

function watchedFinding(path: string, tree: FolderTree): Finding {
  const [unreadable] = tree.unreadable;
  if (unreadable !== undefined) {
    return finding(path, 'problem', `${unreadable} cannot be read`, rightAdvice('read'));
  }
  const [unwritable] = tree.unwritable;
  const holds = `${count(tree.folderCount, 'folder')}, ${count(tree.fileCount, 'file')} (${size(tree.fileBytes)})`;
  if (unwritable === undefined) return finding(path, 'ok', holds);
  const found = `${holds}; nothing may be moved out of ${unwritable}`;
  return finding(path, 'problem', found, `${rightAdvice('write')} Originals are moved to the archive.`);
}

function shareFinding(path: string, mount: Mount | undefined): Finding[] {
  if (mount === undefined || !isShare(mount)) return [];
  const found = `a network share (${mount.type}): it sends no events for what other machines do`;
  return [finding(path, 'warning', found, 'Set polling in the node folder watch to true.')];
}

/** A path in the image of a container, where no folder of the host is mounted. */
function layerFinding(path: string, mount: Mount | undefined): Finding[] {
  if (mount?.type !== 'overlay') return [];
  const found = 'lies inside the container or live system, and is gone with it';
  return [finding(path, 'warning', found, 'Mount a folder of the host there.')];
}

async function archiveFindings(
  path: string,
  watched: readonly Watched[],
  table: string | undefined,
): Promise<Finding[]> {
  const name = `${path} (archive)`;
  const trouble = await folderTrouble(path);
  if (trouble !== undefined) return [await missingArchive(path, finding(name, 'problem', ...trouble))];
  const refusal = await writeTrouble(path);
  if (refusal !== undefined) {
    return [finding(name, 'problem', `nothing can be written there (${refusal})`, rightAdvice('write'))];
  }
  const { bavail, bsize } = await statfs(path);
  const freeBytes = bavail * bsize;
  const mount = table === undefined ? undefined : await mountOf(path, table);
  const elsewhere = [];
  for (const entry of watched) if (await isElsewhere(entry, path, mount)) elsewhere.push(entry);
  const waitingBytes = elsewhere.reduce((sum, { tree }) => sum + tree.fileBytes, 0);
  return [
    spaceFinding(name, freeBytes, waitingBytes, elsewhere.length > 0),
    ...elsewhere.map((entry) => copyFinding(entry.path)),
    ...layerFinding(name, mount),
  ];
}

/** Whether an original has to be copied, because a rename does not lead from there into the archive. */
async function isElsewhere(entry: Watched, archive: string, mount: Mount | undefined): Promise<boolean> {
  if (entry.mount !== undefined && mount !== undefined && entry.mount.id !== mount.id) return true;
  return (await stat(entry.path)).dev !== (await stat(archive)).dev;
}

function spaceFinding(name: string, freeBytes: number, waitingBytes: number, isCopying: boolean): Finding {
  const found = `can be written; ${size(freeBytes)} are free`;
  if (waitingBytes > freeBytes) {
    return finding(name, 'problem', `${found}, but ${size(waitingBytes)} wait`, 'Make room on its disk.');
  }
  if (isCopying && freeBytes < LITTLE_BYTES) return finding(name, 'warning', found, 'Make room on its disk.');
  return finding(name, 'ok', found);
}

function copyFinding(path: string): Finding {
  const found = 'and the archive are two mounts: originals are copied and compared, not just renamed';
  return finding(path, 'ok', found);
}

/** As in `1 file`, `12 files`. */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

import { readFile } from 'node:fs/promises';
import { type Finding, findingsIn } from './finding.js';

const finding = findingsIn('Folders');
const CHECK = 'watches of the system';

/** How many folders a user of Linux may watch, those of all programs together (inotify(7)). */
const LIMIT_FILE = '/proc/sys/fs/inotify/max_user_watches';

/** Compares the folders that have to be watched, one watch each, with what the system allows. */
export async function watchLimitFinding(folderCount: number, limitFile = LIMIT_FILE): Promise<Finding> {
  const limit = Number(await readFile(limitFile, 'utf8').catch(() => Number.NaN));
  if (!Number.isInteger(limit)) return finding(CHECK, 'ok', 'this system sets no limit that can be read');
  const found = `${folderCount} of ${limit} are needed`;
  const advice = `Allow more: sysctl fs.inotify.max_user_watches=${nextLimit(folderCount)} (on Docker: on the host).`;
  if (folderCount >= limit) return finding(CHECK, 'problem', found, advice);
  return folderCount > limit / 2 ? finding(CHECK, 'warning', found, advice) : finding(CHECK, 'ok', found);
}

/** The power of two that leaves room for four times as many, and is at least today's usual one of a small system. */
function nextLimit(folderCount: number): number {
  return Math.max(65_536, 2 ** Math.ceil(Math.log2(folderCount * 4)));
}

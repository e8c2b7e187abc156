import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../file-io.js';
import { say } from '../say.js';
import { type Finding, findingsIn } from './finding.js';
import { may } from './folder-tree.js';

const finding = findingsIn('Folders');

/** What is wrong, and what to do. */
export type Trouble = [found: string, advice: string];

/** Why a path is no folder that can be looked at; undefined when it is one. */
export async function folderTrouble(path: string): Promise<Trouble | undefined> {
  try {
    if ((await stat(path)).isDirectory()) return undefined;
    return [say`this is a file, not a folder`, say`Name the folder that it lies in.`];
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return [say`is missing`, say`Make it, mount the disk, or mend the path.`];
    return [
      say`cannot be looked at (${String(code)})`,
      say`Give the user that runs Node-RED the right to read it.`,
    ];
  }
}

/** The archive is made when the first file goes there, if that can be done: then the problem is a warning. */
export async function missingArchive(path: string, problem: Finding): Promise<Finding> {
  const isMissing = (folder: string) =>
    stat(folder).then(
      () => false,
      (error: unknown) => errorCode(error) === 'ENOENT',
    );
  if (!(await isMissing(path))) return problem;
  let parent = dirname(path);
  while (parent !== dirname(parent) && (await isMissing(parent))) parent = dirname(parent);
  if (!(await may(parent, constants.W_OK | constants.X_OK))) return problem;
  const found = say`is missing; it is made for the first file`;
  return finding(
    problem.check,
    'warning',
    found,
    say`If it is on a disk that is not mounted, mount it first.`,
  );
}

/** Why no file can be written into a folder, as the system's code: one is, and removed again; undefined when it can. */
export async function writeTrouble(folder: string): Promise<string | undefined> {
  const probe = join(folder, `.immich-bridge-verify-${randomUUID()}`);
  try {
    await writeFile(probe, say`This file may be deleted.`, { flag: 'wx' });
    await unlink(probe);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? 'unknown reason';
  }
}

/** What to do where a right is missing. */
export function rightAdvice(verb: 'read' | 'write'): string {
  return verb === 'read'
    ? say`Give the user that runs Node-RED the right to read there.`
    : say`Give the user that runs Node-RED the right to write there.`;
}

/** As in `35 GB`. */
export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return bytes < 1_000_000_000 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

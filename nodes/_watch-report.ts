import { basename } from 'node:path';
import type { FolderProblem } from '../lib/watch/folder-look.js';
import type { FolderWatchOptions, FolderWatchReport } from '../lib/watch/folder-watch.js';
import type { NodeTools } from './_node-tools.js';

const LONGEST_STATUS = 19;

/** Files that wait for room on their way. */
export function waitingIn({ folders }: FolderWatchReport): number {
  return folders.reduce((sum, { waiting }) => sum + waiting, 0);
}

/** Shows how the watch stands. */
export function showStatus(tools: NodeTools<unknown>, report: FolderWatchReport): void {
  const { state, folders } = report;
  const files = folders.reduce((sum, { fileCount }) => sum + fileCount, 0);
  const waiting = waitingIn(report);
  const missing = folders.filter((folder) => folder.state === 'missing');
  const [first] = missing;
  if (folders.length === 0) tools.status('grey', 'no-folder');
  else if (state === 'paused') tools.status('grey', 'paused');
  else if (folders.some((folder) => folder.state === 'unreadable')) tools.status('red', 'unreadable');
  else if (folders.some((folder) => folder.state === 'skipped')) tools.status('red', 'skipped');
  else if (state === 'scanning') tools.status('blue', 'scanning', { files });
  else if (first === undefined && waiting > 0) tools.status('blue', 'waiting', { files: waiting });
  else if (first === undefined) tools.status('green', 'watching', { files });
  else if (missing.length > 1) tools.status('yellow', 'missing-many', { folders: missing.length });
  else {
    const folder = basename(first.path);
    const fits = `missing: ${folder}`.length <= LONGEST_STATUS;
    tools.status('yellow', fits ? 'missing-named' : 'missing', { folder });
  }
}

/** Writes to the log what is wrong with a folder or a file. */
export function warn(
  tools: NodeTools<Pick<FolderWatchOptions, 'maxBytes'>>,
  { kind, path, detail }: FolderProblem,
): void {
  const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  tools.log('warn', kind, {
    path,
    detail,
    size: megabytes(Number(detail)),
    limit: megabytes(tools.options.maxBytes),
  });
}

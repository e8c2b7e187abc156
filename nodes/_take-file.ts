import type { NodeMessage } from 'node-red';
import type { UploadedFile } from '../lib/media-file.js';
import { pathOf, pathsOf } from './_file-flow.js';
import type { NodeTools, Output } from './_node-tools.js';

/** Why a file needs no further word. */
const QUIET_ENDS = new Set(['vanished', 'superseded', 'no-photo', 'dismissed', 'set-aside']);

/** Uploads the file in a message, and passes it on when it is proven. */
export async function take(
  msg: NodeMessage,
  upload: () => Promise<UploadedFile>,
  tools: NodeTools<unknown>,
): Promise<Output> {
  try {
    const uploaded = await upload();
    return [
      {
        ...msg,
        topic: uploaded.isDryRun ? 'dry-run/uploaded' : 'file/uploaded',
        filename: uploaded.path,
        payload: uploaded,
      },
      null,
    ];
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'vanished') {
      tools.log('info', 'vanished', { file: pathOf(msg).join('') });
      // It may be there again before folder-watch missed it.
      tools.returnFiles(pathsOf(msg));
    }
    if (QUIET_ENDS.has(String(code))) return undefined;
    throw error;
  }
}

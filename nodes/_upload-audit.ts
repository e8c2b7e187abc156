import type { NodeMessage } from 'node-red';
import { audit } from '../lib/audit/audit.js';
import { stayingFile } from '../lib/audit/stay-file.js';
import { fieldsOf, textOf } from '../lib/fields.js';
import { say } from '../lib/say.js';
import { SettingError } from '../lib/settings.js';
import { findReceipt } from '../lib/store/find-receipt.js';
import type { UploadQueue } from '../lib/upload/upload-queue.js';
import { fullPath } from '../lib/watch/folder-settings.js';
import type { Obey } from './_command-answer.js';
import type { NodeTools } from './_node-tools.js';
import { serverOf } from './_upload-server.js';

/** Files of an audit that are on their way at a time. */
const MOST_UNDER_WAY = 500;
const LOOK_AGAIN_MS = 200;

/** What an immich-upload node can be asked about its past: an audit, and the receipt of one file. */
export function auditCommands(
  tools: NodeTools<{ readonly server: string | undefined }>,
  queue: UploadQueue<NodeMessage>,
): Record<'audit' | 'receipt', Obey> {
  const { signal, parts, send } = tools;
  const { client, libraryId: server } = serverOf(tools);
  const store = tools.fileStore();
  let isRunning = false;

  /** Uploads a file from where it lies; it goes on through the flow and stays there. */
  async function requeue({ path }: { path: string }): Promise<boolean> {
    while (queue.state().pending + queue.state().active > MOST_UNDER_WAY) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS).unref());
      signal.throwIfAborted();
    }
    const file = await stayingFile(path, new Date());
    if (file === undefined) return false;
    queue.add(file, { topic: 'file/stable', payload: file }).then(
      (payload) => send([{ topic: 'file/uploaded', filename: path, payload }, null]),
      () => undefined, // The queue told why; at the end of the node the next audit finds it again.
    );
    return true;
  }

  async function run(folders: readonly string[], isEverything: boolean, isRequeuing: boolean): Promise<void> {
    try {
      const report = await audit({
        ...{ store, server, client, folders, isEverything, signal },
        requeue: isRequeuing ? requeue : undefined,
      });
      tools.log(report.missing > 0 ? 'warn' : 'info', 'audited', { ...report, files: '', hasMemory: '' });
      send([null, { topic: 'audit/report', payload: { ...report, node: tools.id } }]);
    } catch (error) {
      if (!signal.aborted) tools.report(error, { topic: 'audit/report', payload: {} });
    } finally {
      isRunning = false;
    }
  }

  return {
    audit(payload) {
      const { folder, requeue: isRequeuing } = fieldsOf(payload);
      if (folder !== undefined && typeof folder !== 'string')
        throw new SettingError(
          say`folder: it must be the full path of a folder, as in {"folder": "/photos/archive"}.`,
        );
      if (isRunning) throw new SettingError(say`An audit is under way; its report comes when it is done.`);
      isRunning = true;
      const folders = folder === undefined ? parts.archiveFolders() : [fullPath('folder', folder)];
      void run(folders, folder === undefined, isRequeuing === true);
    },
    async receipt(payload) {
      const { path, sha1 } = fieldsOf(payload);
      const receipt = await findReceipt(store, server, {
        path: textOf(path) ?? undefined,
        sha1: textOf(sha1) ?? undefined,
      });
      const answer = { receipt: receipt ?? null, server: client.origin, node: tools.id };
      send([null, { topic: 'receipt', payload: answer }]);
    },
  };
}

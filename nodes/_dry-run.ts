import type { NodeMessage } from 'node-red';
import type { UploadQueue } from '../lib/upload/upload-queue.js';
import type { NodeTools } from './_node-tools.js';

const SAID = { created: 'would-be-created', duplicate: 'would-be-duplicate' } as const;

/**
 * Says what would be sent, and hands all of it back in the end: when the next run is a real one, folder-watch must tell
 * these files anew.
 */
export function withDryRun(
  queue: UploadQueue<NodeMessage>,
  { log }: NodeTools<unknown>,
): UploadQueue<NodeMessage> {
  const said = new Set<string>();
  return {
    ...queue,
    async add(file, msg) {
      const uploaded = await queue.add(file, msg);
      said.add(file.path);
      log('info', uploaded.isTrashed ? 'would-be-trashed' : SAID[uploaded.uploadOutcome], {
        file: file.path,
      });
      return uploaded;
    },
    paths: () => [...queue.paths(), ...said],
  };
}

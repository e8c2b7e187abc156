import type { NodeMessageInFlow } from 'node-red';
import { isNoLongerOurs, isTransient } from '../lib/archive/archive-error.js';
import {
  type ArchiveOptions,
  type ArchiveSettings,
  archiveFile,
  parseArchiveOptions,
  provenFile,
} from '../lib/archive/archive-file.js';
import { createRetryLater, type RetryLaterOptions } from '../lib/archive/retry-later.js';
import { pathsOfGroup } from '../lib/companions/companion.js';
import { type FileIo, fileIo } from '../lib/file-io.js';
import type { ArchivedFile, UploadedFile } from '../lib/media-file.js';
import { rememberArchived } from '../lib/store/remember-archived.js';
import { atMostEvery } from '../lib/throttle.js';
import { archiveDiskOf } from './_archive-disk.js';
import { dryRun, proofsOf } from './_archive-proofs.js';
import { type Hand, showStatus, withoutTrouble } from './_archive-status.js';
import { defineNode, type NodeWork } from './_define-node.js';
import type { NodeTools, Output } from './_node-tools.js';

const STATUS_EVERY_MS = 250;

interface Effects {
  readonly io?: Partial<FileIo> | undefined;
  readonly wait?: RetryLaterOptions['wait'] | undefined;
}

export default archiveMove();

/** Makes the function that registers the node; a test gives it another file system or clock. */
export function archiveMove({ io, wait }: Effects = {}) {
  return defineNode<ArchiveSettings, ArchiveOptions>('archive-move', {
    parse: parseArchiveOptions,
    create: (tools) => createWork(tools, { io, wait }),
  });
}

function createWork(tools: NodeTools<ArchiveOptions>, { io: given, wait }: Effects): NodeWork {
  const { signal, options: policy } = tools;
  const io = fileIo({ ...given, signal });
  const disk = archiveDiskOf(tools, io);
  const store = tools.fileStore();
  if (policy.mode === 'keep') tools.parts.keeps(tools.id, signal);
  if (policy.mode === 'move') tools.parts.archives(policy.archiveFolder, signal);
  const later = createRetryLater({ signal, isTransient, wait });
  const proofs = proofsOf(tools, io);
  const hand: Hand = { files: new Map(), troubles: new Map(), archivedCount: 0 };
  /** Failed for good under these settings: handed back, too, when the node is repaired. */
  const refused = new Set<string>();
  const show = atMostEvery(STATUS_EVERY_MS, signal, () => showStatus(tools, hand, proofs.count()));
  show();
  // What waits for the archive is in Immich already, and holds up no other upload.
  tools.load.carries(() => withoutTrouble(hand), signal);
  tools.shows({ stage: 'archived', waiting: () => hand.files.size + proofs.count() });

  return {
    async onInput(msg) {
      const given = provenFile(msg.payload, policy);
      const file = proofs.take(given, hand.files.keys());
      show();
      if (file === undefined) return undefined;
      if (policy.isDryRun) return dryRun(tools, file, msg, io);
      const output = archive(file, msg);
      hand.files.set(file, output);
      show();
      return output;
    },
    async close(isRemoved) {
      await Promise.allSettled(hand.files.values());
      if (isRemoved && !tools.isInFlow()) await disk.forget();
      tools.returnFiles([...refused, ...[...hand.files.keys(), ...proofs.waiting()].flatMap(pathsOfGroup)]);
    },
  };

  async function archive(file: UploadedFile, msg: NodeMessageInFlow): Promise<Output> {
    let isHandedBack = false;
    try {
      const payload = await later.run(file.path, () => attempt(file, msg));
      await rememberArchived(store, payload, tools.id, io);
      hand.archivedCount += 1;
      return { ...msg, topic: 'file/archived', filename: payload.archivedTo ?? file.path, payload };
    } catch (error) {
      isHandedBack = signal.aborted;
      if (!isNoLongerOurs(error)) {
        if (!signal.aborted) for (const path of pathsOfGroup(file)) refused.add(path);
        throw error;
      }
      tools.log('warn', error.code, { path: file.path });
      tools.returnFiles(pathsOfGroup(file));
      return undefined;
    } finally {
      hand.troubles.delete(file);
      if (!isHandedBack) hand.files.delete(file);
      show();
    }
  }

  async function attempt(file: UploadedFile, msg: NodeMessageInFlow): Promise<ArchivedFile> {
    try {
      await disk.mustBeThere();
      return await archiveFile(file, policy, io);
    } catch (error) {
      // Told once a reason, not once a try.
      if (isTransient(error) && hand.troubles.get(file) !== error.code) {
        hand.troubles.set(file, error.code);
        show();
        tools.report(error, msg);
      }
      throw error;
    }
  }
}

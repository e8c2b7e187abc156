import { type ArchiveDisk, openArchiveDisk } from '../lib/archive/archive-disk.js';
import type { ArchivePolicy } from '../lib/archive/archive-file.js';
import type { FileIo } from '../lib/file-io.js';
import { memoryPath } from './_memory-path.js';
import type { NodeTools } from './_node-tools.js';

/** The disk of an archive-move node's archive; a node that moves nothing has none to look for. */
export function archiveDiskOf(tools: NodeTools<ArchivePolicy>, io: FileIo): ArchiveDisk {
  const { options } = tools;
  if (options.mode !== 'move') return { mustBeThere: async () => undefined, forget: async () => undefined };
  return openArchiveDisk({ archiveFolder: options.archiveFolder, memory: memoryPath(tools, 'archive'), io });
}

import type { NodeMessage } from 'node-red';
import { isNoLongerOurs } from '../lib/archive/archive-error.js';
import type { ArchiveOptions } from '../lib/archive/archive-file.js';
import { dryArchive } from '../lib/archive/dry-archive.js';
import { createProofJoin } from '../lib/archive/proof-join.js';
import { pathsOfGroup } from '../lib/companions/companion.js';
import { type FileIo, GONE, unlessCode } from '../lib/file-io.js';
import type { UploadedFile } from '../lib/media-file.js';
import type { NodeTools, Output } from './_node-tools.js';

const LOOK_EVERY_MS = 300_000;

/**
 * What waits in an archive-move until enough servers have a file. It does not count as on its way: the uploader that has
 * not proven it yet has it in hand. A file that goes away meanwhile is let go.
 */
export function proofsOf({ options, signal }: NodeTools<ArchiveOptions>, io: FileIo) {
  const join = createProofJoin(options.waitFor);
  const letGo = async (file: UploadedFile) => {
    const there = await unlessCode(GONE, io.fs.lstat(file.path)).catch(() => file);
    if (there === undefined) join.drop(file);
  };
  if (options.waitFor > 1) {
    const timer = setInterval(() => void Promise.all(join.waiting().map(letGo)), LOOK_EVERY_MS).unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }
  return {
    count: join.count,
    waiting: join.waiting,
    /** Gives the file once it may be archived; `inHand` are those that are. */
    take(file: UploadedFile, inHand: Iterable<UploadedFile>): UploadedFile | undefined {
      if (options.waitFor === 1) return file;
      // A proof more, while the file is on its way into the archive already.
      for (const { path, sha1 } of inHand) if (path === file.path && sha1 === file.sha1) return undefined;
      const whole = join.add(file);
      if (whole === undefined) void letGo(file);
      return whole;
    },
  };
}

const SAID = {
  moved: 'would-moved',
  kept: 'would-kept',
  deleted: 'would-deleted',
  'already-archived': 'would-already-archived',
} as const;

/** Says where the original would go, and those that travel with it. */
export async function dryRun(
  { options, log, status, returnFiles }: NodeTools<ArchiveOptions>,
  file: UploadedFile,
  msg: NodeMessage,
  io: FileIo,
): Promise<Output> {
  const payload = await dryArchive(file, options, io).catch((error: unknown) => {
    if (!isNoLongerOurs(error)) throw error;
    // Another version is there, or none: what comes of it is said when it is found.
    returnFiles(pathsOfGroup(file));
    return undefined;
  });
  if (payload === undefined) return undefined;
  for (const { path, archivedTo } of [payload, ...(payload.companions ?? [])]) {
    const isThere = payload.archiveOutcome === 'already-archived' && archivedTo !== path;
    log('info', isThere ? 'would-remove' : SAID[payload.archiveOutcome], { path, place: archivedTo ?? '' });
  }
  status('grey', 'dry-run');
  return { ...msg, topic: 'dry-run/archived', payload };
}

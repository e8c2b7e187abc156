import type { UploadedFile, UploadProof } from '../media-file.js';

/** Files of which some proofs are there, until all of them are. */
export interface ProofJoin {
  /** Takes a proof; gives the file with all proofs once there are enough of different libraries, and then forgets it. */
  add(file: UploadedFile): UploadedFile | undefined;
  /** The files that wait for further proofs. */
  waiting(): UploadedFile[];
  count(): number;
  /** A file is of no interest any more, at least not in this version. */
  drop(file: UploadedFile): void;
}

/**
 * Makes what waits until `wanted` libraries have proven the same bytes of a file. An asset counts once, by whichever
 * address, key or wire its proof came; a proof of other bytes at a path begins anew, because the file is another one.
 */
export function createProofJoin(wanted: number): ProofJoin {
  const files = new Map<string, UploadedFile[]>();
  return {
    add(file) {
      if (wanted <= 1) return file;
      const before = (files.get(file.path) ?? []).filter(
        (known) => isSameVersion(known, file) && known.assetId !== file.assetId,
      );
      const all = [...before, file];
      if (all.length < wanted) {
        files.set(file.path, all);
        return undefined;
      }
      files.delete(file.path);
      return joined(all, file);
    },
    waiting: () => [...files.values()].flatMap((proofs) => proofs.at(-1) ?? []),
    count: () => files.size,
    drop(file) {
      if (files.get(file.path)?.some((known) => isSameVersion(known, file))) files.delete(file.path);
    },
  };
}

function isSameVersion(a: UploadedFile, b: UploadedFile): boolean {
  return a.sha1 === b.sha1 && a.sizeBytes === b.sizeBytes;
}

/** What all of them proved: a companion that one of them left out stays behind. */
function joined(all: readonly UploadedFile[], last: UploadedFile): UploadedFile {
  const companions = last.companions?.filter(({ path, sha1 }) =>
    all.every((file) => file.companions?.some((other) => other.path === path && other.sha1 === sha1)),
  );
  return {
    ...last,
    ...(companions && { companions }),
    isTrashed: all.some(({ isTrashed }) => isTrashed),
    uploads: all.map(proofOf),
  };
}

function proofOf(file: UploadedFile): UploadProof {
  const { server = null, serverId, assetId, uploadOutcome: outcome, isTrashed, uploadedAt } = file;
  return { server, ...(serverId !== undefined && { serverId }), assetId, outcome, isTrashed, uploadedAt };
}

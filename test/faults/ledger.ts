import { createHash } from 'node:crypto';
import type { FileGroup } from './groups.js';

/** What lies at a path, as far as the campaign did it; the uploader may have taken it since. */
export type Belief =
  /** Complete, and so to be in Immich and in the archive in the end. */
  | { readonly kind: 'whole'; readonly sha1: string }
  /** Complete, too, and part of a group; a sidecar comes into the archive, and is no asset of its own. */
  | { readonly kind: 'member'; readonly sha1: string; readonly isAsset: boolean }
  /** Complete, and refused by Immich for as long as the round lasts. */
  | { readonly kind: 'refused'; readonly sha1: string }
  /** Never to be sent as it is: empty, a truncated video, a name that says that it is not finished. */
  | { readonly kind: 'stays'; readonly isCounted: boolean }
  /** Being written by an actor. */
  | { readonly kind: 'growing' };

/** The books of a campaign: what was written, what of it may be in Immich, and what must be. */
export interface Ledger {
  /** By path below the watched folder. */
  readonly beliefs: ReadonlyMap<string, Belief>;
  /** Every sequence of bytes that was complete at some time, by SHA-1, with what it was. */
  readonly complete: ReadonlyMap<string, string>;
  /** Of those, all that were not deleted or replaced before somebody could take them. */
  readonly wanted: ReadonlySet<string>;
  /** All groups that were ever there, oldest first. */
  readonly groups: FileGroup[];
  /** What an actor saw that cannot be right, as sentences. */
  readonly surprises: string[];
  /** Inodes that an actor wrote to after the uploader had moved them: nobody can prove those bytes. */
  readonly strays: Set<number>;
  believe(path: string, belief: Belief): void;
  /** The bytes stood still, complete or not, for as long as a complete file does. */
  allow(bytes: Buffer, what: string): string;
  /** The file at a path was deleted or replaced by an actor, who saw it there right before. */
  withdraw(path: string): void;
  /** The file at a path is gone, and it was no actor: so the uploader took it. */
  wasTaken(path: string): void;
  /** Moves a belief to another path. */
  rename(from: string, to: string): void;
  /** All whole files were found in Immich: they have to stay there. */
  settle(): void;
}

/** Whether what is believed to lie there is to be an asset of Immich. */
export function isToBeStored(belief: Belief | undefined): belief is Belief & { sha1: string } {
  return belief?.kind === 'whole' || (belief?.kind === 'member' && belief.isAsset);
}

/** SHA-1 of bytes, 40 hex digits. */
export function sha1Of(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** Opens empty books. */
export function openLedger(): Ledger {
  const beliefs = new Map<string, Belief>();
  const complete = new Map<string, string>();
  const wanted = new Set<string>();
  const surprises: string[] = [];
  const want = (belief: Belief | undefined) => {
    if (isToBeStored(belief)) wanted.add(belief.sha1);
  };
  return {
    beliefs,
    complete,
    wanted,
    groups: [],
    surprises,
    strays: new Set(),
    believe: (path, belief) => void beliefs.set(path, belief),
    allow(bytes, what) {
      const sha1 = sha1Of(bytes);
      complete.set(sha1, what);
      return sha1;
    },
    withdraw: (path) => void beliefs.delete(path),
    wasTaken(path) {
      const belief = beliefs.get(path);
      want(belief);
      if (belief?.kind === 'stays') surprises.push(`"${path}" was taken, though it was not complete.`);
      beliefs.delete(path);
    },
    rename(from, to) {
      const belief = beliefs.get(from);
      beliefs.delete(from);
      if (belief !== undefined) beliefs.set(to, belief);
    },
    settle() {
      for (const [path, belief] of beliefs) {
        want(belief);
        if (belief.kind === 'whole' || belief.kind === 'member') beliefs.delete(path);
      }
      for (const group of this.groups) group.isSettled = true;
    },
  };
}

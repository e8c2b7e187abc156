import type { StoredAlbum, StoredAsset, StoredStack, StoredTag } from '../support/immich-stand-in.js';
import type { FaultWorld } from './fault-world.js';
import type { Lying } from './folder-look.js';
import type { UploaderSays, UploaderState } from './uploader-says.js';

/** What one Immich holds. */
export interface Library {
  readonly name: string;
  readonly assets: readonly StoredAsset[];
  readonly stacks: readonly StoredStack[];
  readonly albums: readonly StoredAlbum[];
  readonly tags: readonly StoredTag[];
}

/** What a round is judged by: the world after it, and how it was before. */
export interface RoundView {
  readonly world: FaultWorld;
  /** Of every Immich. */
  readonly libraries: readonly Library[];
  /** All of them together. */
  readonly assets: readonly StoredAsset[];
  readonly inbox: readonly Lying[];
  readonly archive: readonly Lying[];
  /** Now, with the events since the round began. */
  readonly says: UploaderSays;
  /** Files of the archive, by inode and path, that lay there before. */
  readonly archivedBefore: ReadonlySet<string>;
  readonly totalsBefore: UploaderState['totals'] | undefined;
  /** Assets whose bytes were changed on their way, by id: nobody sent them. */
  readonly changed: ReadonlySet<string>;
  /** What Node-RED has printed since the round began. */
  readonly log: string;
  /** Of Node-RED, after its first quiet end in this life; undefined before. */
  readonly descriptorsBefore: number | undefined;
}

/** How a file of the archive is known from one round to the next. */
export function archiveKey({ inode, path }: Lying): string {
  return `${inode} ${path}`;
}

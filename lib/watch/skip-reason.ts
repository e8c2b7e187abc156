import { type FolderIo, stampFolder } from './folder-listing.js';

/** Why a folder is not looked into. */
export type SkipReason = 'is-archive' | 'is-failed' | 'watched-twice';

interface SkipRules {
  readonly archiveFolder?: string | undefined;
  readonly failedFolder?: string | undefined;
  readonly isFollowingLinks: boolean;
  readonly io: FolderIo;
}

/** What one of the watched folders has seen so far. */
interface SeenFolders {
  readonly root: string;
  /** Where below this root the folder of this identity was seen. */
  pathOf(identity: string): string | undefined;
}

/** Why the folder of this identity, found at `path` below `root`, must not be looked into, if so. */
export async function reasonToSkip(
  { archiveFolder, failedFolder, isFollowingLinks, io }: SkipRules,
  watched: readonly SeenFolders[],
  root: string,
  identity: string,
  path: string,
): Promise<SkipReason | undefined> {
  const isAt = (place: string) =>
    stampFolder(place, true, io).then(
      (stamp) => stamp.identity === identity,
      () => false, // Nothing there that could be the same folder.
    );
  if (archiveFolder !== undefined && (await isAt(archiveFolder))) return 'is-archive';
  if (failedFolder !== undefined && (await isAt(failedFolder))) return 'is-failed';
  for (const other of watched) {
    const holder = other.pathOf(identity);
    if (other.root !== root && (other.root === path || other.root === holder)) return 'watched-twice';
    // Through links the same folder comes up twice, or within itself: the first path to it counts.
    if (isFollowingLinks && holder !== undefined && holder !== path && (await isAt(holder))) {
      return 'watched-twice';
    }
  }
  return undefined;
}

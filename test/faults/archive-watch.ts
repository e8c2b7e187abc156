import type { FaultWorld } from './fault-world.js';
import { isTorso, makeFolderLook } from './folder-look.js';

const LOOK_EVERY_MS = 120;
/** A version that came at the last moment may be seen before it has its old name again. */
const MOST_LOOKS = 3;

/**
 * Looks into the archive while things go wrong: no original may be there before every Immich has its bytes. Gives what ends
 * it, and what that says was seen.
 */
export function watchArchive({ places, sides, ledger }: FaultWorld): () => string[] {
  const look = makeFolderLook();
  const suspects = new Map<string, { looks: number; inode: number; sentence: string }>();
  const timer = setInterval(() => {
    const lying = look(places.archive).filter(({ path }) => !isTorso(path));
    const proven = sides.map(({ server }) => new Set(server.assets.map(({ sha1 }) => sha1)));
    const sidecars = new Set(
      ledger.groups.flatMap(({ members }) =>
        members.flatMap(({ role, sha1 }) => (role === 'sidecar' ? [sha1] : [])),
      ),
    );
    const unproven = lying.filter(
      ({ sha1 }) => !sidecars.has(sha1) && proven.some((library) => !library.has(sha1)),
    );
    for (const { path, sha1, inode } of unproven) {
      const key = `${inode} ${sha1}`;
      const sentence = `${path} (${sha1}) was in the archive before every Immich had it.`;
      suspects.set(key, { looks: (suspects.get(key)?.looks ?? 0) + 1, inode, sentence });
    }
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    return [...suspects.values()]
      .filter(({ looks, inode }) => looks >= MOST_LOOKS && !ledger.strays.has(inode))
      .map(({ sentence }) => sentence);
  };
}

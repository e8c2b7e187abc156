import { say } from '../say.js';

/** What a permission of Immich's keys shows; source: the permissions that 2.7.5 asked for. */
const RIGHTS = {
  'server.versionCheck': { shows: () => say`whether there is a newer version`, isForAdmins: false },
  'server.storage': { shows: () => say`how full the disk is`, isForAdmins: false },
  'user.read': { shows: () => say`the quota of its user`, isForAdmins: false },
  'asset.statistics': { shows: () => say`photos and videos of its user`, isForAdmins: false },
  'server.statistics': { shows: () => say`photos and videos of all users`, isForAdmins: true },
  'queue.read': { shows: () => say`how many jobs wait`, isForAdmins: true },
  'job.read': { shows: () => say`how many jobs wait, for Immich before 2.4`, isForAdmins: true },
} as const;

export type Right = keyof typeof RIGHTS;

/** What a right shows, as the end of a sentence, and whether only an administrator's key can use it. */
export function purposeOf(right: Right): { readonly shows: string; readonly isForAdmins: boolean } {
  const { shows, isForAdmins } = RIGHTS[right];
  return { shows: shows(), isForAdmins };
}

/** All of them, in the order in which they are told. */
export const RIGHT_NAMES = Object.keys(RIGHTS) as readonly Right[];

/** What a key may see, as far as it is known. */
export interface KeyRights {
  /** Takes the permissions that Immich names for the key; null when it does not name any. */
  learn(permissions: readonly string[] | null): void;
  /** Whether Immich names the right among the key's permissions, or names none at all. */
  has(right: Right): boolean;
  /** Whether it makes sense to ask: the key has the right, and was not refused lately. */
  may(right: Right): boolean;
  /** Immich refused; it is not asked again before the permissions change, or an hour has passed. */
  refuse(right: Right): void;
  /** Forgets the refusals, so that everything is tried once more. */
  forget(): void;
}

const REFUSED_FOR_MS = 3_600_000;

/** Remembers what a key may see, so that nothing is asked in vain. Before it learns anything, all may be tried. */
export function createKeyRights(nowMs: () => number = () => performance.now()): KeyRights {
  let granted: readonly string[] | null = null;
  const refusedUntil = new Map<Right, number>();
  const has = (right: Right) => granted === null || granted.includes('all') || granted.includes(right);
  return {
    learn(permissions) {
      if (permissions?.join() !== granted?.join()) refusedUntil.clear();
      granted = permissions;
    },
    has,
    may: (right) => has(right) && nowMs() >= (refusedUntil.get(right) ?? Number.NEGATIVE_INFINITY),
    refuse: (right) => void refusedUntil.set(right, nowMs() + REFUSED_FOR_MS),
    forget: () => refusedUntil.clear(),
  };
}

/** One sentence on what a key with more rights would show; undefined when it has them all. */
export function moreWith(missing: readonly Right[], hasKey: boolean): string | undefined {
  if (missing.length === 0) return undefined;
  const list = (isForAdmins: boolean) =>
    missing
      .filter((right) => RIGHTS[right].isForAdmins === isForAdmins)
      .map((right) => `${right} (${RIGHTS[right].shows()})`)
      .join(', ');
  const [ofAll, ofAdmins] = [list(false), list(true)];
  const parts = [
    ...(ofAll === '' ? [] : [say`with the permissions ${ofAll}`]),
    ...(ofAdmins === '' ? [] : [say`with those of an administrator's key ${ofAdmins}`]),
  ].join('; ');
  return hasKey
    ? say`The API key shows less than it could. It would show more ${parts}.`
    : say`Without an API key only version and reachability are known. A key would show more ${parts}.`;
}

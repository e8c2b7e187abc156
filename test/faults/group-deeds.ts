import { mkdirSync, renameSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGone } from '../../lib/file-io.js';
import { GRACE_MS } from './fault-world.js';
import { newFolder } from './file-names.js';
import { type FileGroup, type GroupMember, stillOf, xmpOf } from './groups.js';
import type { Hands } from './hands.js';
import { sha1Of } from './ledger.js';
import { newMov, newPhotoAs } from './media.js';
import type { Random } from './prng.js';

type Part = Omit<GroupMember, 'path' | 'sha1'> & { readonly extension: string; readonly bytes: Buffer };

/** What belongs together, by the extensions; names of groups without a sidecar come again, those of others do not. */
const KINDS = [
  ['LIVE', ['.heic', '.mov']],
  ['RAW', ['.jpg', '.dng']],
  ['XMP', ['.jpg', '.xmp']],
  ['OWN', ['.jpg', '.jpg.xmp']],
  ['TWIN', ['.jpg', '.png']],
  ['ALL', ['.heic', '.mov', '.dng', '.xmp']],
  ['ALL', ['.heic', '.mov', '.dng', '.heic.xmp']],
] as const;

const ROLES = { '.mov': 'video', '.dng': 'raw', '.png': 'twin' } as const;
const FEW_NAMES = 6;
/** Longer than all members wait for a late one. */
const LATE_MS = 4 * GRACE_MS;
/** Two groups of one name were taken so far apart that they have nothing to do with each other. */
const YEARS_SECONDS = [1_000_000_000, 1_700_000_000] as const;

/** A photo arrives with what belongs to it: at once, with pauses, or with one of them late, in any order. */
export async function arriveTogether(hands: Hands): Promise<void> {
  const { random, ledger } = hands;
  const [name, extensions] = random.pick(KINDS);
  const base = `${newFolder(random)}${name}_${random.int(1, isFreeOfSidecars(extensions) ? FEW_NAMES : 1e9)}`;
  const style = random.pick(['at once', 'at once', 'pauses', 'late'] as const);
  const seconds = random.int(...YEARS_SECONDS);
  const description = `sidecar ${random.int(0, 1e9)}`;
  const parts = inAnyOrder(
    extensions.map((extension) => newPart(extension, description, random)),
    random,
  );
  if (isTaken(hands, base)) return;
  const group: FileGroup = { base, members: [], isSplit: false, isForgotten: false, isSettled: false };
  ledger.groups.push(group);
  let lastAt = performance.now();
  for (const [index, part] of parts.entries()) {
    if (style === 'pauses') await sleep(random.int(0, GRACE_MS / 3));
    if (style === 'late' && index === parts.length - 1) await sleep(LATE_MS);
    if (performance.now() - lastAt > GRACE_MS / 2 && index > 0) group.isSplit = true;
    put(hands, group, part, seconds + random.int(0, 60));
    lastAt = performance.now();
  }
  const owner = stillOf(group)?.sha1;
  for (const [at, member] of group.members.entries()) {
    if (member.role === 'sidecar' && owner !== undefined) group.members[at] = { ...member, ownerSha1: owner };
  }
}

/** A sidecar arrives, or is changed, when its photo is through. */
export function arriveLateSidecar(hands: Hands): void {
  const { random, ledger } = hands;
  const owners = ledger.groups.filter((group) => group.isSettled && stillOf(group) !== undefined);
  const owner = owners.findLast(() => random.chance(0.5)) ?? owners.at(-1);
  const still = owner && stillOf(owner);
  if (!owner || !still || isTaken(hands, owner.base) || isOutlived(ledger.groups, owner)) return;
  const extension = random.pick(['.xmp', `${still.path.slice(owner.base.length)}.xmp`]);
  const { base, isForgotten } = owner;
  const group: FileGroup = { base, members: [], isSplit: true, isForgotten, isSettled: false };
  ledger.groups.push(group);
  const part = newPart(extension, `late sidecar ${random.int(0, 1e9)}`, random);
  put(hands, group, { ...part, ownerSha1: still.sha1 }, random.int(...YEARS_SECONDS));
}

/** Somebody deletes a file that travels with another one; the photo goes on without it. */
export function removeMember({ random, ledger, at }: Hands): void {
  const groups = ledger.groups.filter(({ isSettled, members }) => !isSettled && members.length > 1);
  if (groups.length === 0) return;
  const group = random.pick(groups);
  const member = group.members.find(({ role }) => role === 'video' || role === 'raw');
  if (member === undefined) return;
  try {
    unlinkSync(at(member.path));
  } catch (error) {
    if (isGone(error)) return;
    throw error;
  }
  group.isSplit = true;
  group.members.splice(group.members.indexOf(member), 1);
  ledger.withdraw(member.path);
}

function newPart(extension: string, description: string, random: Random): Part {
  if (extension.endsWith('.xmp'))
    return { extension, role: 'sidecar', bytes: xmpOf(description), description };
  const role = ROLES[extension as keyof typeof ROLES] ?? 'still';
  return { extension, role, bytes: role === 'video' ? newMov(random) : newPhotoAs(extension, random) };
}

function put({ at, ledger, random }: Hands, group: FileGroup, part: Part, seconds: number): void {
  const { extension, bytes, ...rest } = part;
  const path = group.base + extension;
  mkdirSync(dirname(at(path)), { recursive: true });
  const hidden = at(join(dirname(path), `.${random.int(0, 2 ** 31)}.tmp`));
  writeFileSync(hidden, bytes);
  utimesSync(hidden, seconds, seconds);
  const sha1 = rest.role === 'sidecar' ? sha1Of(bytes) : ledger.allow(bytes, `${path}, of a group`);
  group.members.push({ ...rest, path, sha1 });
  ledger.believe(path, { kind: 'member', sha1, isAsset: rest.role !== 'sidecar' });
  renameSync(hidden, at(path));
}

/** Whether a file of such a name lies there, or is believed to. */
function isTaken({ ledger }: Hands, base: string): boolean {
  const isOfBase = (path: string) => path.startsWith(`${base}.`);
  return (
    [...ledger.beliefs.keys()].some(isOfBase) ||
    ledger.groups.some((group) => group.base === base && !group.isSettled)
  );
}

/** Whether another group has had the name since. */
function isOutlived(groups: readonly FileGroup[], owner: FileGroup): boolean {
  return groups.findLast(({ base, members }) => base === owner.base && members.length > 1) !== owner;
}

function isFreeOfSidecars(extensions: readonly string[]): boolean {
  return extensions.every((extension) => !extension.endsWith('.xmp'));
}

function inAnyOrder<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => [random.next(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

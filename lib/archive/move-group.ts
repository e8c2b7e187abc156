import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type FileIo, fileIo } from '../file-io.js';
import type { UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import { checkInside, prepareFolder } from './archive-folder.js';
import { saying, vanishedError } from './move-file.js';
import { changedError, earlierNumber, type Move, occupantInTime } from './place-file.js';
import { finishMember, type Placed, placeMember, unplaceMember } from './place-member.js';
import { lookAtOriginal, type Occupant } from './proven-file.js';

const MAX_NAMES = 10_000;

/** A file that goes into the archive together with others. */
export interface Member {
  readonly file: UploadedFile;
  /** Its nth name there: all members get the same n. */
  readonly nameAt: (number: number) => string;
}

interface Seen extends Member {
  /** Undefined when the original is gone. */
  readonly stats: Stats | undefined;
}

/**
 * Moves proven, unchanged files to names with one common number, or none of them: all originals are looked at first,
 * then all get their names in the archive, and only then are the originals removed. The first member is the last one
 * all the way, so that whatever a crash leaves has it. What is gone already counts when the archive has it; another
 * member that is gone leaves the group.
 * @returns what became of each member, in their order; undefined for one that left
 * @throws ArchiveError when the originals stay where they are, or the reason of `given.signal`
 */
export async function moveGroup(
  members: readonly [Member, ...Member[]],
  archiveFolder: string,
  given: Partial<FileIo> = {},
): Promise<(Move | undefined)[]> {
  const io = fileIo(given);
  return lookingAt(members, io, async (seen, folders) => {
    const prepare = seen.some(({ stats }) => stats !== undefined) ? prepareFolder : checkInside;
    for (const path of folders) await prepare(archiveFolder, path, io);
    const [{ nameAt }] = members;
    const folder = dirname(nameAt(1));
    for (let from = 1; from <= MAX_NAMES; ) {
      const plan = await findNumber(seen, from, io);
      const placed = await placeAll(plan, folder, io);
      if (placed !== undefined) return await finishAll(plan, placed, folder, io);
      from = plan.number + 1;
    }
    throw new Error(say`${MAX_NAMES} names beside "${nameAt(1)}" are taken`);
  });
}

/**
 * Where proven files would go, and does nothing: as `moveGroup` would, if it began now.
 * @throws ArchiveError where they could not be moved
 */
export async function planGroup(
  members: readonly [Member, ...Member[]],
  archiveFolder: string,
  given: Partial<FileIo> = {},
): Promise<(Move | undefined)[]> {
  const io = fileIo(given);
  return lookingAt(members, io, async (seen, folders) => {
    for (const path of folders) await checkInside(archiveFolder, path, io);
    return movesOf(await findNumber(seen, 1, io));
  });
}

/** Looks at all originals and deals with them; whatever goes wrong is said as of the first one. */
function lookingAt<Result>(
  members: readonly [Member, ...Member[]],
  io: FileIo,
  deal: (seen: readonly Seen[], folders: ReadonlySet<string>) => Promise<Result>,
): Promise<Result> {
  const [{ file, nameAt }] = members;
  return saying('archive', file, dirname(nameAt(1)), io, async () => {
    const folders = new Set(members.map((member) => dirname(member.nameAt(1))));
    return deal(await lookAtAll(members, io), folders);
  });
}

async function lookAtAll(members: readonly Member[], io: FileIo): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const member of members) {
    const look = await lookAtOriginal(member.file, member.file, io);
    if (look.state === 'changed') throw changedError(member.file);
    seen.push({ ...member, stats: look.state === 'unchanged' ? look.stats : undefined });
  }
  return seen;
}

/** The number that all members can have, and what holds the names with it. */
interface Plan {
  readonly number: number;
  readonly members: readonly (Seen & { readonly name: string; readonly occupant: Occupant })[];
}

/** Prefers a number under which the archive holds what is gone already: an earlier try went as far as that. */
async function findNumber(seen: readonly Seen[], from: number, io: FileIo): Promise<Plan> {
  const earlier = from === 1 ? await earlierPlan(seen, io) : undefined;
  if (earlier !== undefined) return earlier;
  let fallback: Plan | undefined;
  for (let number = from; number <= MAX_NAMES; number += 1) {
    const plan = await planFor(seen, number, io);
    if (isFree(plan) && hasGone(plan)) return plan;
    if (isFree(plan)) fallback ??= plan;
    if (plan.members.every(({ occupant }) => occupant === 'nobody')) break;
  }
  const isFirstThere = fallback?.members[0]?.stats !== undefined;
  if (fallback !== undefined && isFirstThere) return fallback;
  throw vanishedError((seen.find(({ stats }) => stats === undefined) ?? (seen[0] as Seen)).file);
}

/**
 * The plan of an earlier try that had removed some originals when it ended: the first member, which is placed last, has
 * its name then, and the rest of them no longer says why it was not the first number.
 */
async function earlierPlan([first, ...others]: readonly Seen[], io: FileIo): Promise<Plan | undefined> {
  if (first?.stats === undefined) return undefined;
  const number = await earlierNumber(first.nameAt, first.file, first.stats, io);
  const plan = number === undefined ? undefined : await planFor([first, ...others], number, io);
  return plan !== undefined && isFree(plan) && hasGone(plan) ? plan : undefined;
}

function isFree({ members }: Plan): boolean {
  return members.every(({ stats, occupant }) => stats === undefined || isUsable(occupant));
}

/** Whether the archive has what is gone. */
function hasGone({ members }: Plan): boolean {
  return members.every(({ stats, occupant }) => stats !== undefined || occupant === 'same-bytes');
}

function isUsable(occupant: Occupant): boolean {
  return occupant === 'nobody' || occupant === 'same-bytes' || occupant === 'itself';
}

async function planFor(seen: readonly Seen[], number: number, io: FileIo): Promise<Plan> {
  const members = [];
  for (const member of seen) {
    const name = member.nameAt(number);
    members.push({ ...member, name, occupant: await occupantInTime(name, member.file, member.stats, io) });
  }
  return { number, members };
}

/** Undefined when one of the names is taken by now; then none was given. */
async function placeAll({ members }: Plan, folder: string, io: FileIo): Promise<Placed[] | undefined> {
  const placed: Placed[] = [];
  let isWhole = false;
  try {
    for (const { file, stats, name, occupant } of [...members].reverse()) {
      if (stats === undefined) continue;
      const how = occupant === 'itself' ? 'itself' : 'there';
      const next =
        occupant === 'nobody'
          ? await saying('archive', file, folder, io, () => placeMember(file, stats, name, io))
          : { file, name, stats, how: how as 'itself' | 'there', placed: undefined };
      if (next === undefined) return undefined;
      placed.push(next);
    }
    isWhole = true;
    return placed;
  } finally {
    if (!isWhole) for (const one of placed.reverse()) await unplaceMember(one, io);
  }
}

async function finishAll(
  plan: Plan,
  placed: readonly Placed[],
  folder: string,
  io: FileIo,
): Promise<(Move | undefined)[]> {
  for (const one of placed) {
    await saying('archive', one.file, folder, io, () => finishMember(one, io));
  }
  return movesOf(plan);
}

function movesOf({ members }: Plan): (Move | undefined)[] {
  return members.map(({ stats, name, occupant }) => {
    if (stats === undefined && occupant !== 'same-bytes') return undefined;
    return { archivedTo: name, outcome: occupant === 'nobody' ? 'moved' : 'already-archived' };
  });
}

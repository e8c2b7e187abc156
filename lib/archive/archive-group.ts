import { extname } from 'node:path';
import type { ArchivedCompanion, UploadedCompanion } from '../companions/companion.js';
import { foldedName, ownerOf } from '../companions/companion-key.js';
import type { FileIo } from '../file-io.js';
import type { ArchivedFile, UploadedFile } from '../media-file.js';
import type { ArchivePolicy } from './archive-file.js';
import { numberedPath } from './archive-path.js';
import { isInArchive, type MovePolicy, mustBeKept, targetOf } from './archive-target.js';
import { deleteFile, moveFile } from './move-file.js';
import { type Member, moveGroup, planGroup } from './move-group.js';
import type { Move } from './place-file.js';
import { changedError } from './place-file.js';
import { lookAtOriginal } from './proven-file.js';

type Result = Pick<ArchivedFile, 'archivedTo' | 'archiveOutcome' | 'companions'>;

/**
 * Deals with the originals of a proven file and its companions: with all of them, or with none.
 * @throws ArchiveError when they stay where they are, or the reason of the signal
 */
export async function archiveGroup(
  file: UploadedFile,
  companions: readonly UploadedCompanion[],
  policy: ArchivePolicy,
  io: FileIo,
): Promise<Result> {
  const stay = companions.map((companion) => ({ ...companion, archivedTo: companion.path }));
  if (policy.mode === 'keep') return { archivedTo: file.path, archiveOutcome: 'kept', companions: stay };
  if (policy.mode === 'delete') return deleteGroup(file, companions, io);
  if (isInArchive(file, policy.archiveFolder)) {
    return { archivedTo: file.path, archiveOutcome: 'already-archived', companions: stay };
  }
  return moveAll(file, companions, policy, io, {
    together: (members) => moveGroup(members, policy.archiveFolder, io),
    alone: (one, target) => moveFile(one, target, policy.archiveFolder, io),
  });
}

/**
 * Where the originals of a proven file and its companions would go, and does nothing.
 * @throws ArchiveError where they could not be dealt with
 */
export function planMove(
  file: UploadedFile,
  companions: readonly UploadedCompanion[],
  policy: MovePolicy,
  io: FileIo,
): Promise<Required<Result>> {
  const together: Mover['together'] = (members) => planGroup(members, policy.archiveFolder, io);
  return moveAll(file, companions, policy, io, {
    together,
    alone: async (one, target) =>
      (await together([{ file: one, nameAt: (number) => memberPath(target, number) }]))[0],
  });
}

/** How members of a group get their places: those that share a number, and one that cannot. */
interface Mover {
  together(members: readonly [Member, ...Member[]]): Promise<(Move | undefined)[]>;
  alone(file: UploadedFile, target: string): Promise<Move | undefined>;
}

async function moveAll(
  file: UploadedFile,
  companions: readonly UploadedCompanion[],
  policy: MovePolicy,
  io: FileIo,
  mover: Mover,
): Promise<Required<Result>> {
  const files = companions.map((companion) => asFile(file, companion));
  const targets = new Set<string>();
  const memberOf = (one: UploadedFile): Member => {
    const target = targetOf(one, policy, io, file);
    return { file: one, nameAt: (number) => memberPath(target, number) };
  };
  const first = memberOf(file);
  targets.add(foldedName(first.nameAt(1)));
  const members = files.map(memberOf);
  // Two names that a disk may take for one (x.jpg and X.JPG) cannot both have the number of the group.
  const isLoose = members.map(({ nameAt }) => {
    const folded = foldedName(nameAt(1));
    return targets.has(folded) || !targets.add(folded);
  });
  const bound = members.filter((_, at) => isLoose[at] === false);
  const [move, ...others] = await mover.together([first, ...bound]);
  const moved = new Map<Member, Move | undefined>(bound.map((member, at) => [member, others[at]]));
  for (const [at, member] of members.entries()) {
    if (isLoose[at]) moved.set(member, await mover.alone(member.file, member.nameAt(1)));
  }
  return {
    archivedTo: move?.archivedTo ?? file.path,
    archiveOutcome: move?.outcome ?? 'already-archived',
    companions: members.flatMap((member, at): ArchivedCompanion[] => {
      const companion = companions[at];
      const archivedTo = moved.get(member)?.archivedTo;
      return companion === undefined || archivedTo === undefined ? [] : [{ ...companion, archivedTo }];
    }),
  };
}

/** The nth name of a member: `x (2).jpg`, and `x (2).jpg.xmp` for its sidecar. */
export function memberPath(target: string, number: number): string {
  if (ownerOf(target) === undefined) return numberedPath(target, number);
  const extension = extname(target);
  return numberedPath(target.slice(0, -extension.length), number) + extension;
}

/** A companion as the file that it is. */
function asFile(
  { companions: _, sidecarOf: __, ...file }: UploadedFile,
  companion: UploadedCompanion,
): UploadedFile {
  const { path, relativePath, sizeBytes, mtimeMs, ctimeMs, sha1 } = companion;
  return { ...file, path, relativePath, sizeBytes, mtimeMs, ctimeMs, sha1 };
}

/** Looks at all of them before the first one is deleted. */
async function deleteGroup(
  file: UploadedFile,
  companions: readonly UploadedCompanion[],
  io: FileIo,
): Promise<Result> {
  mustBeKept(file);
  const files = [file, ...companions.map((companion) => asFile(file, companion))];
  for (const one of files) {
    if ((await lookAtOriginal(one, one, io)).state === 'changed') throw changedError(one);
  }
  for (const one of files.slice(1).reverse()) {
    const look = await lookAtOriginal(one, one, io);
    if (look.state !== 'gone') await deleteFile(one, io);
  }
  await deleteFile(file, io);
  const deleted = companions.map((companion) => ({ ...companion, archivedTo: null }));
  return { archivedTo: null, archiveOutcome: 'deleted', companions: deleted };
}

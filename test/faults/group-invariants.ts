import { memberPath } from '../../lib/archive/archive-group.js';
import { isTorso, type Lying } from './folder-look.js';
import { type FileGroup, type GroupMember, stillOf } from './groups.js';
import type { Invariant } from './invariants.js';
import type { Library, RoundView } from './round-view.js';

const MOST_NUMBERS = 100;

/** Of every group all members are in the archive, under one number, or all are in the folder: which a quiet world has none in. */
export const groupsStayTogether: Invariant = (view) =>
  openGroups(view).flatMap((group) => {
    const places = placesOf(group, view);
    const missing = group.members.filter(
      (member) => !isWhere(member, view.archive) && !mayWait(member, group, view),
    );
    const twice = group.members.filter(
      ({ sha1 }) => view.archive.filter((file) => file.sha1 === sha1 && !isTorso(file.path)).length > 1,
    );
    return [
      ...missing.map(({ path }) => `${path} did not come into the archive with its group: ${places}.`),
      ...twice.map(({ path }) => `${path} is in the archive twice: ${places}.`),
      ...(group.isSplit || missing.length > 0 || hasOneNumber(group, view.archive)
        ? []
        : [`The members of ${group.base} do not have one number in the archive: ${places}.`]),
    ];
  });

/** Immich knows the members as what they are: a live photo is linked, a RAW stacked, and a sidecar said what it has to say. */
export const groupsAreJoined: Invariant = (view) =>
  openGroups(view).flatMap((group) => [
    ...group.members.flatMap((member) => sidecarProblems(member, group, view)),
    ...(group.isSplit && view.world.facts.hasLostEvents
      ? []
      : view.libraries.flatMap((library) => joinProblems(group, library))),
  ]);

/** A sidecar is no asset of its own. */
export const noSidecarIsAnAsset: Invariant = ({ world: { ledger }, assets }) => {
  const sidecars = new Set(
    ledger.groups.flatMap(({ members }) => members.filter(isSidecar).map(({ sha1 }) => sha1)),
  );
  return assets
    .filter(({ sha1 }) => sidecars.has(sha1))
    .map(({ fileName }) => `${fileName} became an asset.`);
};

/** Whether a sidecar waits in its folder for a photo that nobody knows any more, which only a loss of memory explains. */
export function mayWait(member: GroupMember, group: FileGroup, view: RoundView): boolean {
  const isExplained = group.isSplit && (group.isForgotten || view.world.facts.hasLostEvents);
  return isSidecar(member) && isExplained && isWhere(member, view.inbox);
}

/** The groups that are not known to be in their place. */
export function openGroups({ world: { ledger } }: RoundView): readonly FileGroup[] {
  return ledger.groups.filter(({ isSettled }) => !isSettled);
}

function isSidecar({ role }: GroupMember): boolean {
  return role === 'sidecar';
}

function isWhere({ sha1 }: GroupMember, files: readonly Lying[]): boolean {
  return files.some((file) => file.sha1 === sha1 && !isTorso(file.path));
}

function hasOneNumber({ members }: FileGroup, archive: readonly Lying[]): boolean {
  const there = new Set(archive.map(({ path, sha1 }) => `${sha1} ${path}`));
  for (let number = 1; number <= MOST_NUMBERS; number += 1) {
    if (members.every(({ path, sha1 }) => there.has(`${sha1} ${memberPath(path, number)}`))) return true;
  }
  return false;
}

function placesOf({ members }: FileGroup, { inbox, archive }: RoundView): string {
  const where = (files: readonly Lying[], name: string) =>
    files
      .filter(({ sha1 }) => members.some((member) => member.sha1 === sha1))
      .map(({ path }) => `${name}/${path}`);
  return [...where(inbox, 'inbox'), ...where(archive, 'archive')].join(', ');
}

function sidecarProblems(member: GroupMember, group: FileGroup, view: RoundView): string[] {
  const { path, sha1, ownerSha1, description } = member;
  if (!isSidecar(member) || mayWait(member, group, view)) return [];
  return view.libraries.flatMap(({ name, assets }) => {
    const owner = assets.find((asset) => asset.sha1 === ownerSha1 && !asset.isTrashed);
    if (owner?.sidecar?.sha1 === sha1 || owner?.changes.description === description) return [];
    return [
      `What ${path} says did not reach its photo in ${name} (${owner?.fileName ?? 'which is not there'}).`,
    ];
  });
}

function joinProblems(group: FileGroup, { name, assets, stacks }: Library): string[] {
  const assetOf = (role: GroupMember['role']) => {
    const member = group.members.find((one) => one.role === role);
    return member && assets.find(({ sha1, isTrashed }) => sha1 === member.sha1 && !isTrashed);
  };
  const [still, video, raw] = [assetOf('still'), assetOf('video'), assetOf('raw')];
  if (still === undefined || stillOf(group) === undefined) return [];
  const problems: string[] = [];
  if (video !== undefined && still.livePhotoVideoId !== video.id)
    problems.push(`${group.base} is no live photo in ${name}: the still names ${still.livePhotoVideoId}.`);
  if (video !== undefined && video.visibility !== 'hidden')
    problems.push(`The video of ${group.base} is shown in ${name}.`);
  const isStacked = stacks.some(
    ({ assetIds }) => raw && assetIds.includes(raw.id) && assetIds.includes(still.id),
  );
  if (raw !== undefined && !isStacked) problems.push(`${group.base} is not on a stack in ${name}.`);
  return problems;
}

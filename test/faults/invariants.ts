import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../support/files-below.js';
import { TAG } from './fault-world.js';
import { isTorso, readIfThere } from './folder-look.js';
import {
  groupsAreJoined,
  groupsStayTogether,
  mayWait,
  noSidecarIsAnAsset,
  openGroups,
} from './group-invariants.js';
import { groupOf } from './groups.js';
import { isToBeStored } from './ledger.js';
import { openFilesOf } from './process-look.js';
import { archiveKey, type RoundView } from './round-view.js';

/** Says what is not as it must be, a sentence each; nothing when all is well. */
export type Invariant = (view: RoundView) => string[];

/** Every file that was ever complete is in Immich, unless the campaign itself took it away before. */
export const nothingIsLost: Invariant = ({ world: { ledger }, libraries, archive, inbox }) => {
  const wanted = new Map<string, string>();
  for (const sha1 of ledger.wanted) wanted.set(sha1, ledger.complete.get(sha1) ?? 'a file');
  for (const [path, belief] of ledger.beliefs) if (isToBeStored(belief)) wanted.set(belief.sha1, path);
  return libraries.flatMap(({ name, assets }) => {
    const stored = countBySha1(assets);
    return [...wanted].flatMap(([sha1, what]) => {
      const count = stored.get(sha1) ?? 0;
      if (count === 1) return [];
      const places = [...inbox, ...archive].filter((file) => file.sha1 === sha1).map(({ path }) => path);
      return [`${what} (${sha1}) is in ${name} ${count} times; it lies at ${JSON.stringify(places)}.`];
    });
  });
};

/** What is complete was taken from the watched folder into the archive, and nothing else was. */
export const everyFileHasItsPlace: Invariant = (view) => {
  const { world, inbox, archive } = view;
  const { ledger } = world;
  const archived = new Set(archive.map(({ sha1 }) => sha1));
  const left = new Set(inbox.map(({ path }) => path));
  const problems: string[] = [...ledger.surprises];
  for (const [path, belief] of ledger.beliefs) {
    if (belief.kind === 'growing') problems.push(`${path} is still being written by the campaign.`);
    if (belief.kind === 'whole' && !archived.has(belief.sha1))
      problems.push(`${path} is not in the archive.`);
    if (belief.kind === 'stays' && !left.delete(path))
      problems.push(`${path} is gone, and was not complete.`);
  }
  for (const group of openGroups(view)) {
    for (const member of group.members) if (mayWait(member, group, view)) left.delete(member.path);
  }
  return [...problems, ...[...left].map((path) => `${path} is still in the watched folder.`)];
};

/** Every Immich holds the bytes of every file in the archive, and not in the trash. */
export const theArchiveIsProven: Invariant = ({ world, libraries, archive }) =>
  libraries.flatMap(({ name, assets }) => {
    const proven = new Set(assets.filter(({ isTrashed }) => !isTrashed).map(({ sha1 }) => sha1));
    for (const sha1 of sidecarsOf(world)) proven.add(sha1);
    return archive
      .filter(
        ({ path, sha1, inode }) => !proven.has(sha1) && !world.ledger.strays.has(inode) && !isTorso(path),
      )
      .map(({ path, sha1 }) => `${path} (${sha1}) is in the archive, and ${name} does not have it.`);
  });

/** No file of our own making is left over; a copy that died with Node-RED waits for the next sweep. */
export const noTempFileIsLeft: Invariant = ({ world: { places, facts }, inbox, archive }) => {
  const torsos = archive
    .map(({ path }) => path)
    .filter((path) => isTorso(path) && !facts.torsos.has(join(places.archive, path)));
  const ours = inbox.map(({ path }) => path).filter((path) => path.includes('immich-bridge-'));
  const memory = filesBelow(join(places.userDir, 'immich-bridge')).filter((path) => path.endsWith('.new'));
  return [...torsos, ...ours, ...memory].map((path) => `${path} is left over.`);
};

/** There is one album, and all that is shown is in it and has its tag. */
export const albumsAreComplete: Invariant = ({ world: { ledger }, libraries }) => {
  const wanted = new Set(ledger.wanted);
  for (const belief of ledger.beliefs.values()) if (isToBeStored(belief)) wanted.add(belief.sha1);
  const isShown = ({ sha1 }: { sha1: string }) =>
    wanted.has(sha1) &&
    !ledger.groups.some(({ members }) => members.some((one) => one.role === 'video' && one.sha1 === sha1));
  return libraries.flatMap(({ name, assets, albums, tags }) => {
    const inAlbum = new Set(albums.flatMap(({ assetIds }) => assetIds));
    const tagged = new Set(tags.find(({ value }) => value === TAG)?.assetIds);
    const shown = assets.filter((asset) => isShown(asset) && !asset.isTrashed);
    return [
      ...(albums.length > 1 ? [`${name} has ${albums.length} albums instead of one.`] : []),
      ...shown
        .filter(({ id }) => !inAlbum.has(id) || !tagged.has(id))
        .map(({ fileName, sha1 }) => `${fileName} (${sha1}) is not in its album in ${name}, or has no tag.`),
    ];
  });
};

/** Immich holds nothing that was not complete once, except for what was changed on its way. */
export const noHalfFileWasSent: Invariant = ({ world: { ledger }, assets, changed }) =>
  assets
    .filter(({ id, sha1 }) => !ledger.complete.has(sha1) && !changed.has(id))
    .map(({ fileName, sha1, sizeBytes }) => `${fileName} (${sizeBytes} bytes, ${sha1}) was never complete.`);

/** The uploader says that it has nothing to do, and counts what is there. */
export const theStateIsTrue: Invariant = ({
  world: { ledger },
  says: { state, folder, status },
  libraries,
}) => {
  const counted = [...ledger.beliefs.values()].filter(
    (belief) => belief.kind === 'stays' && belief.isCounted,
  );
  const problems: string[] = [];
  if (status !== 'online') problems.push(`The bridge is ${status ?? 'unheard of'} instead of online.`);
  if (state?.state !== 'idle' || state.queue.depth !== 0 || state.failed !== 0 || state.problem !== null) {
    problems.push(`The uploader is not at rest: ${JSON.stringify(state)}.`);
  }
  const stored = libraries[0]?.assets.length ?? 0;
  if (state !== undefined && state.totals.files > stored) {
    problems.push(`The uploader counts ${state.totals.files} files, and Immich has ${stored}.`);
  }
  if (folder?.state !== 'watching' || folder.files !== counted.length) {
    problems.push(`The folder says ${JSON.stringify(folder)}, and ${counted.length} files lie in it.`);
  }
  return problems;
};

/** Every event is true, and each file that came into the archive has one. */
export const theEventsAreTrue: Invariant = (view) => {
  const { says, assets, archive, archivedBefore, world } = view;
  const stored = new Map(assets.map(({ id, sha1 }) => [id, sha1]));
  const lies = says.events
    .filter(
      ({ event_type, sha1, asset_id }) => event_type !== 'failed' && stored.get(asset_id ?? '') !== sha1,
    )
    .map((event) => `This event is not true: ${JSON.stringify(event)}.`);
  const silent = says.events
    .filter(({ event_type, error, reason_code }) => event_type === 'failed' && !(error && reason_code))
    .map((event) => `This event does not say what failed: ${JSON.stringify(event)}.`);
  if (world.facts.hasLostEvents) return [...lies, ...silent];
  const told = new Set(
    says.events.filter(({ event_type }) => event_type === 'archived').map(({ sha1 }) => sha1),
  );
  const sidecars = sidecarsOf(world);
  const isTold = (sha1: string) =>
    told.has(sha1) ||
    sidecars.has(sha1) ||
    // A group is one event, under the name of its photo.
    groupOf(world.ledger.groups, sha1)?.members.some((member) => told.has(member.sha1));
  const untold = archive
    .filter((file) => !archivedBefore.has(archiveKey(file)) && !isTold(file.sha1))
    .filter(({ inode, path }) => !world.ledger.strays.has(inode) && !isTorso(path))
    .map(({ path, sha1 }) => `${path} (${sha1}) was archived, and no event says so.`);
  return [...lies, ...silent, ...untold];
};

/** The counters grew by as much as the events tell. */
export const theCountersAgree: Invariant = ({ says: { state, events }, totalsBefore, world }) => {
  if (world.facts.hasLostEvents || totalsBefore === undefined || state === undefined) return [];
  const told = (type: string) => events.filter(({ event_type }) => event_type === type).length;
  const files = state.totals.files - totalsBefore.files;
  const duplicates = state.totals.duplicates - totalsBefore.duplicates;
  if (files === told('uploaded') && duplicates === told('duplicate')) return [];
  // A group is one event of several files, of which some may have been there before.
  const uploads = events.filter(({ event_type }) => ['uploaded', 'duplicate'].includes(event_type));
  const groups = uploads.flatMap(({ sha1 }) => groupOf(world.ledger.groups, sha1 ?? '') ?? []);
  const travelling = groups.map(({ members }) => members.filter(({ role }) => role !== 'sidecar').length - 1);
  const most = uploads.length + travelling.reduce((sum, more) => sum + more, 0);
  const isSplit = groups.some((group) => group.isSplit);
  if (groups.length > 0 && (isSplit ? files + duplicates <= most : files + duplicates === most)) return [];
  return [
    `The counters grew by ${files} files and ${duplicates} duplicates; the events tell of ${told('uploaded')} and ${told('duplicate')}: ${uploads.map(({ file }) => file).join(', ')}.`,
  ];
};

/** No secret stands in the log, in a message or in a file. */
export const noSecretIsTold: Invariant = ({ world, log }) => {
  const { userDir } = world.places;
  const files = filesBelow(userDir).map(
    (file) => [file, readIfThere(join(userDir, file))?.toString() ?? ''] as const,
  );
  const texts = [
    ['the log', log] as const,
    ['an MQTT message', JSON.stringify(world.broker.messages())] as const,
    ...files,
  ];
  return texts
    .filter(([, text]) => world.secrets.some((secret) => text.includes(secret)))
    .map(([where]) => `There is a secret in ${where}.`);
};

const BAD_LINES =
  /^.*(unhandled|uncaught|MaxListenersExceeded|ERR_UNHANDLED|FATAL ERROR|\(node:\d+\)).*$|^\s+at .+:\d+:\d+\)?$/gim;

/** Node-RED still runs, and its log shows no stack of calls, no rejection that nobody heard of, and no warning of Node. */
export const nothingBlewUp: Invariant = ({ world, log }) => {
  const { exitCode, signalCode } = world.nodeRed().process;
  const end = exitCode === null && signalCode === null ? [] : [`Node-RED ended (${exitCode ?? signalCode}).`];
  return [...end, ...[...new Set(log.match(BAD_LINES))].map((line) => `The log says: ${line.trim()}`)];
};

const MORE_DESCRIPTORS = 6;

/** Node-RED holds no file open that it is through with, watches no folder twice, and has no more open than before. */
export const nothingLeaks: Invariant = ({ world, descriptorsBefore }) => {
  const open = openFilesOf(world.nodeRed().process.pid);
  if (open === undefined) return [];
  const { inbox, archive } = world.places;
  const held = open.paths.filter((path) => [inbox, archive].some((folder) => path.startsWith(`${folder}/`)));
  const problems = held.map((path) => `${path} is still open.`);
  const folders = 1 + foldersBelow(inbox);
  if (open.watches > folders) problems.push(`${open.watches} watches are on ${folders} folders.`);
  if (descriptorsBefore !== undefined && open.count > descriptorsBefore + MORE_DESCRIPTORS) {
    problems.push(`${open.count} descriptors are open, and ${descriptorsBefore} were before.`);
  }
  return problems;
};

/** All that comes true in a quiet world after a while, by name. */
export const IN_THE_END: Readonly<Record<string, Invariant>> = {
  nothingIsLost,
  everyFileHasItsPlace,
  theArchiveIsProven,
  groupsStayTogether,
  groupsAreJoined,
  albumsAreComplete,
  noTempFileIsLeft,
  theStateIsTrue,
  theEventsAreTrue,
  theCountersAgree,
  nothingLeaks,
};

/** All that is true at any time, by name. */
export const ALWAYS: Readonly<Record<string, Invariant>> = {
  noHalfFileWasSent,
  noSidecarIsAnAsset,
  noSecretIsTold,
  nothingBlewUp,
};

function sidecarsOf({ ledger }: RoundView['world']): Set<string> {
  const members = ledger.groups.flatMap((group) => group.members);
  return new Set(members.filter(({ role }) => role === 'sidecar').map(({ sha1 }) => sha1));
}

function countBySha1(assets: RoundView['assets']): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { sha1, isTrashed } of assets) if (!isTrashed) counts.set(sha1, (counts.get(sha1) ?? 0) + 1);
  return counts;
}

function foldersBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
    .length;
}

import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { errorCode } from '../../lib/file-io.js';

/** `mounted`: the watched folder is a mount, and the archive is on a small disk of its own. */
export type PlacesKind = 'plain' | 'mounted';

/** Where a campaign has its folders. */
export interface Places {
  readonly kind: PlacesKind;
  /** As Node-RED knows the watched folder; nothing is in it while it is away. */
  readonly inbox: string;
  readonly archive: string;
  readonly userDir: string;
  /** Where files go that fail for good; undefined where they stay. It lies beside the archive. */
  readonly failed: string | undefined;
  /** Where the files of the watched folder can be reached now, away or not. */
  source(): string;
  takeInboxAway(): void;
  bringInboxBack(): void;
  /** Leaves about so many bytes free on the archive's disk; nothing happens where it has none of its own. */
  fillArchive(leftBytes: number): void;
  freeArchive(): void;
  /** Leaves nothing free where Node-RED's memory of files lies, if that is on a disk of its own. */
  fillMemory(): void;
  freeMemory(): void;
}

const DISK = '64m';
const MEMORY_DISK = '24m';

/** Whether this machine lets the tests mount something. */
export function mayMount(folder: string): boolean {
  const place = join(folder, 'mount-test');
  mkdirSync(place, { recursive: true });
  const isMounted = run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place);
  if (isMounted) run('umount', place);
  return isMounted;
}

/** Makes the folders of a campaign below `base`; mounts are taken down after the test. */
export function makePlaces(kind: PlacesKind, base: string, hasFailedFolder = false): Places {
  const at = (name: string) => join(base, name);
  for (const folder of ['inbox', 'card', 'disk']) mkdirSync(at(folder));
  const folders = {
    inbox: at('inbox'),
    archive: at('disk/archive'),
    userDir: at('node-red'),
    failed: hasFailedFolder ? at('disk/failed') : undefined,
  };
  return kind === 'plain' ? plainPlaces(folders, at) : mountedPlaces(folders, at);
}

type Folders = Pick<Places, 'inbox' | 'archive' | 'userDir' | 'failed'>;
type At = (name: string) => string;

function plainPlaces(folders: Folders, at: At): Places {
  let isAway = false;
  return {
    ...folders,
    kind: 'plain',
    source: () => (isAway ? at('inbox-away') : folders.inbox),
    takeInboxAway() {
      renameSync(folders.inbox, at('inbox-away'));
      isAway = true;
    },
    bringInboxBack() {
      if (isAway) renameSync(at('inbox-away'), folders.inbox);
      isAway = false;
    },
    fillArchive: () => undefined,
    freeArchive: () => undefined,
    fillMemory: () => undefined,
    freeMemory: () => undefined,
  };
}

function mountedPlaces(folders: Folders, at: At): Places {
  const { inbox } = folders;
  const [card, disk, filler] = [at('card'), at('disk'), at('disk/filler')];
  const memory = join(folders.userDir, 'immich-bridge');
  const memoryFiller = join(memory, 'filler');
  let isAway = true;
  const bringInboxBack = () => {
    if (isAway) must('mount', '--bind', card, inbox);
    isAway = false;
  };
  must('mount', '-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk);
  onTestFinished(() => void run('umount', '-l', disk));
  mkdirSync(memory, { recursive: true });
  must('mount', '-t', 'tmpfs', '-o', `size=${MEMORY_DISK}`, 'tmpfs', memory);
  onTestFinished(() => void run('umount', '-l', memory));
  bringInboxBack();
  onTestFinished(() => void (isAway || run('umount', '-l', inbox)));
  return {
    ...folders,
    kind: 'mounted',
    source: () => card,
    takeInboxAway() {
      // Somebody pulls the card, whatever is open on it.
      must('umount', '-l', inbox);
      isAway = true;
    },
    bringInboxBack,
    fillArchive: (leftBytes) => fill(filler, disk, leftBytes),
    freeArchive: () => rmSync(filler, { force: true }),
    fillMemory: () => fill(memoryFiller, memory, 0),
    freeMemory: () => rmSync(memoryFiller, { force: true }),
  };
}

function fill(filler: string, disk: string, leftBytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  const file = openSync(filler, 'w');
  try {
    const piece = Buffer.alloc(bsize);
    for (let left = bavail * bsize - leftBytes; left >= bsize; left -= bsize) writeSync(file, piece);
  } catch (error) {
    // Somebody else wrote, too, and now it is full.
    if (errorCode(error) !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function must(command: string, ...args: string[]): void {
  if (!run(command, ...args)) throw new Error(`${command} ${args.join(' ')} did not work`);
}

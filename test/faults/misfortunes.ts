import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { filesBelow } from '../support/files-below.js';
import type { Fault } from '../support/immich-stand-in.js';
import type { ProxyFault } from './fault-proxy.js';
import type { FaultWorld, Side } from './fault-world.js';
import { makeFolderLook } from './folder-look.js';
import type { Random } from './prng.js';
import { damageStore } from './store-damage.js';
import { waitUntil } from './when.js';

/** Something that befalls the world. */
export interface Misfortune {
  readonly name: string;
  /** Only one of a kind befalls the world at a time. */
  readonly kind: 'network' | 'server' | 'broker' | 'disk' | 'memory' | 'folder' | 'clock' | 'life';
  /** Lets it happen and gives what ends it; undefined when it is over already. */
  readonly begin: (world: FaultWorld) => Promise<End> | End;
}

type End = (() => Promise<void> | void) | undefined;

const HOUR_MS = 3_600_000;
const JUMPS_MS = [-50 * 365 * 24 * HOUR_MS, -24 * HOUR_MS, -5_000, 5_000, 2 * HOUR_MS, 24 * HOUR_MS];
const LONGEST_WAIT_MS = 2_500;
/** More than come in two rounds. */
const RECENT_GROUPS = 20;

const PAGE = '<!doctype html><title>Sorry</title><p>Please log in.</p>';

/** Draws one misfortune. */
export function drawMisfortune(random: Random): Misfortune {
  return random.pick(MAKERS)(random);
}

/** The first Immich or the second one, where there are two. */
function sideOf({ sides }: FaultWorld, at: number): Side {
  return sides[at % sides.length] ?? sides[0];
}

const MAKERS: readonly ((random: Random) => Misfortune)[] = [
  ...Array(5).fill(networkFault),
  serverDown,
  serverFault,
  serverFault,
  brokerAway,
  brokerAway,
  brokerForgets,
  diskFull,
  diskFull,
  memoryFull,
  folderAway,
  clockJump,
  clockJump,
  death,
  death,
  forgetfulDeath,
  deployAnew,
];

function networkFault(random: Random): Misfortune {
  const fault = drawProxyFault(random);
  const detail = 'direction' in fault ? ` ${fault.direction}` : '';
  const answered = fault.kind === 'answer' ? ` ${fault.head.slice(9, 12)}` : '';
  const at = random.int(0, 1);
  return {
    name: `network: ${fault.kind}${detail}${answered}`,
    kind: 'network',
    begin(world) {
      const { http } = sideOf(world, at);
      const { facts } = world;
      if (fault.kind === 'corrupt' && fault.direction === 'up') facts.hasChangedBytes = true;
      if (['corrupt', 'answer', 'replay'].includes(fault.kind)) facts.mayFail = true;
      http.setFault(fault);
      return () => http.setFault(undefined);
    },
  };
}

function drawProxyFault(random: Random): ProxyFault {
  const direction = random.pick(['up', 'down'] as const);
  return random.pick<() => ProxyFault>([
    () => ({ kind: 'delay', ms: random.int(5, 300) }),
    () => ({
      kind: 'cut',
      direction,
      afterBytes: random.pick([0, random.int(1, 400), random.int(1, 60_000)]),
    }),
    () => ({ kind: 'corrupt', direction, everyBytes: random.pick([100, 1_000, 20_000]) }),
    () => ({ kind: 'hang' }),
    () => ({ kind: 'replay' }),
    () => ({ kind: 'replay' }),
    () => ({ kind: 'refuse' }),
    () => drawAnswer(random),
    () => drawAnswer(random),
  ])();
}

function drawAnswer(random: Random): ProxyFault {
  const status = random.pick(['500', '502', '503', '413', '429', '504', '200', '302', '401', '403', '404']);
  const retryAfter = ['503', '429'].includes(status) && random.chance(0.5) ? 'Retry-After: 1\r\n' : '';
  const location = status === '302' ? 'Location: http://127.0.0.1:9/login\r\n' : '';
  const head = `HTTP/1.1 ${status} Fault\r\nContent-Type: text/html\r\n${retryAfter}${location}`;
  return { kind: 'answer', head, body: PAGE, lingers: random.chance(0.5) };
}

function serverDown(random: Random): Misfortune {
  const at = random.int(0, 1);
  return {
    name: 'Immich is down',
    kind: 'server',
    async begin(world) {
      const { server } = sideOf(world, at);
      await server.goDown();
      return () => server.comeUp();
    },
  };
}

/** Immich itself does something wrong. */
function serverFault(random: Random): Misfortune {
  const path = '/api/assets';
  const at = random.int(0, 1);
  const fault = random.pick<Fault>([
    { kind: 'forget' },
    { kind: 'forget' },
    { kind: 'corrupt' },
    { kind: 'corrupt' },
    { kind: 'maintenance' },
    { kind: 'delay', delayMs: random.int(100, 600) },
    { kind: 'stale-socket' },
    { kind: 'answer', status: 500, path },
    { kind: 'answer', status: 500, path, takesEffect: true },
    { kind: 'answer', status: 400, path, body: '' },
    { kind: 'reset', path, takesEffect: true },
    { kind: 'answer', status: 503, headers: { 'Retry-After': '1' }, afterBytes: 0, stopsReading: true },
  ]);
  return {
    name: `Immich: ${fault.kind}${'status' in fault ? ` ${fault.status}` : ''}`,
    kind: 'server',
    begin(world) {
      const { facts } = world;
      if (fault.kind === 'corrupt') facts.hasChangedBytes = true;
      if (['corrupt', 'forget', 'answer'].includes(fault.kind)) facts.mayFail = true;
      return sideOf(world, at).server.fail(fault);
    },
  };
}

function brokerAway(random: Random): Misfortune {
  const isMoment = random.chance(0.4);
  return {
    name: isMoment ? 'the broker hangs up' : 'the broker is away',
    kind: 'broker',
    begin({ wire }) {
      if (isMoment) {
        wire.cut();
        return undefined;
      }
      wire.setFault({ kind: 'refuse' });
      return () => wire.setFault(undefined);
    },
  };
}

function brokerForgets(): Misfortune {
  return {
    name: 'the broker starts anew and forgets',
    kind: 'broker',
    async begin({ broker, wire }) {
      if (broker.forget === undefined) wire.cut();
      await broker.forget?.();
      return undefined;
    },
  };
}

function diskFull(random: Random): Misfortune {
  const leftBytes = random.pick([0, 8_192, 60_000, 400_000]);
  return {
    name: `the archive has ${leftBytes} bytes left`,
    kind: 'disk',
    begin({ places }) {
      places.fillArchive(leftBytes);
      return () => places.freeArchive();
    },
  };
}

/** Nothing can be remembered: uploads go on, and what belongs to an older photo may not find it. */
function memoryFull(): Misfortune {
  return {
    name: 'the disk of the memory is full',
    kind: 'memory',
    begin({ places, ledger }) {
      const forget = () => {
        if (places.kind === 'mounted') for (const group of ledger.groups) group.isForgotten = true;
      };
      forget();
      places.fillMemory();
      return () => {
        places.freeMemory();
        forget();
      };
    },
  };
}

function folderAway(): Misfortune {
  return {
    name: 'the watched folder is away',
    kind: 'folder',
    begin({ places }) {
      places.takeInboxAway();
      return () => places.bringInboxBack();
    },
  };
}

function clockJump(random: Random): Misfortune {
  const jumpMs = random.pick(JUMPS_MS);
  return {
    name: `the clock jumps by ${jumpMs / HOUR_MS} hours`,
    kind: 'clock',
    begin({ setClock }) {
      setClock(jumpMs);
      return () => setClock(0);
    },
  };
}

/** Node-RED is killed: soon, or at a moment at which it has something in its hands. */
function death(random: Random): Misfortune {
  const moment = random.pick([
    'now',
    'uploading',
    'stored',
    'in the album',
    'copying',
    'archived',
    'set aside',
  ] as const);
  const delayMs = random.int(0, 30);
  return {
    name: `Node-RED is killed (${moment}, ${delayMs} ms later)`,
    kind: 'life',
    async begin(world) {
      await waitUntil(momentIn(world, moment), LONGEST_WAIT_MS);
      if (delayMs > 2) await sleep(delayMs);
      await killNow(world);
      await world.start();
      return undefined;
    },
  };
}

/** Ends Node-RED at once, and looks at what it leaves: no file of a group may be nowhere. */
async function killNow(world: FaultWorld): Promise<void> {
  const { facts, ledger, places } = world;
  facts.hasLostEvents = true;
  await world.kill();
  for (const torso of torsosIn(world)) facts.torsos.add(torso);
  // The last second is not written down: what came this round, or the one before, may be forgotten.
  for (const group of ledger.groups.slice(-RECENT_GROUPS)) group.isForgotten = true;
  const members = ledger.groups.flatMap((group) => (group.isSettled ? [] : group.members));
  if (members.length === 0) return;
  const look = makeFolderLook();
  const folders = [places.source(), places.archive, ...(places.failed === undefined ? [] : [places.failed])];
  const there = new Set(folders.flatMap(look).map(({ sha1 }) => sha1));
  for (const { path } of members.filter(({ sha1 }) => !there.has(sha1))) {
    ledger.surprises.push(`${path} was nowhere when Node-RED was killed.`);
  }
}

/** Node-RED is killed, and what it remembered is damaged or gone when it starts again. */
function forgetfulDeath(random: Random): Misfortune {
  return {
    name: 'Node-RED is killed and its memory damaged',
    kind: 'life',
    async begin(world) {
      await killNow(world);
      damageStore(world.places.userDir, random);
      for (const group of world.ledger.groups) group.isForgotten = true;
      await world.start();
      return undefined;
    },
  };
}

function momentIn({ sides, places }: FaultWorld, moment: string): () => boolean {
  const stored = () => sides.reduce((sum, { server }) => sum + server.assets.length, 0);
  const inAlbums = () =>
    sides.flatMap(({ server }) => server.albums).reduce((sum, { assetIds }) => sum + assetIds.length, 0);
  const albums = inAlbums();
  const failed = places.failed;
  const setAside = () => (failed === undefined ? 0 : filesBelow(failed).length);
  const [assets, archived, before] = [stored(), filesBelow(places.archive).length, setAside()];
  switch (moment) {
    case 'uploading':
      return () =>
        sides.some(({ server: { requests } }) => {
          const last = requests.at(-1);
          return last?.path === '/api/assets' && last.outcome === 'open';
        });
    case 'stored':
      return () => stored() > assets;
    case 'in the album':
      return () => inAlbums() > albums;
    case 'copying':
      return () => topNames(places.archive).some((name) => name.endsWith('.part'));
    case 'archived':
      return () => filesBelow(places.archive).length > archived;
    case 'set aside':
      return () => failed === undefined || setAside() > before;
    default:
      return () => true;
  }
}

function topNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // It is made with the first file.
  }
}

function torsosIn({ places }: FaultWorld): string[] {
  return filesBelow(places.archive)
    .filter((path) => path.endsWith('.part'))
    .map((path) => join(places.archive, path));
}

function deployAnew(): Misfortune {
  return {
    name: 'the flow is deployed anew',
    kind: 'life',
    async begin(world) {
      world.facts.hasLostEvents = true;
      await world.deploy();
      return undefined;
    },
  };
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { StandIn } from '../support/immich-stand-in.js';
import { hasMosquitto } from '../support/mosquitto.js';
import { type NodeRedProcess, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { standIn, tempFolder } from '../support/world.js';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';
import { flowFor } from './flow-file.js';
import { type Ledger, openLedger } from './ledger.js';
import { makePlaces, type Places } from './places.js';
import { type Random, randomOf } from './prng.js';
import { startAedes, startMosquittoBroker, type TestBroker } from './test-broker.js';

/** A file stands still for so long, in milliseconds, before it counts as complete. */
export const QUIET_MS = 400;
/** A group waits so long for a late member, in milliseconds. */
export const GRACE_MS = 900;
/** All photos go into this album and get this tag. */
export const ALBUM = 'Campaign';
export const TAG = 'faults/campaign';
/** Campaigns run beside other work, and start Node-RED often. */
const START_PATIENCE_MS = 240_000;
export const ROOT_TOPIC = 'immich-bridge/faults';

/** What happened in the round that is on. */
export interface RoundFacts {
  /** Node-RED was killed or deployed anew: events that were not delivered went with it. */
  hasLostEvents: boolean;
  /** Bytes were changed on their way to Immich: it may hold what nobody sent. */
  hasChangedBytes: boolean;
  /** Answers came that may make a file fail for good, though nothing is wrong with it. */
  mayFail: boolean;
  /** Copies that were not whole when Node-RED was killed. */
  readonly torsos: Set<string>;
}

/** An Immich, and what lies between it and Node-RED. */
export interface Side {
  readonly server: StandIn;
  readonly http: FaultProxy;
}

/** All that a campaign works with. */
export interface FaultWorld {
  readonly seed: string;
  /** Which kinds of parts this seed runs on, as a sentence. */
  readonly description: string;
  readonly places: Places;
  readonly ledger: Ledger;
  /** One Immich, or two that an original waits for. */
  readonly sides: readonly [Side, ...Side[]];
  readonly secrets: readonly string[];
  /** Between Node-RED and the broker. */
  readonly wire: FaultProxy;
  readonly broker: TestBroker;
  readonly facts: RoundFacts;
  nodeRed(): NodeRedProcess;
  /** All that Node-RED has printed, over all its lives. */
  log(): string;
  setClock(aheadMs: number): void;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Deploys the flow again, as the editor does. */
  deploy(): Promise<void>;
}

/** Whether the folders of a seed are mounts: those of even numbers. */
export function wantsMounts(seed: string): boolean {
  return /[02468]$/.test(seed);
}

/** Makes the world of a seed and starts Node-RED in it; everything is stopped after the test. */
export async function makeFaultWorld(seed: string): Promise<FaultWorld> {
  const random = randomOf(`${seed}/world`);
  const base = tempFolder();
  const dialect = random.pick(['v2', 'v3'] as const);
  const apiKey = `key-${random.bytes(12).toString('hex')}`;
  const login = { username: 'bridge', password: `pass-${random.bytes(12).toString('hex')}` };
  const isMosquitto = random.chance(0.5) && hasMosquitto();
  const broker = await (isMosquitto ? startMosquittoBroker(login) : startAedes(login));
  onTestFinished(() => broker.stop());
  const wire = await startFaultProxy(broker.port, random.fork('wire'));
  onTestFinished(() => wire.stop());
  const more = random.pick(['', '', 'failed files', 'failed files', 'two servers'] as const);
  const places = makePlaces(wantsMounts(seed) ? 'mounted' : 'plain', base, more === 'failed files');
  const sides: [Side, ...Side[]] = [await makeSide(dialect, apiKey, random.fork('http'))];
  if (more === 'two servers') {
    sides.push(await makeSide(dialect === 'v2' ? 'v3' : 'v2', `${apiKey}2`, random.fork('http 2')));
  }
  const env = {
    ...settingsOf(places),
    ...settingsOfSides(sides),
    MQTT_URL: `mqtt://127.0.0.1:${wire.port}`,
    MQTT_USERNAME: login.username,
    MQTT_PASSWORD: login.password,
  };
  const world = {
    seed,
    description: `${places.kind} folders, Immich ${dialect}, ${isMosquitto ? 'mosquitto' : 'aedes'}${more && `, ${more}`}`,
    secrets: [apiKey, login.password],
    facts: { hasLostEvents: false, hasChangedBytes: false, mayFail: false, torsos: new Set<string>() },
    ledger: openLedger(),
    ...{ places, sides, wire, broker },
    ...liveNodeRed({ userDir: places.userDir, base, env, flow: flowFor(sides.length) }),
  };
  await world.start();
  return world;
}

async function makeSide(dialect: 'v2' | 'v3', apiKey: string, random: Random): Promise<Side> {
  const server = await standIn({ dialect, apiKey, permissions: ['all'] });
  const http = await startFaultProxy(server.port, random);
  onTestFinished(() => http.stop());
  return { server, http };
}

function settingsOfSides(sides: readonly Side[]): Record<string, string> {
  const entries = sides.flatMap(({ server, http }, at) => {
    const name = at === 0 ? 'IMMICH_API' : `IMMICH_${at + 1}_API`;
    return [
      [`${name}_URL`, `http://127.0.0.1:${http.port}`],
      [`${name}_KEY`, server.apiKey],
    ];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function settingsOf({ inbox, archive, failed }: Places) {
  return {
    ...(failed !== undefined && { FAILED_DIRECTORY: failed }),
    WATCH_DIRECTORIES: inbox,
    ARCHIVE_DIRECTORY: archive,
    FILE_STABILITY_WAIT_SECONDS: String(QUIET_MS / 1_000),
    FILE_STABILITY_CHECK_INTERVAL: '0.1',
    ALBUMS: ALBUM,
    TAGS: TAG,
    COMPANION_WAIT_SECONDS: String(GRACE_MS / 1_000),
    MQTT_INSTANCE: 'faults',
  };
}

interface LiveOptions {
  readonly userDir: string;
  readonly base: string;
  readonly env: Record<string, string>;
  /** As JSON. */
  readonly flow: string;
}

/** Node-RED through its lives. */
function liveNodeRed({ userDir, base, env, flow }: LiveOptions) {
  const clockFile = join(base, 'clock');
  writeFileSync(clockFile, '0');
  const flowFile = join(base, 'flows.json');
  writeFileSync(flowFile, flow);
  const preload = join(projectRoot, 'test/faults/clock-shift.mjs');
  let life: NodeRedProcess | undefined;
  let past = '';
  const nodeRed = () => {
    if (life === undefined) throw new Error('Node-RED was never started');
    return life;
  };
  return {
    nodeRed,
    log: () => past + (life?.output() ?? ''),
    setClock: (aheadMs: number) => writeFileSync(clockFile, String(aheadMs)),
    kill: () => nodeRed().kill(),
    async start() {
      past += life?.output() ?? '';
      mkdirSync(userDir, { recursive: true });
      life = await startNodeRedProcess({
        userDir,
        flowFile,
        nodeArguments: ['--import', preload],
        patienceMs: START_PATIENCE_MS,
        env: { ...env, FAULT_CLOCK: clockFile },
      });
    },
    async deploy() {
      const headers = { 'content-type': 'application/json', 'Node-RED-Deployment-Type': 'full' };
      const body = readFileSync(flowFile);
      const answer = await fetch(`${nodeRed().url}/flows`, { method: 'POST', headers, body });
      if (answer.status !== 204) throw new Error(`Node-RED answered ${answer.status} to a deploy`);
    },
  };
}

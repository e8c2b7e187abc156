import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { StandIn } from '../support/immich-stand-in.js';
import { hasMosquitto } from '../support/mosquitto.js';
import { type NodeRedProcess, projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { standIn, tempFolder } from '../support/world.js';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';
import { type Ledger, openLedger } from './ledger.js';
import { makePlaces, type Places } from './places.js';
import { randomOf } from './prng.js';
import { startAedes, startMosquittoBroker, type TestBroker } from './test-broker.js';

/** A file stands still for so long, in milliseconds, before it counts as complete. */
export const QUIET_MS = 400;
/** Campaigns run beside other work, and start Node-RED often. */
const START_PATIENCE_MS = 240_000;
export const ROOT_TOPIC = 'immich-bridge/faults';

/** What happened in the round that is on. */
export interface RoundFacts {
  /** Node-RED was killed or deployed anew: events that were not delivered went with it. */
  hasLostEvents: boolean;
  /** Bytes were changed on their way to Immich: it may hold what nobody sent. */
  hasChangedBytes: boolean;
  /** Copies that were not whole when Node-RED was killed. */
  readonly torsos: Set<string>;
}

/** All that a campaign works with. */
export interface FaultWorld {
  readonly seed: string;
  /** Which kinds of parts this seed runs on, as a sentence. */
  readonly description: string;
  readonly places: Places;
  readonly ledger: Ledger;
  readonly server: StandIn;
  readonly secrets: readonly string[];
  /** Between Node-RED and Immich. */
  readonly http: FaultProxy;
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
  const places = makePlaces(wantsMounts(seed) ? 'mounted' : 'plain', base);
  const dialect = random.pick(['v2', 'v3'] as const);
  const apiKey = `key-${random.bytes(12).toString('hex')}`;
  const login = { username: 'bridge', password: `pass-${random.bytes(12).toString('hex')}` };
  const server = await standIn({ dialect, apiKey });
  const isMosquitto = random.chance(0.5) && hasMosquitto();
  const broker = await (isMosquitto ? startMosquittoBroker(login) : startAedes(login));
  onTestFinished(() => broker.stop());
  const http = await startFaultProxy(server.port, random.fork('http'));
  const wire = await startFaultProxy(broker.port, random.fork('wire'));
  for (const proxy of [http, wire]) onTestFinished(() => proxy.stop());
  const env = {
    ...settingsOf(places),
    IMMICH_API_URL: `http://127.0.0.1:${http.port}`,
    IMMICH_API_KEY: apiKey,
    MQTT_URL: `mqtt://127.0.0.1:${wire.port}`,
    MQTT_USERNAME: login.username,
    MQTT_PASSWORD: login.password,
  };
  const world = {
    seed,
    description: `${places.kind} folders, Immich ${dialect}, ${isMosquitto ? 'mosquitto' : 'aedes'}`,
    secrets: [apiKey, login.password],
    facts: { hasLostEvents: false, hasChangedBytes: false, torsos: new Set<string>() },
    ledger: openLedger(),
    ...{ places, server, http, wire, broker },
    ...liveNodeRed(places.userDir, base, env),
  };
  await world.start();
  return world;
}

function settingsOf({ inbox, archive }: Places) {
  return {
    WATCH_DIRECTORIES: inbox,
    ARCHIVE_DIRECTORY: archive,
    FILE_STABILITY_WAIT_SECONDS: String(QUIET_MS / 1_000),
    FILE_STABILITY_CHECK_INTERVAL: '0.1',
    MQTT_INSTANCE: 'faults',
  };
}

/** Node-RED through its lives. */
function liveNodeRed(userDir: string, base: string, env: Record<string, string>) {
  const clockFile = join(base, 'clock');
  writeFileSync(clockFile, '0');
  const flowFile = join(base, 'flows.json');
  writeFileSync(flowFile, impatientFlow());
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

/** The shipped flow, with the shortest limits for a server that hangs. */
function impatientFlow(): string {
  const nodes = JSON.parse(readFileSync(join(projectRoot, 'flows/immich-bridge.json'), 'utf8')) as {
    type: string;
  }[];
  const limits = { connectSeconds: '2', stallSeconds: '2' };
  return JSON.stringify(nodes.map((node) => (node.type === 'immich-server' ? { ...node, ...limits } : node)));
}

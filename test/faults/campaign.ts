import { readdirSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARCHIVE_MARK } from '../../lib/archive/archive-disk.js';
import { watchArchive } from './archive-watch.js';
import { type DeadLetters, makeDeadLetters } from './dead-letters.js';
import { type FaultWorld, makeFaultWorld, ROOT_TOPIC } from './fault-world.js';
import { makeFolderLook } from './folder-look.js';
import { mayWait, openGroups } from './group-invariants.js';
import { ALWAYS, IN_THE_END, type Invariant } from './invariants.js';
import { openFilesOf } from './process-look.js';
import { drawRound, playRound, type RoundPlan } from './round.js';
import { archiveKey, type RoundView } from './round-view.js';
import { sweepTorsos } from './sweep.js';
import { hear, hearStates } from './uploader-says.js';

/** How long a quiet world may take until everything is in its place, in milliseconds. */
const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 150;
/** The uploader tells its state at most as often, with a little more for the way. */
const STATE_EVERY_MS = 1_150;
const RETRY_EVERY_MS = 2_000;
/** The owner takes the archive away after so many rounds. */
const ROUNDS_AN_ARCHIVE = 4;

export interface CampaignOptions {
  readonly seed: string;
  readonly rounds: number;
  /** Told how each round went. */
  readonly onRound?: (line: string) => void;
}

/**
 * Runs the rounds of a seed, one after the other in one world.
 * @throws Error with the seed, the round, what happened in it, what is not as it must be, and the end of the log
 */
export async function runCampaign({ seed, rounds, onRound = () => {} }: CampaignOptions): Promise<void> {
  const world = await makeFaultWorld(seed);
  onRound(`seed ${seed}: ${world.description}`);
  const deadLetters = makeDeadLetters(world);
  const judge = makeJudge(world, deadLetters);
  await judge.endRound({ deeds: [], misfortunes: [] }, 0, []);
  for (let number = 1; number <= rounds; number += 1) {
    const plan = drawRound(seed, number);
    const trace: string[] = [];
    const began = performance.now();
    judge.beginRound();
    deadLetters.refuse();
    const whatWasSeen = watchArchive(world);
    await playRound(world, plan, (line) => trace.push(line));
    world.ledger.surprises.push(...whatWasSeen());
    const played = performance.now();
    await judge.endRound(plan, number, trace);
    const seconds = [played - began, performance.now() - played].map((ms) => (ms / 1_000).toFixed(1));
    const befell = plan.misfortunes.map(({ misfortune }) => misfortune.name).join('; ');
    onRound(`seed ${seed} round ${number}: ${seconds[0]} s and ${seconds[1]} s to rest; ${befell}`);
    if (number % ROUNDS_AN_ARCHIVE === 0) takeArchiveAway(world);
  }
  await sweepTorsos(world);
}

/** Keeps in mind how things were when a round began, and judges how they are when it is over. */
function makeJudge(world: FaultWorld, deadLetters: DeadLetters) {
  const look = makeFolderLook();
  const changed = new Set<string>();
  const { ledger, facts, sides, places } = world;
  let before = { message: 0, logged: 0, archived: new Set<string>(), assets: sides.map(() => 0) };
  let totals: RoundView['totalsBefore'];
  let life: { pid: number | undefined; descriptors: number } | undefined;

  function view(): RoundView {
    const pid = world.nodeRed().process.pid;
    // What is in the archive was in Immich before.
    const [inbox, archive] = [look(places.inbox), look(places.archive)];
    const libraries = sides.map(({ server: { assets, stacks, albums, tags } }, at) => {
      const name = sides.length === 1 ? 'Immich' : (['the first Immich', 'the second Immich'][at] ?? '');
      return { name, assets, stacks, albums, tags };
    });
    return {
      world,
      libraries,
      assets: libraries.flatMap(({ assets }) => assets),
      inbox,
      archive,
      says: hear(world, before.message),
      archivedBefore: before.archived,
      totalsBefore: totals,
      changed,
      log: world.log().slice(before.logged),
      descriptorsBefore: life?.pid === pid ? life?.descriptors : undefined,
    };
  }

  return {
    beginRound() {
      facts.hasLostEvents = false;
      facts.hasChangedBytes = false;
      facts.mayFail = false;
      const archived = new Set(look(places.archive).map(archiveKey));
      before = {
        message: world.broker.messages().length,
        logged: world.log().length,
        archived,
        assets: sides.map(({ server }) => server.assets.length),
      };
    },
    async endRound(plan: RoundPlan, number: number, trace: readonly string[]): Promise<void> {
      const fresh = sides.flatMap(({ server }, at) => server.assets.slice(before.assets[at]));
      for (const { id, sha1 } of facts.hasChangedBytes ? fresh : []) {
        if (!ledger.complete.has(sha1)) changed.add(id);
      }
      const kept = await deadLetters.accept(PATIENCE_MS);
      const problems = await untilAtRest(world, view, deadLetters);
      const wrong = [...kept, ...problems, ...broken(ALWAYS, view()), ...(await retainedProblems(world))];
      if (wrong.length > 0) throw new Error(report(world, plan, number, trace, wrong));
      giveUpOrphans(view());
      // Where nobody can say what the counters must be, those that are told may be a moment old.
      if (facts.hasLostEvents || openGroups(view()).some(({ isSplit }) => isSplit))
        await sleep(STATE_EVERY_MS);
      ledger.settle();
      totals = hear(world).state?.totals;
      const { pid } = world.nodeRed().process;
      if (life?.pid !== pid) life = { pid, descriptors: openFilesOf(pid)?.count ?? 0 };
    },
  };
}

/** Waits until all comes true, pressing "retry" as a person would; gives what did not. */
async function untilAtRest(
  world: FaultWorld,
  view: () => RoundView,
  deadLetters: DeadLetters,
): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS;
  let retriedAt = 0;
  for (;;) {
    const now = view();
    const problems = broken(IN_THE_END, now);
    if (problems.length === 0 || performance.now() > end) return problems;
    deadLetters.putBack();
    // Of a second uploader nobody says how many files failed.
    const mayHaveFailed = (now.says.state?.failed ?? 0) > 0 || world.sides.length > 1;
    if (mayHaveFailed && performance.now() - retriedAt > RETRY_EVERY_MS) {
      retriedAt = performance.now();
      await world.broker.publish(`${ROOT_TOPIC}/cmd/retry`, '');
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function broken(invariants: Readonly<Record<string, Invariant>>, view: RoundView): string[] {
  return Object.entries(invariants).flatMap(([name, isBroken]) =>
    isBroken(view).map((sentence) => `${name}: ${sentence}`),
  );
}

/** Whoever comes to the broker now hears the same as those who were there. A state may be on its way just then. */
async function retainedProblems(world: FaultWorld): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const problems = differences(hearStates(world), await world.broker.retained());
    if (problems.length === 0 || performance.now() > end) return problems;
    await sleep(LOOK_EVERY_MS);
  }
}

function differences(said: ReadonlyMap<string, string>, kept: ReadonlyMap<string, string>): string[] {
  return [...said]
    .filter(([topic, payload]) => kept.get(topic) !== payload)
    .map(([topic, payload]) => `retained: ${topic} was ${payload}; the broker tells ${kept.get(topic)}.`);
}

/** Somebody clears away the sidecars whose photos nobody remembers. */
function giveUpOrphans(view: RoundView): void {
  for (const group of openGroups(view)) {
    for (const member of group.members.filter((one) => mayWait(one, group, view))) {
      unlinkSync(join(view.world.places.inbox, member.path));
    }
  }
}

function takeArchiveAway({ places }: FaultWorld): void {
  for (const name of readdirSync(places.archive).filter(
    (entry) => !entry.endsWith('.part') && entry !== ARCHIVE_MARK,
  )) {
    rmSync(join(places.archive, name), { recursive: true });
  }
}

function report(
  world: FaultWorld,
  { deeds, misfortunes }: RoundPlan,
  number: number,
  trace: readonly string[],
  wrong: readonly string[],
): string {
  const { seed, description } = world;
  return [
    `Round ${number} of seed ${seed} (${description}; ${deeds.length} deeds, ${misfortunes.length} misfortunes):`,
    ...wrong.map((sentence) => `  ${sentence}`),
    `Again: FAULT_SEED=${seed} FAULT_ROUNDS=${number} npx vitest run test/faults`,
    'What happened:',
    ...trace.map((line) => `  ${line}`),
    'The end of the log:',
    world.log().split('\n').slice(-60).join('\n'),
  ].join('\n');
}

import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberedPath } from '../../lib/archive/archive-path.js';
import { filesBelow } from '../support/files-below.js';
import type { FaultWorld } from './fault-world.js';
import { isTorso, makeFolderLook } from './folder-look.js';
import { groupOf } from './groups.js';
import { sha1Of } from './ledger.js';

/** A file that was put away has its text by then, and what belongs to it is there, too. */
const SETTLED_MS = 800;
const LOOK_EVERY_MS = 100;

/** What may be in the folder of failed files, and how it comes out again. */
export interface DeadLetters {
  /** Immich refuses the large files of the deeds for good, until it is told otherwise. */
  refuse(): void;
  /** Waits until all that was refused is put away, and accepts it from then on; gives what did not come. */
  accept(patienceMs: number): Promise<string[]>;
  /** Puts back what lies there, as a person would, after a look at it. */
  putBack(): void;
}

/** Moves a file, to another disk if need be, and lets nobody see a part of it. */
function moveOver(from: string, to: string): void {
  const hidden = join(dirname(to), `.${basename(to)}.tmp`.slice(-100));
  copyFileSync(from, hidden);
  const { atime, mtime } = lstatSync(from);
  utimesSync(hidden, atime, mtime);
  unlinkSync(from);
  renameSync(hidden, to);
}

/** Larger than any other file of a campaign. */
export const REFUSED_BYTES = 2_000_000;

/** Looks after the folder of failed files of a world; there is nothing to do where it has none. */
export function makeDeadLetters(world: FaultWorld): DeadLetters {
  const { places, sides, ledger, facts } = world;
  const { failed } = places;
  if (failed === undefined) {
    return { refuse: () => undefined, accept: async () => [], putBack: () => undefined };
  }
  const look = makeFolderLook();
  const lying = () => look(failed).filter(({ path }) => !path.endsWith('.txt') && !isTorso(path));
  const refused = () => [...ledger.beliefs].filter(([, { kind }]) => kind === 'refused');
  let accept: () => void = () => undefined;

  function missing(): string[] {
    const there = new Set(lying().map(({ sha1 }) => sha1));
    return refused().flatMap(([path, belief]) =>
      'sha1' in belief && there.has(belief.sha1) ? [] : [`${path} was refused, and was not put away.`],
    );
  }

  /** A file lies there as it was, with a text, and there is a reason for it. */
  function check(path: string, sha1: string): void {
    const group = groupOf(ledger.groups, sha1);
    if (!ledger.complete.has(sha1) && group === undefined) {
      ledger.surprises.push(`${path} was put away and has other bytes than any file.`);
    }
    const isRefused = refused().some(([, belief]) => 'sha1' in belief && belief.sha1 === sha1);
    if (!isRefused && !facts.mayFail && !facts.hasLostEvents)
      ledger.surprises.push(`${path} was put away, and nothing was wrong with it.`);
    // Node-RED was killed between the two.
    if (facts.hasLostEvents) return;
    const texts = filesBelow(failed ?? '').filter(
      (name) => name.endsWith('.txt') && dirname(name) === dirname(path),
    );
    const name = path.slice(path.lastIndexOf('/') + 1);
    const isTold = texts.some((text) => {
      const content = readFileSync(join(failed ?? '', text), 'utf8');
      return content.includes(name) && /^Why: {3}\S/m.test(content);
    });
    if (!isTold) ledger.surprises.push(`${path} was put away, and no text says why.`);
  }

  function bringHome(path: string, sha1: string): void {
    for (const [name, belief] of refused())
      if ('sha1' in belief && belief.sha1 === sha1) ledger.withdraw(name);
    const from = join(failed ?? '', path);
    const at = (name: string) => join(places.source(), name);
    const bytesAt = (name: string) =>
      lstatSync(at(name), { throwIfNoEntry: false })?.isFile() ? sha1Of(readFileSync(at(name))) : undefined;
    let number = 1;
    const isTaken = () => {
      const name = numberedPath(path, number);
      const belief = ledger.beliefs.get(name);
      const isOther = belief !== undefined && !('sha1' in belief && belief.sha1 === sha1);
      return isOther || ![undefined, sha1].includes(bytesAt(name));
    };
    while (isTaken()) number += 1;
    const home = numberedPath(path, number);
    if (ledger.beliefs.get(home)?.kind !== 'member') {
      const member = groupOf(ledger.groups, sha1)?.members.find((one) => one.sha1 === sha1);
      ledger.believe(
        home,
        member ? { kind: 'member', sha1, isAsset: member.role !== 'sidecar' } : { kind: 'whole', sha1 },
      );
    }
    mkdirSync(dirname(at(home)), { recursive: true });
    moveOver(from, at(home));
  }

  return {
    refuse() {
      const answers = sides.map(({ server }) =>
        server.fail({
          kind: 'answer',
          status: 400,
          method: 'POST',
          path: '/api/assets',
          largerThanBytes: REFUSED_BYTES,
          body: { message: 'Immich does not want this one', error: 'Bad Request', statusCode: 400 },
        }),
      );
      accept = () => {
        for (const end of answers) end();
      };
    },
    async accept(patienceMs) {
      const end = performance.now() + patienceMs;
      while (missing().length > 0 && performance.now() < end) await sleep(LOOK_EVERY_MS);
      const problems = missing();
      await sleep(refused().length === 0 ? 0 : SETTLED_MS);
      accept();
      this.putBack();
      return problems;
    },
    putBack() {
      // Listed before the files, so that none of them is that of a file which comes just now.
      const texts = filesBelow(failed).filter((name) => name.endsWith('.txt'));
      const files = lying();
      const isFresh = ({ path }: { path: string }) => {
        const stats = lstatSync(join(failed, path), { throwIfNoEntry: false });
        return stats === undefined || Date.now() - stats.ctimeMs < SETTLED_MS;
      };
      if (files.length === 0 || files.some(isFresh)) return;
      for (const { path, sha1 } of files) check(path, sha1);
      for (const { path, sha1 } of files) bringHome(path, sha1);
      for (const text of texts) unlinkSync(join(failed, text));
    },
  };
}

/**
 * The stand-in for Immich as a process of its own, with the options that its argument holds as JSON. It sends its
 * address, and then after each word what it has seen since the word `begin`; `forget` empties it.
 */
import {
  type RecordedRequest,
  type StandInOptions,
  startImmichStandIn,
} from '../../test/support/immich-stand-in.js';
import type { Seen } from './server.js';

function nothing() {
  const never = Number.NaN;
  return { firstAt: never, lastAt: never, sendFrom: never, sendTo: never, checks: 0, sends: 0 };
}

let seen = nothing();

function note({ method, path, startedAt }: RecordedRequest): void {
  const at = Date.now();
  const beganAt = startedAt.getTime();
  seen.firstAt = earlier(seen.firstAt, beganAt);
  seen.lastAt = at;
  if (path === '/api/assets/bulk-upload-check') seen.checks += 1;
  if (method !== 'POST' || path !== '/api/assets') return;
  seen.sendFrom = earlier(seen.sendFrom, beganAt);
  seen.sendTo = at;
  seen.sends += 1;
}

function earlier(known: number, at: number): number {
  return Number.isNaN(known) ? at : Math.min(known, at);
}

const options = JSON.parse(process.argv[2] ?? '{}') as StandInOptions;
const server = await startImmichStandIn({ ...options, onEnd: note });
process.on('message', (word) => {
  if (word === 'forget') server.reset();
  if (word === 'begin' || word === 'forget') seen = nothing();
  process.send?.({ ...seen, assets: server.assets.length } satisfies Seen);
});
process.send?.(server.url);

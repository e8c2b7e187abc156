import { once, setMaxListeners } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './prng.js';

type Direction = 'up' | 'down';

/** What happens to everything that goes through; `up` leads from the client to the server. */
export type ProxyFault =
  | { readonly kind: 'delay'; readonly ms: number }
  /** Ends a connection without a word after so many more bytes of one direction. */
  | { readonly kind: 'cut'; readonly direction: Direction; readonly afterBytes: number }
  /** Turns over one bit in about so many bytes of one direction. */
  | { readonly kind: 'corrupt'; readonly direction: Direction; readonly everyBytes: number }
  /** Takes everything and passes nothing on; the connections end with the fault. */
  | { readonly kind: 'hang' }
  /** Answers in place of the server, in HTTP; `lingers` reads the rest of the request before it hangs up. */
  | { readonly kind: 'answer'; readonly head: string; readonly body: string; readonly lingers: boolean }
  /** Answers every question about checksums with the last good answer to one: a cache that is out of its mind. */
  | { readonly kind: 'replay' }
  /** Ends every connection, the new ones too. */
  | { readonly kind: 'refuse' };

/** A proxy for TCP between a client and a server of this machine. */
export interface FaultProxy {
  readonly port: number;
  /** Sets the one fault, or none. */
  setFault(fault: ProxyFault | undefined): void;
  /** Ends every connection. */
  cut(): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Whether the last request was a question about checksums. */
  isAsking: boolean;
}

/** What all connections of a proxy share. */
interface Shared {
  readonly random: Random;
  readonly pairs: Set<Pair>;
  fault: ProxyFault | undefined;
  /** Aborted when the fault becomes another one. */
  change: AbortController;
  /** The last good answer to a question about checksums. */
  lastAnswer: Buffer | undefined;
}

const QUESTION = Buffer.from('POST /api/assets/bulk-upload-check ');
const GOOD_ANSWER = Buffer.from('HTTP/1.1 200 ');

/** Starts a proxy on a free port; `random` says where bits turn over. */
export async function startFaultProxy(targetPort: number, random: Random): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  const shared: Shared = { random, pairs, fault: undefined, change: newChange(), lastAnswer: undefined };
  const cut = () => {
    for (const pair of pairs) end(pair, shared);
  };
  const server = createServer((client) => {
    if (shared.fault?.kind === 'refuse') client.destroy();
    else join({ client, server: connect(targetPort, '127.0.0.1'), isAsking: false }, shared);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    setFault(next) {
      shared.fault = next;
      shared.change.abort();
      shared.change = newChange();
      if (next?.kind === 'refuse') cut();
    },
    cut,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      shared.change.abort();
      cut();
      await closed;
    },
  };
}

function join(pair: Pair, shared: Shared): void {
  const { client, server } = pair;
  shared.pairs.add(pair);
  for (const socket of [client, server]) socket.setNoDelay(true).on('error', () => end(pair, shared));
  client.on('close', () => end(pair, shared));
  // What is still on its way to the client arrives first.
  server.on('close', () => client.end());
  // A connection that breaks ends both loops; that is what this proxy is for.
  for (const direction of ['up', 'down'] as const) {
    pump(pair, direction, shared).catch(() => end(pair, shared));
  }
}

function end(pair: Pair, { pairs }: Shared): void {
  pair.client.destroy();
  pair.server.destroy();
  pairs.delete(pair);
}

/** Passes one direction on, piece by piece, at the pace of the receiver. */
async function pump(pair: Pair, direction: Direction, shared: Shared): Promise<void> {
  const [from, to] = direction === 'up' ? [pair.client, pair.server] : [pair.server, pair.client];
  let under: ProxyFault | undefined;
  let passed = 0;
  let isAnswered = false;
  for await (const piece of from as AsyncIterable<Buffer>) {
    if (isAnswered) continue;
    if (under !== shared.fault) passed = 0;
    under = shared.fault;
    if (under?.kind === 'hang') await once(shared.change.signal, 'abort');
    if (under?.kind === 'hang' || under?.kind === 'refuse') return end(pair, shared);
    if (under?.kind === 'answer' && direction === 'up') {
      isAnswered = true;
      await answer(pair, under);
      continue;
    }
    if (isReplayed(pair, direction, piece, shared)) continue;
    if (under?.kind === 'delay') await sleep(under.ms);
    const kept = under === undefined ? piece : harm(piece, under, direction, passed, shared.random);
    passed += piece.length;
    if (kept.length > 0 && !to.write(kept)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
    if (kept.length < piece.length) return end(pair, shared);
  }
  to.end();
}

/** What is left of a piece; `passed` bytes went this way since the fault began. */
function harm(
  piece: Buffer,
  fault: ProxyFault,
  direction: Direction,
  passed: number,
  random: Random,
): Buffer {
  if (!('direction' in fault) || fault.direction !== direction) return piece;
  if (fault.kind === 'cut') return piece.subarray(0, Math.max(0, fault.afterBytes - passed));
  corrupt(piece, fault.everyBytes, random);
  return piece;
}

async function answer({ client, server }: Pair, fault: ProxyFault & { kind: 'answer' }): Promise<void> {
  const { head, body, lingers } = fault;
  server.removeAllListeners('close').destroy();
  const text = `${head}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
  await new Promise<void>((flushed) => client.end(text, flushed));
  if (!lingers) client.destroy();
}

/** Whether a piece of a question was answered with what was answered before; remembers good answers. */
function isReplayed(pair: Pair, direction: Direction, piece: Buffer, shared: Shared): boolean {
  if (direction === 'down') {
    if (pair.isAsking && starts(piece, GOOD_ANSWER)) shared.lastAnswer = Buffer.from(piece);
    return false;
  }
  if (startsRequest(piece)) pair.isAsking = starts(piece, QUESTION);
  if (shared.fault?.kind !== 'replay' || !pair.isAsking || shared.lastAnswer === undefined) return false;
  if (starts(piece, QUESTION)) pair.client.write(shared.lastAnswer);
  return true;
}

function starts(piece: Buffer, start: Buffer): boolean {
  return piece.subarray(0, start.length).equals(start);
}

function startsRequest(piece: Buffer): boolean {
  return /^(GET|POST) \/api\//.test(piece.toString('latin1', 0, 10));
}

/** Tells all connections that wait that the fault is another one. */
function newChange(): AbortController {
  const change = new AbortController();
  setMaxListeners(0, change.signal);
  return change;
}

function corrupt(piece: Buffer, everyBytes: number, random: Random): void {
  for (let at = random.int(0, 2 * everyBytes); at < piece.length; at += random.int(1, 2 * everyBytes)) {
    piece[at] = (piece[at] ?? 0) ^ (1 << random.int(0, 7));
  }
}

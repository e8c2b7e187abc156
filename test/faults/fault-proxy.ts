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

const QUESTION = Buffer.from('POST /api/assets/bulk-upload-check ');
const GOOD_ANSWER = Buffer.from('HTTP/1.1 200 ');

/** Starts a proxy on a free port; `random` says where bits turn over. */
export async function startFaultProxy(targetPort: number, random: Random): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let fault: ProxyFault | undefined;
  let change = newChange();
  let lastAnswer: Buffer | undefined;

  const end = (pair: Pair) => {
    pair.client.destroy();
    pair.server.destroy();
    pairs.delete(pair);
  };

  /** Passes one direction on, piece by piece, at the pace of the receiver. */
  async function pump(pair: Pair, direction: Direction): Promise<void> {
    const [from, to] = direction === 'up' ? [pair.client, pair.server] : [pair.server, pair.client];
    let under: ProxyFault | undefined;
    let passed = 0;
    let isAnswered = false;
    for await (const piece of from as AsyncIterable<Buffer>) {
      if (isAnswered) continue;
      if (under !== fault) passed = 0;
      under = fault;
      if (under?.kind === 'refuse') return end(pair);
      if (under?.kind === 'hang') {
        await once(change.signal, 'abort');
        return end(pair);
      }
      if (under?.kind === 'answer' && direction === 'up') {
        isAnswered = true;
        await answer(pair, under);
        continue;
      }
      if (direction === 'up' && startsRequest(piece)) pair.isAsking = starts(piece, QUESTION);
      if (direction === 'down' && pair.isAsking && starts(piece, GOOD_ANSWER))
        lastAnswer = Buffer.from(piece);
      if (under?.kind === 'replay' && direction === 'up' && pair.isAsking && lastAnswer !== undefined) {
        if (starts(piece, QUESTION)) pair.client.write(lastAnswer);
        continue;
      }
      if (under?.kind === 'delay') await sleep(under.ms);
      const kept = under === undefined ? piece : harm(piece, under, direction, passed);
      passed += piece.length;
      if (kept.length > 0 && !to.write(kept)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
      if (kept.length < piece.length) return end(pair);
    }
    to.end();
  }

  /** What is left of a piece; `passed` bytes went this way since the fault began. */
  function harm(piece: Buffer, under: ProxyFault, direction: Direction, passed: number): Buffer {
    if (!('direction' in under) || under.direction !== direction) return piece;
    if (under.kind === 'corrupt') corrupt(piece, under.everyBytes, random);
    else return piece.subarray(0, Math.max(0, under.afterBytes - passed));
    return piece;
  }

  async function answer({ client, server }: Pair, fault: ProxyFault & { kind: 'answer' }): Promise<void> {
    const { head, body, lingers } = fault;
    server.removeAllListeners('close').destroy();
    const text = `${head}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
    await new Promise<void>((flushed) => client.end(text, flushed));
    if (!lingers) client.destroy();
  }

  const server = createServer((client) => {
    if (fault?.kind === 'refuse') return void client.destroy();
    const pair = { client, server: connect(targetPort, '127.0.0.1'), isAsking: false };
    pairs.add(pair);
    for (const socket of [pair.client, pair.server]) socket.setNoDelay(true).on('error', () => end(pair));
    client.on('close', () => end(pair));
    // What is still on its way to the client arrives first.
    pair.server.on('close', () => client.end());
    // A connection that breaks ends both loops; that is what this proxy is for.
    for (const direction of ['up', 'down'] as const) pump(pair, direction).catch(() => end(pair));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    setFault(next) {
      fault = next;
      change.abort();
      change = newChange();
      if (fault?.kind === 'refuse') for (const pair of pairs) end(pair);
    },
    cut() {
      for (const pair of pairs) end(pair);
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      change.abort();
      for (const pair of pairs) end(pair);
      await closed;
    },
  };
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

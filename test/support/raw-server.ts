import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server that answers with bytes of the test's choice, HTTP or not. */
export interface RawServer {
  readonly url: string;
  /** What came in, one text a connection. */
  readonly received: string[];
  /** How many bytes went out. */
  sentBytes(): number;
}

/** Starts one that hands each connection to `answer` once a head has come in; it is stopped after the test. */
export async function rawServer(answer: (socket: Socket) => void): Promise<RawServer> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  let sent = 0;
  const server = createServer((socket) => {
    const number = received.push('') - 1;
    sockets.add(socket);
    socket.on('error', () => undefined); // The client leaves when it has had enough.
    socket.on('close', () => {
      sent += socket.bytesWritten;
      sockets.delete(socket);
    });
    socket.on('data', (piece) => {
      const before = received[number] ?? '';
      received[number] = before + piece.toString('latin1');
      if (!before.includes('\r\n\r\n') && received[number].includes('\r\n\r\n')) answer(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    sentBytes: () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, sent),
  };
}

/** Writes pieces for as long as the other side takes them. */
export function pour(socket: Socket, piece: string | Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(piece)) {
      // Until the network is full.
    }
  };
  socket.on('drain', more);
  more();
}

/** Writes one byte or another small piece every few milliseconds, without an end. */
export function trickle(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.on('close', () => clearInterval(timer));
}

/** A whole HTTP answer. */
export function httpAnswer(
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Buffer {
  const lines = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} x\r\n${head}\r\n`, 'latin1'), Buffer.from(body)]);
}

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createPacketLimit } from '../../../lib/mqtt/packet-limit.js';
import { sessionWith, soon } from '../../support/mqtt-world.js';

/** A packet with so many bytes behind its length, which is written as MQTT does. */
function packet(bytes: number): Buffer {
  const head = [0x30];
  let left = bytes;
  do {
    head.push((left % 128) + (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, 0xff)]);
}

it.each([1, 2, 3, 7, 100_000])('sees how long packets are, in pieces of %i bytes', (pieceBytes) => {
  const stream = Buffer.concat([0, 1, 127, 128, 1_000, 2, 999].map(packet));
  const [fitting, tight] = [createPacketLimit(1_000), createPacketLimit(999)];
  const answers = { fitting: false, tight: false };
  for (let at = 0; at < stream.length; at += pieceBytes) {
    const piece = stream.subarray(at, at + pieceBytes);
    answers.fitting ||= fitting(piece);
    answers.tight ||= tight(piece);
  }
  expect(answers).toEqual({ fitting: false, tight: true });
});

it('leaves a broker that sends 200 MB in one packet, after some kilobytes', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      // CONNACK of MQTT 5 without properties, then a message of 200 MB.
      socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
      socket.write(packet(200_000_000).subarray(0, 5));
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x61))) {
          // Until the network is full.
        }
      };
      socket.on('drain', more);
      more();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  const { port } = server.address() as { port: number };
  const session = sessionWith(`mqtt://127.0.0.1:${port}`);
  await soon(() => expect(session.statuses.some(({ code }) => /too large/.test(code))).toBe(true));
  await soon(() => expect(sockets[0]?.destroyed).toBe(true));
  expect(sockets[0]?.bytesWritten).toBeLessThan(20_000_000);
  await session.stop();
  for (const socket of sockets) socket.destroy();
});

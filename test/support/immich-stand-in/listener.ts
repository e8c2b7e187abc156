import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ListenerOptions {
  readonly host: string;
  /** 0 is a free one, which is then kept. */
  readonly port: number;
  /** Speaks https with this key and certificate (PEM). */
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined;
  readonly onRequest: RequestListener;
}

// The times are those of Immich: an idle connection lives for five seconds, a request may take a day.
const times = { keepAliveTimeout: 5_000, requestTimeout: 86_400_000 };
const portRetries = 100;

/** A server of node:http that can go down, connections and all, and come up again on the same port. */
export function createListener({ host, port, tls, onRequest }: ListenerOptions) {
  const server =
    tls === undefined ? createServer(times, onRequest) : createTlsServer({ ...times, ...tls }, onRequest);
  const sockets = new Set<Socket>();
  let currentPort = port;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function listen(): Promise<void> {
    server.listen(currentPort, host);
    await once(server, 'listening');
    currentPort = (server.address() as AddressInfo).port;
  }

  return {
    get port() {
      return currentPort;
    },
    async comeUp(): Promise<void> {
      for (let left = portRetries; !server.listening; left -= 1) {
        try {
          await listen();
        } catch (error) {
          // While it was down a client may have got the port for its own end of a connection, for a moment.
          const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
          if (!isTaken || currentPort === port || left === 0) throw error;
          await sleep(50);
        }
      }
    },
    async goDown(): Promise<void> {
      if (!server.listening) return;
      // The sockets are waited for too, so that what was cut is known as cut when this is over.
      const closed = [server, ...sockets].map((emitter) => once(emitter, 'close'));
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface BareBrokerOptions {
  /** What CONNECT is answered with: a code (0 accepts), or no answer but the end of the connection. */
  readonly connack?: (version: number) => number | 'hang-up' | 'reset';
  /** Properties in the CONNACK of MQTT 5, as bytes (section 2.2.2.2). */
  readonly properties?: readonly number[];
  /** The reason code that a message is acknowledged with; undefined leaves it without an answer. */
  readonly puback?: (topic: string) => number | undefined;
  /** The reason code for each filter; undefined leaves all of them without an answer. */
  readonly suback?: (filter: string) => number | undefined;
}

/**
 * A server that says exactly what it is told to: for what no real broker can be brought to say. It knows just
 * enough of MQTT 3.1.1 and 5 for that, and sends nothing on.
 */
export interface BareBroker {
  readonly url: string;
  /** The version of each CONNECT that came: 4 is MQTT 3.1.1. */
  readonly versions: readonly number[];
  /** CONNECT, SUBSCRIBE and PUBLISH as they came, as `subscribe a/+` or `publish a/b hello`. */
  readonly heard: readonly string[];
  /** The bytes of the last CONNECT. */
  readonly connect: Buffer;
  /** The most messages with QoS 1 that ever waited for their acknowledgement at the same time. */
  readonly mostUnacknowledged: number;
  /** Sends bytes to everybody. */
  say(...bytes: number[]): void;
  /** Stops to read, or goes on. */
  setDeaf(isDeaf: boolean): void;
  /** Ends every connection without a word and goes on listening. */
  cut(): void;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

/** Starts a bare broker on a free port. */
export async function startBareBroker(options: BareBrokerOptions = {}): Promise<BareBroker> {
  const { connack = () => 0, properties = [], puback = () => 0, suback = () => 1 } = options;
  const sockets = new Set<Socket>();
  const [versions, heard]: [number[], string[]] = [[], []];
  let lastConnect: Buffer = Buffer.alloc(0);
  let [unacknowledged, mostUnacknowledged] = [0, 0];

  function answer(socket: Socket, { type, flags, body }: Packet, version: number): void {
    const isNew = version === 5;
    if (type === 1) {
      const code = connack(version);
      if (code === 'hang-up') socket.end();
      else if (code === 'reset') socket.resetAndDestroy();
      else if (isNew)
        socket.write(Buffer.from([0x20, 3 + properties.length, 0, code, properties.length, ...properties]));
      else socket.write(Buffer.from([0x20, 2, 0, code]));
    } else if (type === 8) {
      const [high = 0, low = 0] = body;
      const filters = textsOf(body.subarray(isNew ? 3 : 2));
      heard.push(...filters.map((filter) => `subscribe ${filter}`));
      const granted = filters.map(suback).filter((code) => code !== undefined);
      if (granted.length < filters.length) return;
      const codes = [...(isNew ? [0] : []), ...granted];
      socket.write(Buffer.from([0x90, 2 + codes.length, high, low, ...codes]));
    } else if (type === 3) {
      const end = 2 + body.readUInt16BE(0);
      const topic = body.subarray(2, end).toString();
      const qos = (flags >> 1) & 3;
      const start = end + (qos > 0 ? 2 : 0);
      const payload = body.subarray(isNew ? start + 1 + (body[start] ?? 0) : start);
      heard.push(`publish ${topic} ${payload}`);
      if (qos === 0) return;
      unacknowledged += 1;
      mostUnacknowledged = Math.max(mostUnacknowledged, unacknowledged);
      const [high = 0, low = 0] = body.subarray(end);
      const code = puback(topic);
      if (code === undefined) return;
      // Not at once, so that a client that sends too much is found out.
      setTimeout(() => {
        unacknowledged -= 1;
        socket.write(Buffer.from(isNew ? [0x40, 3, high, low, code] : [0x40, 2, high, low]));
      }, 2);
    }
  }

  const server = createServer((socket) => {
    let version = 0;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    splitPackets(socket, (packet) => {
      if (packet.type === 1) {
        version = packet.body[6] ?? 0;
        versions.push(version);
        lastConnect = packet.body;
      }
      answer(socket, packet, version);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    versions,
    heard,
    get connect() {
      return lastConnect;
    },
    get mostUnacknowledged() {
      return mostUnacknowledged;
    },
    say(...bytes) {
      for (const socket of sockets) socket.write(Buffer.from(bytes));
    },
    setDeaf(isDeaf) {
      for (const socket of sockets) isDeaf ? socket.pause() : socket.resume();
    },
    cut,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** Calls `onPacket` for each packet: a byte with type and flags, the length in 7-bit digits, and the body. */
function splitPackets(socket: Socket, onPacket: (packet: Packet) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const digits = pending.subarray(1, 5).findIndex((digit) => digit < 128) + 1;
      if (digits === 0) return;
      let length = 0;
      for (let at = digits; at > 0; at -= 1) length = length * 128 + ((pending[at] ?? 0) & 127);
      const start = 1 + digits;
      if (pending.length < start + length) return;
      const [first = 0] = pending;
      onPacket({ type: first >> 4, flags: first & 15, body: pending.subarray(start, start + length) });
      pending = pending.subarray(start + length);
    }
  });
}

/** The filters of a SUBSCRIBE: each is a length of two bytes, the text, and one byte of options. */
function textsOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at);
    texts.push(bytes.subarray(at + 2, at + 2 + length).toString());
    at += 2 + length + 1;
  }
  return texts;
}

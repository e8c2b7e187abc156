import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AedesOptions } from 'aedes';
import mqtt, { type MqttClient } from 'mqtt';

/** One message as it was published. */
export interface SeenMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
  /** What a listener sees of the properties of MQTT 5. */
  readonly properties?: { messageExpiryInterval?: number; correlationData?: Buffer };
}

export interface BrokerOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Certificate and key make it speak TLS. */
  readonly tls?: { cert: string; key: string };
  /** Says who may come in; everybody when it is missing. */
  readonly authenticate?: (username: string | undefined, password: string | undefined) => boolean;
  /** Holds up a message, and so its acknowledgement, until the promise resolves. */
  readonly delayPublish?: (message: SeenMessage) => Promise<void>;
  /** Says which filters may be subscribed to; all when it is missing. */
  readonly authorizeSubscribe?: (filter: string) => boolean;
  /** Called for every filter that somebody subscribes to, before it is confirmed. */
  readonly onSubscribe?: (filter: string) => void;
}

/** A real broker in this process. It speaks MQTT 3.1.1 only, and answers MQTT 5 with code 1. */
export interface Broker {
  readonly url: string;
  readonly port: number;
  /** What clients published, with the flags they gave it, wills included. */
  readonly messages: readonly SeenMessage[];
  /** The ids of those who are connected. */
  clientIds(): string[];
  /** How many connections were accepted since the start. */
  readonly connections: number;
  /** How many connections were opened since the start, accepted or not. */
  readonly attempts: number;
  /** Publishes a message to those who subscribed. */
  publish(
    topic: string,
    payload: string | Buffer,
    options?: { retain?: boolean; qos?: 0 | 1 },
  ): Promise<void>;
  /** Ends every connection without a word and goes on listening. */
  cut(): void;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

/** Starts a broker that is reachable when the promise resolves. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { port = 0, host = '127.0.0.1' } = options;
  const messages: SeenMessage[] = [];
  const clientIds = new Set<string>();
  const sockets = new Set<Socket>();
  let attempts = 0;
  let connections = 0;
  const aedes = await Aedes.createBroker(aedesOptions(options));
  aedes.on('publish', (packet) => {
    if (!packet.topic.startsWith('$SYS/')) messages.push(seen(packet));
  });
  aedes.on('clientReady', (client) => {
    connections += 1;
    clientIds.add(client.id);
  });
  aedes.on('clientDisconnect', (client) => clientIds.delete(client.id));
  const onConnection = (socket: Socket) => {
    attempts += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  };
  const server = options.tls ? createTlsServer(options.tls, onConnection) : createServer(onConnection);
  await listen(server, port, host);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `${options.tls ? 'mqtts' : 'mqtt'}://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    messages,
    clientIds: () => [...clientIds],
    get connections() {
      return connections;
    },
    get attempts() {
      return attempts;
    },
    publish: (topic, payload, { retain = false, qos = 1 } = {}) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload, retain, qos, dup: false } as const;
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    cut,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

/** An MQTT client that keeps what a broker sends it: first what is retained, then what is published. */
export interface Listener {
  readonly messages: readonly SeenMessage[];
  stop(): Promise<void>;
}

/** Subscribes to everything at a broker and resolves once the broker has confirmed that. */
export async function listenTo(
  url: string,
  options: { username?: string; password?: string; protocolVersion?: 4 | 5 } = {},
): Promise<Listener> {
  const client: MqttClient = await mqtt.connectAsync(url, { protocolVersion: 4, ...options }, false);
  const messages: SeenMessage[] = [];
  client.on('message', (topic, payload, packet) => messages.push(seen({ ...packet, topic, payload })));
  await client.subscribeAsync('#', { qos: 1 });
  return { messages, stop: () => client.endAsync(true) };
}

function aedesOptions({
  authenticate,
  delayPublish,
  authorizeSubscribe = () => true,
  onSubscribe,
}: BrokerOptions): AedesOptions {
  return {
    authorizeSubscribe: (_client, subscription, done) => {
      onSubscribe?.(subscription.topic);
      done(null, authorizeSubscribe(subscription.topic) ? subscription : null);
    },
    ...(authenticate && {
      authenticate: (_client, username, password, done) => {
        const isWelcome = authenticate(username, password?.toString());
        if (isWelcome) done(null, true);
        // 5 is "not authorised" in MQTT 3.1.1, as mosquitto answers.
        else done(Object.assign(new Error('refused'), { returnCode: 5 }), false);
      },
    }),
    ...(delayPublish && {
      authorizePublish: (_client, packet, done) => {
        delayPublish(seen(packet)).then(() => done(null), done);
      },
    }),
  };
}

function seen(packet: {
  topic: string;
  payload: string | Buffer;
  retain: boolean;
  qos: number;
  properties?: SeenMessage['properties'];
}): SeenMessage {
  const { topic, payload, retain, qos, properties } = packet;
  return { topic, payload: payload.toString(), retain, qos, ...(properties && { properties }) };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

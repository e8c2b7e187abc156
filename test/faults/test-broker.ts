import mqtt from 'mqtt';
import { type Broker, listenTo, type SeenMessage, startBroker } from '../support/broker.js';
import { startMosquitto } from '../support/mosquitto.js';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A broker whose messages are all seen, whichever program it is. */
export interface TestBroker {
  readonly port: number;
  /** All that was published, oldest first. */
  messages(): readonly SeenMessage[];
  /** What it would tell somebody who comes now, by topic. */
  retained(): Promise<ReadonlyMap<string, string>>;
  publish(topic: string, payload: string): Promise<void>;
  /** Starts it anew, so that it forgets everything; undefined where that would lose messages for the test. */
  readonly forget: (() => Promise<void>) | undefined;
  stop(): Promise<void>;
}

/** Starts aedes in this process. */
export async function startAedes(login: Login): Promise<TestBroker> {
  const authenticate = (username?: string, password?: string) =>
    username === login.username && password === login.password;
  let past: readonly SeenMessage[] = [];
  let broker: Broker = await startBroker({ authenticate });
  const { port } = broker;
  return {
    port,
    messages: () => [...past, ...broker.messages],
    ...asClient(port, login),
    async forget() {
      await broker.stop();
      past = [...past, ...broker.messages];
      broker = await startBroker({ port, authenticate });
    },
    stop: () => broker.stop(),
  };
}

/** Starts mosquitto, which speaks MQTT 5, and listens to all that it gets. */
export async function startMosquittoBroker(login: Login): Promise<TestBroker> {
  const mosquitto = await startMosquitto({ logins: { [login.username]: login.password } });
  const listener = await listenTo(mosquitto.url, login);
  return {
    port: mosquitto.port,
    messages: () => listener.messages,
    ...asClient(mosquitto.port, login),
    forget: undefined,
    async stop() {
      await listener.stop();
      await mosquitto.stop();
    },
  };
}

function asClient(port: number, login: Login): Pick<TestBroker, 'retained' | 'publish'> {
  const url = `mqtt://127.0.0.1:${port}`;
  return {
    async retained() {
      const listener = await listenTo(url, login);
      try {
        // What is retained comes right behind the confirmation; a message of our own comes behind that.
        const end = `test/${listener.messages.length}/${Math.random()}`;
        await publish(url, login, end, 'end');
        while (!listener.messages.some(({ topic }) => topic === end)) await new Promise(setImmediate);
        return new Map(
          listener.messages.filter(({ retain }) => retain).map(({ topic, payload }) => [topic, payload]),
        );
      } finally {
        await listener.stop();
      }
    },
    publish: (topic, payload) => publish(url, login, topic, payload),
  };
}

async function publish(url: string, login: Login, topic: string, payload: string): Promise<void> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, ...login }, false);
  await client.publishAsync(topic, payload, { qos: 1 });
  await client.endAsync();
}

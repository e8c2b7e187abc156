import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bareBrokerWith,
  brokerWith,
  closedPort,
  EVENT,
  events,
  kinds,
  lines,
  numbers,
  online,
  STATUS,
  sessionWith,
  soon,
} from '../../support/mqtt-world.js';

/** Waits that no test would live through: what comes after one of them did not wait. */
const FOR_EVER = { firstRetryMs: 1_000_000, maxRetryMs: 1_000_000, refusedRetryMs: 1_000_000 };

describe('MQTT 5', () => {
  it('is spoken first, with a session that ends at once and a limit for what we want to hear', async () => {
    const broker = await bareBrokerWith();
    sessionWith(broker.url, FOR_EVER);
    await soon(() => expect(broker.heard).toEqual([`publish ${STATUS} online`]));
    expect(broker.versions).toEqual([5]);
    // After "MQTT", version, flags and keep-alive: 9 bytes of properties (section 3.1.2.11).
    const properties = broker.connect.subarray(10, 22);
    expect([...properties]).toEqual([12, 0x11, 0, 0, 0, 0, 0x27, 0, 1, 0, 0, 0x17]);
    // A will with QoS 1 that is retained.
    expect((broker.connect[7] ?? 0) & 0b0011_1100).toBe(0b0010_1100);
  });

  it.each([
    ['answers that it knows MQTT 3.1.1 only', 1],
    ['answers that it does not know the version', 132],
    ['hangs up', 'hang-up'],
    ['resets the connection', 'reset'],
  ] as const)('is left at once for a broker that %s, and not tried again', async (_, answer) => {
    const broker = await bareBrokerWith({ connack: (version) => (version === 5 ? answer : 0) });
    const session = sessionWith(broker.url, { firstRetryMs: 1 });
    session.tell('a');
    await soon(() => expect(broker.heard).toEqual([`publish ${STATUS} online`, `publish ${EVENT} a`]));
    expect(kinds(session)).toEqual(['connecting', 'connected']);
    expect(broker.versions).toEqual([5, 4]);
    broker.cut();
    await soon(() => expect(broker.versions).toEqual([5, 4, 4]));
  });

  it('is left at once for a server that just hangs up, before a single wait', async () => {
    const versions: (number | undefined)[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (connect) => {
        versions.push(connect[8]);
        socket.end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const session = sessionWith(`127.0.0.1:${(server.address() as AddressInfo).port}`, FOR_EVER);
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'offline', code: 'closed' }));
    expect(versions).toEqual([5, 4]);
  });

  it('is tried again when MQTT 3.1.1 is refused one day', async () => {
    let known = 4;
    const broker = await bareBrokerWith({ connack: (version) => (version === known ? 0 : 132) });
    sessionWith(broker.url);
    await soon(() => expect(broker.versions).toEqual([5, 4]));
    await soon(() => expect(broker.heard.length).toBe(1));
    known = 5;
    broker.cut();
    await soon(() => expect(broker.versions).toEqual([5, 4, 4, 5]));
    await soon(() => expect(broker.heard.length).toBe(2));
  });

  it('is not given up because of a refused login', async () => {
    const broker = await bareBrokerWith({ connack: () => 135 });
    const session = sessionWith(broker.url, FOR_EVER);
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'login-refused', code: '135' }));
    expect(broker.versions).toEqual([5]);
  });

  it('is left for aedes, which answers with code 1, without a word about it', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, FOR_EVER);
    await soon(() => expect(broker.messages).toEqual([online]));
    expect([broker.attempts, broker.connections]).toEqual([2, 1]);
    expect(kinds(session)).toEqual(['connecting', 'connected']);
  });
});

describe('the limits of a broker', () => {
  it.each([
    [1, 'one by one'],
    [3, 'three at a time'],
  ])('for unacknowledged messages are kept: %i', async (receiveMaximum) => {
    const broker = await bareBrokerWith({ properties: [0x21, 0, receiveMaximum] });
    const session = sessionWith(broker.url, { windowSize: 20 });
    session.publishState({ topic: 'a', payload: '1', isRetained: true });
    for (const number of numbers(1, 30)) {
      const both = ['x', 'y'].map((topic) => ({ topic, payload: number }));
      session.publishEvent(both, false);
    }
    const told = numbers(1, 30).flatMap((number) => [`publish x ${number}`, `publish y ${number}`]);
    await soon(() => expect(broker.heard).toEqual([`publish ${STATUS} online`, 'publish a 1', ...told]));
    expect(broker.mostUnacknowledged).toBe(receiveMaximum);
    await soon(() => expect(session.statuses.at(-1)?.waiting).toBe(0));
  });

  it('for the size of a packet are kept: what is too large counts as refused', async () => {
    const broker = await bareBrokerWith({ properties: [0x27, 0, 0, 1, 0] });
    const session = sessionWith(broker.url);
    session.publishState({ topic: 'large', payload: 'x'.repeat(256), isRetained: true });
    session.tell('a', 'x'.repeat(1_000), 'b');
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));
    const told = [`publish ${STATUS} online`, `publish ${EVENT} a`, `publish ${EVENT} b`];
    await soon(() => expect(broker.heard).toEqual(told));
    expect(session.refused).toEqual([
      ['large', 149],
      [EVENT, 149],
    ]);
  });
});

describe('a refused message', () => {
  it('counts as delivered, and is said once a topic', async () => {
    const broker = await bareBrokerWith({ puback: (topic) => (topic === EVENT ? 135 : 0) });
    const session = sessionWith(broker.url, { windowSize: 2 });
    session.publishState({ topic: 'a', payload: '1', isRetained: true });
    session.tell(...numbers(1, 50));
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));
    expect(broker.heard.length).toBe(52);
    expect(session.refused).toEqual([[EVENT, 135]]);
  });

  it('is said again when its topic was allowed meanwhile', async () => {
    let code = 135;
    const broker = await bareBrokerWith({ puback: (topic) => (topic === EVENT ? code : 0) });
    const session = sessionWith(broker.url);
    session.tell('x');
    await soon(() => expect(session.refused).toEqual([[EVENT, 135]]));
    code = 0;
    session.tell('x');
    await soon(() => expect(broker.heard.length).toBe(3));
    code = 151;
    session.tell('x');
    await soon(() => expect(session.refused.length).toBe(2));
    expect(session.refused[1]).toEqual([EVENT, 151]);
  });

  it('is not one that nobody listens to', async () => {
    const broker = await bareBrokerWith({ puback: () => 16 });
    const session = sessionWith(broker.url);
    session.tell('x');
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));
    expect(session.refused).toEqual([]);
  });

  it('has a sister: a refused filter, which holds up no event', async () => {
    const broker = await bareBrokerWith({ suback: (filter) => (filter === 'cmd/+' ? 135 : 1) });
    const session = sessionWith(broker.url, { subscriptions: ['ha/status', 'cmd/+'] });
    session.tell('x');
    await soon(() => expect(broker.heard.at(-1)).toBe(`publish ${EVENT} x`));
    expect(session.refused).toEqual([['cmd/+', 135]]);
  });
});

describe('a broker that ends the connection', () => {
  it.each([
    ['because somebody else came under our name', 142, 'taken-over'],
    ['because it shuts down', 139, 'offline'],
    ['because we may not be there any more', 135, 'login-refused'],
  ] as const)('%s says so', async (_, code, kind) => {
    const broker = await bareBrokerWith();
    const session = sessionWith(broker.url, FOR_EVER);
    await soon(() => expect(kinds(session)).toContain('connected'));
    broker.say(0xe0, 2, code, 0);
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind, code: String(code) }));
  });

  it.each([
    ['sends what is no packet', [0xf0, 0xff, 0xff, 0xff, 0xff]],
    ['acknowledges with a code that does not exist', [0x40, 3, 0, 1, 0x42]],
  ])('is left when it %s, and found again', async (_, bytes) => {
    const broker = await bareBrokerWith();
    const session = sessionWith(broker.url);
    await soon(() => expect(broker.heard.length).toBe(1));
    broker.say(...bytes);
    await soon(() => expect(broker.heard.length).toBe(2));
    await soon(() => expect(kinds(session)).toEqual(['connecting', 'connected', 'offline', 'connected']));
  });

  it('because somebody else came under our name is tried again slowly', async () => {
    const broker = await bareBrokerWith();
    const session = sessionWith(broker.url, { firstRetryMs: 1, maxRetryMs: 1, refusedRetryMs: 150 });
    await soon(() => expect(kinds(session)).toContain('connected'));
    const began = performance.now();
    broker.say(0xe0, 2, 142, 0);
    await soon(() => expect(broker.versions).toEqual([5, 5]));
    expect(performance.now() - began).toBeGreaterThan(140);
  });

  it('without a word, again and again, gives our name to somebody else', async () => {
    const broker = await brokerWith();
    const rivals = [1, 2].map(() => sessionWith(broker.url, { refusedRetryMs: 1_000_000 }));
    await soon(() => expect(rivals.flatMap(kinds)).toContain('taken-over'));
  });

  it('while it does not take a message is not blamed on somebody else', async () => {
    const broker = await brokerWith({
      delayPublish: ({ topic }) => (topic === EVENT ? Promise.reject(new Error('no')) : Promise.resolve()),
    });
    const session = sessionWith(broker.url, { firstRetryMs: 1, maxRetryMs: 1 });
    session.tell('x');
    await soon(() => expect(broker.connections).toBeGreaterThan(5));
    expect(new Set(kinds(session))).toEqual(new Set(['connecting', 'connected', 'offline']));
  });
});

describe('many events', () => {
  it('all arrive in order when they come in a burst', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, { eventGapMs: 1 });
    await soon(() => expect(broker.messages).toEqual([online]));
    session.tell(...numbers(1, 1_000));
    await soon(() => expect(events(broker)).toEqual(numbers(1, 1_000)));
    expect(session.statuses.every(({ dropped }) => dropped === 0)).toBe(true);
  });

  it('are dropped in the right order while the broker is away for long', async () => {
    const gone = await brokerWith();
    await gone.stop();
    const session = sessionWith(gone.url, { statusEveryMs: 1_000 });
    for (let index = 1; index <= 20_000; index += 1) {
      if (index % 200 === 0) session.fail(`failure ${index}`);
      session.tell(String(index));
      session.publishState({ topic: `folder/${index % 5}`, payload: String(index), isRetained: true });
    }
    await soon(() =>
      expect(session.statuses.at(-1)).toMatchObject({ kind: 'offline', waiting: 10_000, dropped: 10_100 }),
    );
    const broker = await brokerWith({ port: gone.port });
    await soon(() =>
      expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0, dropped: 0 }),
    );
    const arrived = events(broker);
    expect(arrived.filter((payload) => payload.startsWith('failure')).length).toBe(100);
    expect(arrived.filter((payload) => !payload.startsWith('failure'))).toEqual(numbers(10_101, 20_000));
    const newest = [19_996, 19_997, 19_998, 19_999, 20_000].map((index) => `folder/${index % 5} ${index}`);
    expect(
      lines(broker)
        .filter((line) => line.startsWith('folder'))
        .toSorted(),
    ).toEqual(newest.toSorted());
  });

  it('take no more memory when they come for longer', async () => {
    const session = sessionWith(`127.0.0.1:${await closedPort()}`, FOR_EVER);
    const add = (count: number) => {
      for (let index = 0; index < count; index += 1) {
        session.publishEvent([{ topic: EVENT, payload: `${index}`.padEnd(1_000) }], index % 1_000 === 0);
        session.publishState({ topic: `folder/${index % 5}`, payload: `${index}`.padEnd(1_000) });
      }
    };
    add(20_000);
    const before = heapBytes();
    add(200_000);
    expect(heapBytes() - before).toBeLessThan(5_000_000);
  });
});

/** What is in use after everything was collected that is not. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

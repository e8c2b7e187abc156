import { describe, expect, it } from 'vitest';
import {
  bareBrokerWith,
  brokerWith,
  closedPort,
  EVENT,
  events,
  kinds,
  lines,
  listenerAt,
  numbers,
  offline,
  online,
  payloadsOn,
  type Running,
  STATUS,
  sessionWith,
  soon,
} from '../../support/mqtt-world.js';

const DOCUMENT = 'homeassistant/device/test/config';
const state = (topic: string, payload: string) => ({ topic, payload, isRetained: true });
/** Waits until a session has told all its events. */
const connected = (session: Running) =>
  soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));

describe('every connection', () => {
  it('begins with the subscriptions, the status, the first topic, the states, and then events', async () => {
    const broker = await bareBrokerWith();
    const session = sessionWith(broker.url, {
      subscriptions: ['cmd/+', 'ha/status'],
      firstTopic: DOCUMENT,
      eventGapMs: 1,
    });
    session.publishState(state('a', '1'));
    session.tell('event');
    session.publishState(state('b', '1'));
    session.publishState(state(DOCUMENT, '{}'));
    const states = [`publish ${STATUS} online`, `publish ${DOCUMENT} {}`, 'publish a 1', 'publish b 1'];
    const first = ['subscribe cmd/+', 'subscribe ha/status', ...states];
    await soon(() => expect(broker.heard).toEqual([...first, `publish ${EVENT} event`]));
    await connected(session);
    broker.cut();
    await soon(() => expect(broker.heard).toEqual([...first, `publish ${EVENT} event`, ...first]));
  });

  it('waits with events for the answer to the subscriptions, and with nothing else', async () => {
    let isHeld = true;
    const broker = await bareBrokerWith({ suback: () => (isHeld ? undefined : 1) });
    const session = sessionWith(broker.url, { subscriptions: ['cmd/+'] });
    session.tell('event');
    session.publishState(state('a', '1'));
    const begin = ['subscribe cmd/+', `publish ${STATUS} online`, 'publish a 1'];
    await soon(() => expect(broker.heard).toEqual(begin));
    session.publishState(state('a', '2'));
    await soon(() => expect(broker.heard).toEqual([...begin, 'publish a 2']));
    expect(session.statuses.at(-1)?.waiting).toBe(1);
    isHeld = false;
    broker.cut();
    await soon(() => expect(broker.heard.at(-1)).toBe(`publish ${EVENT} event`));
  });
});

describe('a state', () => {
  it('is retained, and told once until it changes', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url);
    for (const payload of ['1', '1', '2', '2']) session.publishState(state('a', payload));
    await soon(() => expect(lines(broker)).toEqual([`${STATUS} online`, 'a 2']));
    session.publishState(state('a', '2'));
    session.publishState(state('a', '3'));
    await soon(() => expect(payloadsOn(broker, 'a')).toEqual(['2', '3']));
    const listener = await listenerAt(broker.url);
    await soon(() =>
      expect(listener.messages).toContainEqual({ topic: 'a', payload: '3', retain: true, qos: 1 }),
    );
  });

  it('is the newest one when the broker was away', async () => {
    const port = await closedPort();
    const session = sessionWith(`127.0.0.1:${port}`);
    for (const number of numbers(1, 1_000)) session.publishState(state(`t${Number(number) % 3}`, number));
    await soon(() => expect(kinds(session)).toContain('offline'));
    const broker = await brokerWith({ port });
    await soon(() => expect(lines(broker)).toEqual([`${STATUS} online`, 't1 1000', 't2 998', 't0 999']));
  });

  it('with QoS 0 that is not retained is sent now or forgotten', async () => {
    const port = await closedPort();
    const session = sessionWith(`127.0.0.1:${port}`);
    const reading = (payload: string) => ({ topic: 'gpu', payload, qos: 0 as const, expirySeconds: 120 });
    session.publishState(reading('1'));
    await soon(() => expect(kinds(session)).toContain('offline'));
    const broker = await brokerWith({ port });
    await soon(() => expect(broker.messages).toEqual([online]));
    session.publishState(reading('2'));
    session.publishState(reading('2'));
    await soon(() => expect(payloadsOn(broker, 'gpu')).toEqual(['2', '2']));
    expect(broker.messages.at(-1)).toEqual({ topic: 'gpu', payload: '2', retain: false, qos: 0 });
    session.republish();
    await soon(() => expect(payloadsOn(broker, STATUS)).toEqual(['online', 'online']));
    expect(payloadsOn(broker, 'gpu')).toEqual(['2', '2']);
  });

  it('with QoS 0 is forgotten when the network does not keep up', async () => {
    const broker = await bareBrokerWith();
    const session = sessionWith(broker.url);
    await soon(() => expect(broker.heard.length).toBe(1));
    broker.setDeaf(true);
    for (const number of numbers(1, 2_000)) {
      session.publishState({ topic: 'gpu', payload: number.padEnd(50_000), qos: 0 });
      // The network takes what it can.
      await new Promise(setImmediate);
    }
    broker.setDeaf(false);
    session.tell('event');
    await soon(() => expect(broker.heard.at(-1)).toBe(`publish ${EVENT} event`));
    expect(broker.heard.length).toBeGreaterThan(2);
    expect(broker.heard.length).toBeLessThan(1_000);
  });

  it('is told once more, after the status, when somebody wants to hear all of it', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, { firstTopic: DOCUMENT });
    session.publishState(state('b', '1'));
    session.publishState(state(DOCUMENT, '{}'));
    session.publishState(state('a', '1'));
    const all = [`${STATUS} online`, `${DOCUMENT} {}`, 'b 1', 'a 1'];
    await soon(() => expect(lines(broker).toSorted()).toEqual(all.toSorted()));
    session.republish();
    await soon(() => expect(lines(broker).slice(4)).toEqual(all));
  });
});

describe('a cleared topic', () => {
  it('is empty at the broker and forgotten, also when the broker was away', async () => {
    const first = await brokerWith();
    const session = sessionWith(first.url);
    for (const topic of ['a', 'b', 'c']) session.publishState(state(topic, '1'));
    await soon(() => expect(first.messages.length).toBe(4));
    await session.clearStates(['b']);
    await soon(() =>
      expect(first.messages.at(-1)).toEqual({ topic: 'b', payload: '', retain: true, qos: 1 }),
    );
    await first.stop();
    await soon(() => expect(kinds(session).at(-1)).toBe('offline'));
    const cleared = session.clearStates(['c', 'of an older name']);
    const second = await brokerWith({ port: first.port });
    await cleared;
    await soon(() => expect(lines(second)).toEqual([`${STATUS} online`, 'a 1', 'c', 'of an older name']));
    await connected(session);
    const listener = await listenerAt(second.url);
    await soon(() => expect(lines(listener).toSorted()).toEqual(['a 1', `${STATUS} online`]));
    second.cut();
    await soon(() => expect(lines(second).slice(-2)).toEqual([`${STATUS} online`, 'a 1']));
  });
});

describe('the end', () => {
  it('empties the status of a session that is to be forgotten, and what is cleared in the last moment', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, { closeMs: 20_000 });
    for (const topic of ['a', 'b']) session.publishState(state(topic, '1'));
    await soon(() => expect(broker.messages.length).toBe(3));
    session.abort();
    for (let step = 0; step < 10; step += 1) await Promise.resolve();
    void session.clearStates(['a', 'b']);
    session.forget();
    await session.ended;
    expect(lines(broker).slice(3)).toEqual(['a', 'b', STATUS]);
    const listener = await listenerAt(broker.url);
    await listenerHears(listener, broker);
    expect(listener.messages.map(({ topic }) => topic)).toEqual(['last']);
  });

  it('gets out what waits at once, whatever the gap between events is', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, { eventGapMs: 60_000, closeMs: 60_000 });
    await soon(() => expect(broker.messages).toEqual([online]));
    session.tell(...numbers(1, 100));
    session.publishState(state('a', '1'));
    const began = performance.now();
    await session.stop();
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(events(broker)).toEqual(numbers(1, 100));
    expect(payloadsOn(broker, 'a')).toEqual(['1']);
    expect(broker.messages.at(-1)).toEqual(offline);
  });

  it('takes nothing any more but what is to be cleared', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url);
    await soon(() => expect(broker.messages).toEqual([online]));
    session.abort();
    session.publishState(state('a', '1'));
    session.tell('event');
    session.send({ topic: 'answer', payload: '1' });
    session.republish();
    await session.ended;
    expect(broker.messages).toEqual([online, offline]);
  });
});

describe('an answer', () => {
  it('is sent now or not at all', async () => {
    const port = await closedPort();
    const session = sessionWith(`127.0.0.1:${port}`);
    session.send({ topic: 'answer', payload: 'too early' });
    await soon(() => expect(kinds(session)).toContain('offline'));
    const broker = await brokerWith({ port });
    await soon(() => expect(broker.messages).toEqual([online]));
    session.send({ topic: 'answer', payload: 'now' });
    await soon(() =>
      expect(broker.messages.slice(1)).toEqual([{ topic: 'answer', payload: 'now', retain: false, qos: 1 }]),
    );
  });

  it('goes before the events that wait', async () => {
    const broker = await bareBrokerWith();
    const session = sessionWith(broker.url, { windowSize: 1 });
    session.tell(...numbers(1, 50));
    await soon(() => expect(broker.heard.length).toBeGreaterThan(1));
    session.send({ topic: 'answer', payload: '1' });
    await connected(session);
    expect(broker.heard.length).toBe(52);
    expect(broker.heard.at(-1)).toBe(`publish ${EVENT} 50`);
  });

  it('is not kept for a broker that acknowledges nothing', async () => {
    let isHeld = false;
    const broker = await bareBrokerWith({ puback: (topic) => (topic === EVENT && isHeld ? undefined : 0) });
    const session = sessionWith(broker.url, { windowSize: 2 });
    session.tell('first');
    await connected(session);
    isHeld = true;
    session.tell(...numbers(1, 5));
    for (const payload of numbers(1, 2_000)) session.send({ topic: 'answer', payload });
    await soon(() => expect(broker.heard.length).toBe(4));
    isHeld = false;
    broker.cut();
    await soon(() => expect(broker.heard.at(-1)).toBe(`publish ${EVENT} 5`));
    expect(broker.heard.filter((line) => line.startsWith('publish answer'))).toEqual([]);
  });
});

describe('answers', () => {
  it('do not pile up for a broker that is slow', async () => {
    const broker = await bareBrokerWith();
    const session = sessionWith(broker.url, { windowSize: 2 });
    session.tell('first');
    await connected(session);
    broker.setDeaf(true);
    for (const payload of numbers(1, 2_000)) session.send({ topic: 'answer', payload });
    broker.setDeaf(false);
    session.tell('last');
    await soon(() => expect(broker.heard.at(-1)).toBe(`publish ${EVENT} last`));
    const answers = broker.heard.filter((line) => line.startsWith('publish answer'));
    expect(answers).toEqual(numbers(1, 1_002).map((number) => `publish answer ${number}`));
  });
});

describe('a message of somebody else', () => {
  it('is handed on, and says whether the broker had it before', async () => {
    const broker = await brokerWith();
    await broker.publish('cmd/pause', 'old', { retain: true });
    const received: string[] = [];
    const session = sessionWith(broker.url, {
      subscriptions: ['cmd/+'],
      onMessage: ({ topic, payload, isRetained }) => {
        received.push(`${topic} ${payload.toString()} ${isRetained}`);
      },
    });
    await soon(() => expect(received).toEqual(['cmd/pause old true']));
    await connected(session);
    await broker.publish('cmd/resume', 'new', { retain: true });
    await broker.publish('other/topic', 'x');
    await broker.publish('cmd/retry', Buffer.from([0, 255]));
    await soon(() => expect(received.length).toBe(3));
    expect(received[1]).toBe('cmd/resume new false');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('handler');
      },
    ],
    ['rejects', () => Promise.reject(new Error('handler'))],
  ])('ends nothing when its handler %s', async (_, onMessage) => {
    const broker = await brokerWith();
    let received = 0;
    const session = sessionWith(broker.url, {
      subscriptions: ['cmd/+'],
      onMessage: () => {
        received += 1;
        return onMessage();
      },
    });
    session.tell('subscribed');
    await soon(() => expect(events(broker)).toEqual(['subscribed']));
    for (const payload of ['1', '2', '3']) await broker.publish('cmd/pause', payload);
    await soon(() => expect(received).toBe(3));
    session.tell('event');
    await soon(() => expect(events(broker)).toEqual(['subscribed', 'event']));
    expect(kinds(session)).toEqual(['connecting', 'connected']);
  });

  it('stays away when its filter is refused, which is said once and stops nothing', async () => {
    const broker = await brokerWith({ authorizeSubscribe: (filter) => filter !== 'cmd/+' });
    const received: string[] = [];
    const session = sessionWith(broker.url, {
      subscriptions: ['cmd/+', 'ha/status'],
      onMessage: ({ topic }) => void received.push(topic),
    });
    session.tell('a');
    await soon(() => expect(events(broker)).toEqual(['a']));
    expect(session.refused).toEqual([['cmd/+', 128]]);
    broker.cut();
    await soon(() => expect(payloadsOn(broker, STATUS)).toEqual(['online', 'offline', 'online']));
    session.tell('b');
    await soon(() => expect(events(broker)).toEqual(['a', 'b']));
    await broker.publish('cmd/pause', '');
    await broker.publish('ha/status', 'online');
    await soon(() => expect(received).toEqual(['ha/status']));
    expect(session.refused.length).toBe(1);
  });
});

/** Waits until a listener has heard all that is retained: what is published after that comes later. */
async function listenerHears(
  listener: Awaited<ReturnType<typeof listenerAt>>,
  broker: Awaited<ReturnType<typeof brokerWith>>,
): Promise<void> {
  await broker.publish('last', '');
  await soon(() => expect(listener.messages.at(-1)?.topic).toBe('last'));
}

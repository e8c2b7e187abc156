import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { discoveryTopic } from '../../../lib/home-assistant/discovery-document.js';
import type { ReceivedMessage } from '../../../lib/mqtt/mqtt-message.js';
import { bridgeTopics } from '../../../lib/mqtt/mqtt-topics.js';
import { cert } from '../../support/certificate.js';
import { hasMosquitto } from '../../support/mosquitto.js';
import {
  EVENT,
  events,
  kinds,
  lines,
  listenerAt,
  mosquittoWith,
  numbers,
  offline,
  online,
  payloadsOn,
  STATUS,
  sessionWith,
  soon,
} from '../../support/mqtt-world.js';
import { projectRoot } from '../../support/node-red-process.js';

const PASSWORD = 'open-sesame-4711';
const state = (topic: string, payload: string) => ({ topic, payload, isRetained: true });

beforeEach((ctx) => {
  if (!hasMosquitto()) ctx.skip('mosquitto is not installed');
});

async function clientAt(url: string, options = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, ...options });
  onTestFinished(() => client.endAsync(true));
  return client;
}

describe('on mosquitto, in MQTT 5', () => {
  it('says online, tells states and events in order, and says offline at the end', async () => {
    const mosquitto = await mosquittoWith();
    const listener = await listenerAt(mosquitto.url);
    const session = sessionWith(mosquitto.url, { subscriptions: ['cmd/+'], eventGapMs: 1, closeMs: 20_000 });
    session.publishState(state('a', '1'));
    session.tell(...numbers(1, 1_000));
    await soon(() => expect(events(listener)).toEqual(numbers(1, 1_000)));
    await session.stop();
    await soon(() => expect(listener.messages.at(-1)).toEqual({ ...offline, retain: false }));
    expect(lines(listener).slice(0, 3)).toEqual([`${STATUS} online`, 'a 1', `${EVENT} 1`]);
    expect([kinds(session), session.refused]).toEqual([['connecting', 'connected', 'closed'], []]);
  });

  it('gives a message its expiry, and an answer what came with the question', async () => {
    const mosquitto = await mosquittoWith();
    const listener = await listenerAt(mosquitto.url, { protocolVersion: 5 });
    const session = sessionWith(mosquitto.url);
    await soon(() => expect(payloadsOn(listener, STATUS)).toEqual(['online']));
    session.publishState({ topic: 'gpu', payload: '1', qos: 0, expirySeconds: 120 });
    session.send({ topic: 'answer', payload: '1', correlationData: Buffer.from([0, 1, 255]) });
    await soon(() => expect(listener.messages.length).toBe(3));
    expect(listener.messages.slice(1)).toMatchObject([
      { topic: 'gpu', qos: 0, properties: { messageExpiryInterval: 120 } },
      { topic: 'answer', properties: { correlationData: Buffer.from([0, 1, 255]) } },
    ]);
  });

  it('hands on where an answer is wanted, and never hears what is far too large', async () => {
    const mosquitto = await mosquittoWith();
    const asker = await clientAt(mosquitto.url);
    const received: ReceivedMessage[] = [];
    const session = sessionWith(mosquitto.url, {
      subscriptions: ['cmd/+'],
      onMessage: (message) => void received.push(message),
    });
    const listener = await listenerAt(mosquitto.url);
    session.tell('subscribed');
    await soon(() => expect(events(listener)).toEqual(['subscribed']));
    await asker.publishAsync('cmd/pause', 'x'.repeat(100_000), { qos: 1 });
    const properties = { responseTopic: 'my/answers', correlationData: Buffer.from('7') };
    await asker.publishAsync('cmd/pause', 'small', { qos: 1, properties });
    await soon(() => expect(received.length).toBe(1));
    expect(received[0]).toEqual({
      topic: 'cmd/pause',
      payload: Buffer.from('small'),
      isRetained: false,
      ...properties,
    });
    expect(kinds(session)).toEqual(['connecting', 'connected']);
  });

  it('keeps to what the broker can have on its way', async () => {
    const mosquitto = await mosquittoWith({ settings: ['max_inflight_messages 1'] });
    const listener = await listenerAt(mosquitto.url);
    const session = sessionWith(mosquitto.url);
    session.tell(...numbers(1, 200));
    await soon(() => expect(events(listener)).toEqual(numbers(1, 200)));
    expect(kinds(session)).toEqual(['connecting', 'connected']);
  });

  it('finds out that somebody else uses its name', async () => {
    const mosquitto = await mosquittoWith();
    const rivals = [1, 2].map(() => sessionWith(mosquitto.url, { refusedRetryMs: 1_000_000 }));
    await soon(() => expect(rivals.flatMap(kinds)).toContain('taken-over'));
    // The other one is left in peace then.
    await soon(() => expect(rivals.map(({ statuses }) => statuses.at(-1)?.kind)).toContain('connected'));
  });

  it('tells everything once more to a broker that has forgotten it', async () => {
    const first = await mosquittoWith();
    const session = sessionWith(first.url, { firstTopic: 'document' });
    for (const topic of ['a', 'document', 'b']) session.publishState(state(topic, '1'));
    await soon(() => expect(kinds(session)).toContain('connected'));
    await first.stop();
    await soon(() => expect(kinds(session).at(-1)).toBe('offline'));
    void session.clearStates(['b']);
    session.publishState(state('a', '2'));
    session.fail('meanwhile');
    const second = await mosquittoWith({ port: first.port });
    await soon(() => expect(kinds(session).at(-1)).toBe('connected'));
    await soon(() => expect(session.statuses.at(-1)?.waiting).toBe(0));
    const listener = await listenerAt(second.url);
    await soon(() => expect(lines(listener).toSorted()).toEqual(['a 2', 'document 1', `${STATUS} online`]));
  });

  it('leaves nothing behind when it is to be forgotten', async () => {
    const mosquitto = await mosquittoWith();
    const listener = await listenerAt(mosquitto.url);
    const session = sessionWith(mosquitto.url, { closeMs: 20_000 });
    for (const topic of ['a', 'b']) session.publishState(state(topic, '1'));
    await soon(() => expect(listener.messages.length).toBe(3));
    session.abort();
    void session.clearStates(['a', 'b']);
    session.forget();
    await session.ended;
    await soon(() => expect(lines(listener).slice(3)).toEqual(['a', 'b', STATUS]));
    const after = await listenerAt(mosquitto.url);
    const client = await clientAt(mosquitto.url);
    await client.publishAsync('last', '', { qos: 1 });
    await soon(() => expect(lines(after)).toEqual(['last']));
  });
});

describe('a mosquitto with rules', () => {
  const logins = { bridge: PASSWORD, watcher: PASSWORD };
  const watcher = { username: 'watcher', password: PASSWORD };
  const bridge = { username: 'bridge', password: PASSWORD };
  const reader = ['user watcher', 'topic read #', 'user bridge'];

  it.each([
    [
      'its own topics and those of Home Assistant',
      ['topic write immich-bridge/#', 'topic write homeassistant/#'],
      [],
    ],
    ['no document', ['topic write immich-bridge/#'], [['homeassistant/device/test/config', 135]]],
    ['no event', ['topic write immich-bridge/test/status', 'topic write homeassistant/#'], [[EVENT, 135]]],
  ])('that allow %s is satisfied, and told apart', async (_, rules, refused) => {
    const mosquitto = await mosquittoWith({ logins, acl: [...reader, ...rules] });
    const listener = await listenerAt(mosquitto.url, watcher);
    const session = sessionWith(mosquitto.url, { ...bridge, windowSize: 2 });
    session.publishState(state('homeassistant/device/test/config', '{}'));
    session.tell(...numbers(1, 50));
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));
    session.republish();
    await soon(() => expect(payloadsOn(listener, STATUS)).toEqual(['online', 'online']));
    expect(session.refused).toEqual(refused);
    expect(events(listener)).toEqual(refused.flat().includes(EVENT) ? [] : numbers(1, 50));
    expect(kinds(session)).toEqual(['connecting', 'connected']);
  });

  it('that SECURITY.md recommends are enough for the topics of one bridge, and for no others', async () => {
    const page = readFileSync(join(projectRoot, 'SECURITY.md'), 'utf8');
    const acl =
      /user nas1\n(?: *topic .*\n)+/
        .exec(page)?.[0]
        .split('\n')
        .map((line) => line.trim()) ?? [];
    const mosquitto = await mosquittoWith({ logins: { nas1: PASSWORD }, acl });
    const topics = bridgeTopics('immich-bridge', 'nas1');
    const theirs = ['immich-bridge/nas2/status', 'homeassistant/status', 'zigbee2mqtt/door/set'];
    const session = sessionWith(mosquitto.url, {
      username: 'nas1',
      password: PASSWORD,
      statusTopic: topics.status,
      firstTopic: discoveryTopic('homeassistant', 'nas1'),
      subscriptions: [topics.anyCommand, topics.pausedSet, topics.concurrencySet, 'homeassistant/status'],
    });
    session.publishState(state(discoveryTopic('homeassistant', 'nas1'), '{}'));
    for (const topic of [topics.info, topics.uploaderState, topics.serverState, ...theirs]) {
      session.publishState(state(topic, '{}'));
    }
    session.publishEvent([{ topic: topics.uploadEvent, payload: '{}' }], false);
    await soon(() => expect(session.refused.map(([topic]) => topic).sort()).toEqual(theirs.sort()));
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));
    expect(session.refused.map(([topic]) => topic).sort()).toEqual(theirs.sort());
  });

  it('takes the right password and refuses the wrong one, by socket and by web socket', async () => {
    const mosquitto = await mosquittoWith({ logins });
    for (const [index, url] of [mosquitto.url, mosquitto.webUrl].entries()) {
      const bad = sessionWith(url, { ...bridge, password: 'wrong', clientId: `bad${index}` });
      await soon(() => expect(bad.statuses.at(-1)).toMatchObject({ kind: 'login-refused', code: '135' }));
      const good = sessionWith(url, { ...bridge, clientId: `good${index}` });
      await soon(() => expect(good.statuses.at(-1)?.kind).toBe('connected'));
    }
  });

  it('speaks TLS to those who know its certificate', async () => {
    const mosquitto = await mosquittoWith({ logins });
    const listener = await listenerAt(mosquitto.url, watcher);
    const stranger = sessionWith(mosquitto.tlsUrl, { ...bridge, clientId: 'stranger' });
    await soon(() => expect(stranger.statuses.at(-1)?.kind).toBe('untrusted'));
    sessionWith(mosquitto.tlsUrl, { ...bridge, tls: { ca: cert } });
    await soon(() => expect(listener.messages).toEqual([{ ...online, retain: false }]));
  });
});

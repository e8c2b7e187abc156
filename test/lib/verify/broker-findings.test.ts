import { expect, it, onTestFinished, vi } from 'vitest';
import { brokerFindings } from '../../../lib/verify/broker-findings.js';
import { parseBrokerSettings } from '../../../lib/verify/broker-settings.js';
import { type BrokerOptions, listenTo, startBroker } from '../../support/broker.js';
import { cert, key } from '../../support/certificate.js';
import { hasMosquitto, type MosquittoOptions, startMosquitto } from '../../support/mosquitto.js';

const TOPICS = { MQTT_INSTANCE: 'nas' };

async function verdicts(env: Record<string, string>): Promise<Record<string, string>> {
  const settings = parseBrokerSettings({ ...TOPICS, ...env });
  const findings = settings === undefined ? [] : await brokerFindings(settings);
  return Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict]));
}

async function broker(options: BrokerOptions = {}) {
  const running = await startBroker(options);
  onTestFinished(() => running.stop());
  return running;
}

it('tries all that the bridge does, with nothing left at a broker of MQTT 3.1.1', async () => {
  const here = await broker();
  expect(await verdicts({ MQTT_URL: here.url })).toEqual({
    [here.url]: 'ok',
    subscribe: 'ok',
    publish: 'ok',
    'Home Assistant discovery': 'not tested',
    'last will': 'ok',
  });
  expect(
    here.messages.every(({ retain, topic }) => !retain && topic.startsWith('immich-bridge/nas/verify/')),
  ).toBe(true);
  await vi.waitFor(() => expect(here.messages).toHaveLength(2));
});

it('does not throw a running bridge out, nor speak on its topics', async () => {
  const here = await broker();
  const listener = await listenTo(here.url);
  onTestFinished(() => listener.stop());
  await verdicts({ MQTT_URL: here.url, MQTT_BASE_TOPIC: 'home/photos' });
  await vi.waitFor(() => expect(here.clientIds()).toHaveLength(1));
  for (const { topic } of listener.messages) expect(topic).toMatch(/^home\/photos\/nas\/verify\/\w+$/);
});

it('names a refused login, a closed port and a strange certificate', async () => {
  const strict = await broker({ authenticate: () => false });
  const found = async (env: Record<string, string>) => {
    const settings = parseBrokerSettings({ ...TOPICS, ...env });
    return settings && (await brokerFindings(settings))[0];
  };
  expect(await found({ MQTT_URL: strict.url, MQTT_USERNAME: 'me', MQTT_PASSWORD: 'secret' })).toMatchObject({
    verdict: 'problem',
    found: 'refuses the login',
  });
  expect(await found({ MQTT_URL: 'mqtt://127.0.0.1:1' })).toMatchObject({ found: 'refuses the connection' });
  const secured = await broker({ tls: { cert, key } });
  expect(await found({ MQTT_URL: secured.url })).toMatchObject({
    found: expect.stringContaining('not trusted'),
  });
});

it('names a forbidden subscription, and does not blame the rest for it', async () => {
  const here = await broker({ authorizeSubscribe: () => false });
  expect(await verdicts({ MQTT_URL: here.url })).toMatchObject({
    subscribe: 'problem',
    publish: 'not tested',
    'last will': 'not tested',
  });
});

it('says in a sentence that a password needs a user', () => {
  expect(() => parseBrokerSettings({ MQTT_URL: 'broker', MQTT_PASSWORD: 'x' })).toThrow(
    'MQTT_USERNAME: it is empty',
  );
  expect(parseBrokerSettings({})).toBeUndefined();
});

it.skipIf(!hasMosquitto()).each<[string, MosquittoOptions, Record<string, string>]>([
  ['everything', {}, { publish: 'ok', 'Home Assistant discovery': 'ok', 'last will': 'ok' }],
  [
    'only our own topics',
    { acl: ['topic readwrite immich-bridge/nas/#'] },
    { publish: 'ok', 'Home Assistant discovery': 'warning', 'last will': 'ok' },
  ],
  ['only reading', { acl: ['topic read immich-bridge/nas/#'] }, { subscribe: 'ok', publish: 'problem' }],
])('with mosquitto, which allows %s', async (_what, options, expected) => {
  const here = await startMosquitto(options);
  onTestFinished(() => here.stop());
  expect(await verdicts({ MQTT_URL: here.url })).toMatchObject(expected);
});

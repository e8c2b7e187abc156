import { randomBytes } from 'node:crypto';
import type { ConnectionEnd, MqttVersion } from '../mqtt/mqtt-client.js';
import { type Connection, openConnection } from '../mqtt/mqtt-connection.js';
import type { ReceivedMessage } from '../mqtt/mqtt-message.js';
import { bridgeTopics } from '../mqtt/mqtt-topics.js';
import { say } from '../say.js';
import type { BrokerSettings } from './broker-settings.js';
import { type Finding, findingsIn } from './finding.js';

export interface BrokerLimits {
  /** Longest wait for a connection, in milliseconds. */
  readonly connectMs?: number;
  /** Longest wait for an answer of the broker, in milliseconds. */
  readonly answerMs?: number;
}

const finding = findingsIn('MQTT');

/** Two connections: one that speaks, with a last will, and one that listens to it. */
interface Talk {
  readonly settings: BrokerSettings;
  /** A topic below that of the instance that nobody else uses. */
  readonly topic: string;
  readonly mark: string;
  readonly version: MqttVersion;
  readonly speaker: Connection;
  readonly listener: Connection;
  /** Resolves with whether the text came on the topic in time. */
  heard(payload: string): Promise<boolean>;
  answer<Result>(work: Promise<Result>): Promise<Result | undefined>;
}

/** Connects to the broker and tries what the bridge does there; nothing that it publishes is retained. */
export async function brokerFindings(
  settings: BrokerSettings,
  limits: BrokerLimits = {},
): Promise<Finding[]> {
  const { address } = settings;
  const speaker = await connect(settings, limits, () => {});
  if (!isOpen(speaker)) return [finding(address.label, 'problem', ...refusal(speaker.end))];
  const heard = new Set<string>();
  const waiting = new Map<string, () => void>();
  const hear = ({ payload }: ReceivedMessage) => {
    heard.add(payload.toString());
    waiting.get(payload.toString())?.();
  };
  const listener = await connect(settings, limits, hear);
  const said = finding(address.label, 'ok', say`speaks MQTT ${speaker.version === 5 ? '5' : '3.1.1'}`);
  if (!isOpen(listener)) {
    speaker.connection.close();
    return [said, finding(say`a second connection`, 'problem', ...refusal(listener.end))];
  }
  const answer = <Result>(work: Promise<Result>) => within(limits.answerMs ?? 5_000, work);
  const talk: Talk = {
    ...speaker,
    settings,
    speaker: speaker.connection,
    listener: listener.connection,
    answer,
    async heard(payload) {
      const came = new Promise<boolean>((resolve) => waiting.set(payload, () => resolve(true)));
      return heard.has(payload) || ((await answer(came)) ?? false);
    },
  };
  try {
    const topics = await topicFindings(talk);
    const isListening = topics[0]?.verdict === 'ok';
    return [said, ...topics, await discoveryFinding(talk), await willFinding(talk, isListening)];
  } finally {
    talk.speaker.destroy();
    talk.listener.close();
    await answer(Promise.all([talk.speaker.ended, talk.listener.ended]));
  }
}

/** What comes of listening, and then of speaking. */
async function topicFindings({ speaker, listener, topic, mark, heard, answer }: Talk): Promise<Finding[]> {
  const below = topic.slice(0, topic.lastIndexOf('/verify/'));
  const refused = await answer(listener.subscribe([topic]));
  if (refused === undefined || refused.length > 0) {
    const found = refused === undefined ? say`gets no answer` : say`is forbidden below ${below}/`;
    const untested = say`needs the right to subscribe`;
    return [
      finding(say`subscribe`, 'problem', found, say`Allow it in the broker: read ${below}/#`),
      finding(say`publish`, 'not tested', untested),
    ];
  }
  const code = await answer(publish(speaker, topic, mark));
  const isAllowed = code !== undefined && code < 128 && (await heard(mark));
  const publishing = isAllowed
    ? finding(say`publish`, 'ok', say`works below ${below}/`)
    : finding(
        say`publish`,
        'problem',
        say`is forbidden below ${below}/`,
        say`Allow it in the broker: write ${below}/#`,
      );
  return [finding(say`subscribe`, 'ok', say`works below ${below}/`), publishing];
}

/** Home Assistant takes an empty document of a device that it does not know as nothing at all. */
async function discoveryFinding({ settings, speaker, mark, version, answer }: Talk): Promise<Finding> {
  const { discoveryPrefix } = settings;
  const check = say`Home Assistant discovery`;
  if (version === 4) return finding(check, 'not tested', say`MQTT 3.1.1 does not tell what a broker forbids`);
  const code = await answer(publish(speaker, `${discoveryPrefix}/device/immich_bridge_${mark}/config`, ''));
  if (code !== undefined && code < 128)
    return finding(check, 'ok', say`may publish below ${discoveryPrefix}/`);
  const advice = say`Allow it in the broker: write ${discoveryPrefix}/device/#. Without Home Assistant it does not matter.`;
  return finding(check, 'warning', say`may not publish below ${discoveryPrefix}/`, advice);
}

/** Hangs up without a good-bye: the broker must tell the listener. */
async function willFinding({ speaker, heard, mark }: Talk, isListening: boolean): Promise<Finding> {
  if (!isListening) return finding(say`last will`, 'not tested', say`needs the right to subscribe`);
  speaker.destroy();
  if (await heard(`${mark} is gone`)) {
    return finding(say`last will`, 'ok', say`the broker says offline when this machine vanishes`);
  }
  const advice = say`Without it, Home Assistant shows the bridge as there when it is not.`;
  return finding(say`last will`, 'warning', say`the broker did not publish it`, advice);
}

interface Open extends Pick<Talk, 'topic' | 'mark' | 'version'> {
  readonly connection: Connection;
}

async function connect(
  settings: BrokerSettings,
  { connectMs = 10_000 }: BrokerLimits,
  onMessage: (message: ReceivedMessage) => void,
): Promise<Open | { readonly end: ConnectionEnd }> {
  const mark = randomBytes(6).toString('hex');
  const topic = `${bridgeTopics(settings.baseTopic, settings.instance).root}/verify/${mark}`;
  const { address, username, password, tls } = settings;
  const login = {
    ...(tls !== undefined && { tls }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  for (const version of [5, 4] as const) {
    const connection = openConnection({
      address,
      ...login,
      version,
      clientId: `immich-bridge-verify-${mark}`,
      will: { topic, payload: `${mark} is gone` },
      connectTimeoutMs: connectMs,
      onMessage,
    });
    if (await connection.opened) return { connection, topic, mark, version };
    const end = await connection.ended;
    if (version === 4 || !end.isVersionRefused) return { end };
  }
  throw new Error('every version was tried');
}

function isOpen(result: Open | { readonly end: ConnectionEnd }): result is Open {
  return 'connection' in result;
}

function refusal({ kind, code }: ConnectionEnd): [found: string, advice: string] {
  if (kind === 'login-refused') {
    return [say`refuses the login`, say`Check MQTT_USERNAME and MQTT_PASSWORD, or the file that holds it.`];
  }
  if (kind === 'untrusted') {
    return [
      say`shows a certificate that is not trusted (${code})`,
      say`Start with NODE_EXTRA_CA_CERTS=/path/to/ca.pem.`,
    ];
  }
  if (code === 'ECONNREFUSED')
    return [say`refuses the connection`, say`Is the broker running, and is the port right?`];
  if (code === 'ENOTFOUND') return [say`is not known`, say`Check the host name in MQTT_URL.`];
  return [
    say`does not answer as a broker does (${code})`,
    say`Check MQTT_URL: host, port, mqtt:// or mqtts://.`,
  ];
}

function publish(connection: Connection, topic: string, payload: string): Promise<number> {
  return new Promise((resolve) => connection.publish({ topic, payload }, resolve));
}

/** The result of the work, or undefined when it takes too long. */
async function within<Result>(ms: number, work: Promise<Result>): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

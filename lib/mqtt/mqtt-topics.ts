import { hostname } from 'node:os';
import { SettingError, settingText } from '../settings.js';

/** Where a bridge speaks: every topic carries the name of its instance. */
export interface BridgeTopics {
  /** `online` or `offline` as plain text, retained; also the last will. */
  readonly status: string;
  /** What happened to one file, as JSON, never retained. */
  readonly uploadEvent: string;
}

/** The topics of one instance, below a base topic that went through `parseBaseTopic`. */
export function bridgeTopics(baseTopic: string, instance: string): BridgeTopics {
  const root = `${baseTopic}/${instance}`;
  return { status: `${root}/status`, uploadEvent: `${root}/event/upload` };
}

/**
 * A base topic from a setting, `immich-bridge` when it is unset.
 * @throws SettingError for what a broker, or Home Assistant, would not take as the start of a topic
 */
export function parseBaseTopic(value: unknown): string {
  const topic = settingText(value) ?? 'immich-bridge';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
  if (/[#+\u0000-\u001f\u007f]|^\$|^\/|\/$|\/\//.test(topic) || topic.length > 200) {
    throw new SettingError(
      `Base topic: "${topic}" does not work here. Type words with single slashes between them and no # or +, for example immich-bridge.`,
    );
  }
  return topic;
}

/**
 * The name of this instance from a setting, or the first part of the host name when it is unset, as it goes
 * into topics, client ids and Home Assistant's ids.
 * @throws SettingError when nothing is left of it
 */
export function parseInstance(value: unknown, host = hostname()): string {
  return sanitiseInstance(settingText(value) ?? host.split('.')[0] ?? '');
}

/**
 * A name as `[a-z0-9_-]+`: accents are cut, and a hyphen stands for whatever else is not allowed. Home
 * Assistant ignores a discovery topic with any other character (reference: its MQTT discovery).
 * @throws SettingError when nothing is left of it
 */
export function sanitiseInstance(name: string): string {
  const sanitised = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '');
  if (sanitised !== '') return sanitised;
  throw new SettingError(
    `Instance: "${name}" leaves no name. Type letters a to z, digits, hyphens or underscores, for example nas1.`,
  );
}
